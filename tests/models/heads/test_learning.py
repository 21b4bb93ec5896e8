"""Heads learn the order of frames, from features of a blob on a grid in front of a scene."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from tests.models.heads.building import SEQUENCES, label
from videoseq.models.heads import build_head
from videoseq.models.options import MeanHeadOptions

SIDE, NUM_FRAMES = 4, 8
STEPS = torch.tensor([[1, 0], [-1, 0], [0, 1], [0, -1]])
"""Of the four classes: down, up, right and left."""


def movements(num_clips, generator):
    """Returns features (B, T, 16) of blobs that move across the border to the other side, and their classes (B,)."""
    targets = torch.randint(0, 4, (num_clips,), generator=generator)
    starts = torch.randint(0, SIDE, (num_clips, 1, 2), generator=generator)
    places = (starts + STEPS[targets].unsqueeze(1) * torch.arange(NUM_FRAMES).view(1, -1, 1)) % SIDE  # (B, T, 2)
    blobs = torch.nn.functional.one_hot(places[..., 0] * SIDE + places[..., 1], SIDE**2)  # (B, T, 16)
    return blobs * 2 + torch.randn(num_clips, 1, SIDE**2, generator=generator), targets


def accuracy(options):
    """Trains a head for a second and returns the share of new clips that it gets right."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    head = build_head(options, feature_shape=(1, SIDE, SIDE), num_outputs=4)
    optimizer = torch.optim.AdamW(head.parameters(), lr=0.01)
    for _ in range(80):
        clips, targets = movements(32, generator)
        optimizer.zero_grad()
        cross_entropy(head(clips)[0], targets).backward()
        optimizer.step()
    clips, targets = movements(200, torch.Generator().manual_seed(2))
    with torch.no_grad():
        return (head.eval()(clips)[0].argmax(1) == targets).float().mean().item()


@pytest.mark.parametrize("options", SEQUENCES.values(), ids=label)
def test_a_head_that_sees_the_order_tells_directions_apart(options):
    assert accuracy(replace(options, hidden_size=24, centre="clip")) > 0.9


def test_the_mean_does_not():
    assert accuracy(MeanHeadOptions()) < 0.5
