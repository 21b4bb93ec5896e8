"""Heads learn the order of frames, from features of a blob in front of a scene."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from tests.models.heads.building import SEQUENCES, label
from videoseq.models.heads import build_head
from videoseq.models.options import MeanHeadOptions

NUM_PLACES, NUM_FRAMES = 6, 8


def movements(num_clips, generator):
    """Returns features (B, T, 6) of blobs that move to the right or to the left around a ring, and their classes (B,)."""
    targets = torch.randint(0, 2, (num_clips,), generator=generator)
    starts = torch.randint(0, NUM_PLACES, (num_clips, 1), generator=generator)
    places = (starts + (1 - 2 * targets).unsqueeze(1) * torch.arange(NUM_FRAMES)) % NUM_PLACES  # (B, T)
    scenes = torch.randn(num_clips, 1, NUM_PLACES, generator=generator)
    return torch.nn.functional.one_hot(places, NUM_PLACES) * 2 + scenes, targets


def accuracy(options):
    """Trains a head for a second and returns the share of new clips that it gets right."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    head = build_head(options, feature_shape=(1, 1, NUM_PLACES), num_outputs=2)
    optimizer = torch.optim.AdamW(head.parameters(), lr=0.01)
    for _ in range(60):
        clips, targets = movements(32, generator)
        optimizer.zero_grad()
        cross_entropy(head(clips)[0], targets).backward()
        optimizer.step()
    clips, targets = movements(200, torch.Generator().manual_seed(2))
    with torch.no_grad():
        return (head.eval()(clips)[0].argmax(1) == targets).float().mean().item()


@pytest.mark.parametrize("options", SEQUENCES.values(), ids=label)
def test_a_head_that_sees_the_order_tells_directions_apart(options):
    assert accuracy(replace(options, hidden_size=16, centre="clip")) > 0.9


def test_the_mean_does_not():
    assert accuracy(MeanHeadOptions()) < 0.65
