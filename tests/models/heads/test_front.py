from dataclasses import replace

import pytest
import torch

from tests.models.heads.building import SMALL, build, label, noise
from videoseq.models.heads.front import FeatureFront
from videoseq.models.heads.valid import valid_frames
from videoseq.models.options import MeanHeadOptions

# Two clips of three frames with two features; the second one ends after two frames.
X = torch.tensor([[[1.0, 10.0], [3.0, 20.0], [8.0, 60.0]], [[2.0, 0.0], [4.0, 6.0], [0.0, 0.0]]])
LENGTHS = torch.tensor([3, 2])


def prepared(x=X, lengths=LENGTHS, state=None, **options):
    front = FeatureFront(MeanHeadOptions(**options), x.shape[-1])
    with torch.no_grad():
        return front(x, valid_frames(x, lengths), state)


@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        ({}, [[1, 10], [3, 20], [8, 60]], [[2, 0], [4, 6]]),
        # Means of the clips: (4, 30) and (3, 3).
        ({"centre": "clip"}, [[-3, -20], [-1, -10], [4, 30]], [[-1, -3], [1, 3]]),
        # Means so far: (1, 10), (2, 15), (4, 30) and (2, 0), (3, 3).
        ({"centre": "causal"}, [[0, 0], [1, 5], [4, 30]], [[0, 0], [1, 3]]),
        ({"motion": "difference"}, [[1, 10, 0, 0], [3, 20, 2, 10], [8, 60, 5, 40]], [[2, 0, 0, 0], [4, 6, 2, 6]]),
        # The difference is that of the features as they come.
        (
            {"centre": "causal", "motion": "difference"},
            [[0, 0, 0, 0], [1, 5, 2, 10], [4, 30, 5, 40]],
            [[0, 0, 0, 0], [1, 3, 2, 6]],
        ),
    ],
    ids=str,
)
def test_three_frames_and_two(options, first, second):
    made, _ = prepared(**options)
    assert made[0].tolist() == first
    assert made[1, :2].tolist() == second


def test_state_is_mean_count_frame_and_flag():
    _, state = prepared(centre="causal", motion="difference")
    assert [tensor.tolist() for tensor in state] == [
        [[[4, 30], [3, 3]]],
        [[[3], [2]]],
        [[[8, 60], [4, 6]]],
        [[[1], [1]]],
    ]


def test_a_row_of_zeros_in_the_state_begins_a_video_and_the_others_go_on():
    options = {"centre": "causal", "motion": "difference"}
    _, state = prepared(X[:, :2], None, **options)
    begun = tuple(tensor * torch.tensor([1.0, 0.0]).view(1, 2, 1) for tensor in state)
    made, _ = prepared(X[:, 2:], None, begun, **options)
    assert made[0].tolist() == prepared(X, None, **options)[0][0, 2:].tolist()
    assert made[1].tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize("num_frames", [1, 16, 90_000])
def test_nothing_is_left_of_an_hour_of_a_still_scene(num_frames):
    torch.manual_seed(0)
    scene = torch.rand(64) * 3
    front = FeatureFront(MeanHeadOptions(centre="causal", layer_norm=True), 64)
    piece, state = scene.expand(1, num_frames, 64), None
    with torch.no_grad():
        for _ in range(min(3000, 90_000 // num_frames)):
            made, state = front(piece, None, state)
        assert made.abs().max() < 1e-4
        later, _ = front(piece, None, (scene.view(1, 1, 64), torch.full((1, 1, 1), 1e6)))
    assert later.abs().max() < 1e-4


def test_a_mean_of_more_frames_than_float32_counts_stays_what_it_is():
    mean, count = torch.tensor([[[0.1, 0.3]]]), torch.full((1, 1, 1), 2.0**24)
    made, state = prepared(mean.repeat(1, 3, 1), None, (mean, count), centre="causal")
    assert made.abs().max() < 1e-7
    assert state[1].item() >= 2**24


def test_grids_are_centred_at_every_place():
    x = noise(2, 5, 3, 2, 4)
    made, state = prepared(x, None, centre="clip", motion="difference")
    assert made.shape == (2, 5, 3, 2, 8)
    torch.testing.assert_close(made[..., :4], x - x.mean(1, keepdim=True))
    torch.testing.assert_close(made[:, 1:, ..., 4:], x[:, 1:] - x[:, :-1])
    assert [tensor.shape for tensor in state] == [(1, 2, 3, 2, 4), (1, 2, 1, 1, 1)]


def test_gradients_of_motion_reach_the_frame_and_the_one_before():
    x = noise(1, 4, 2).requires_grad_()
    made, _ = FeatureFront(MeanHeadOptions(motion="difference"), 2)(x, None, None)
    made[0, 2, 2:].sum().backward()
    assert x.grad[0].tolist() == [[0, 0], [-1, -1], [1, 1], [0, 0]]


def test_features_are_normalised_and_then_projected():
    torch.manual_seed(0)
    front = FeatureFront(MeanHeadOptions(motion="difference", layer_norm=True, projection=3), 2)
    made, _ = front(X, None, None)
    both = prepared(X, None, motion="difference")[0]
    normalised = (both - both.mean(-1, keepdim=True)) / (both.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(made, normalised @ front.projection.weight.T + front.projection.bias)
    assert front.size == 3


@pytest.mark.parametrize("options", SMALL.values(), ids=label)
def test_a_still_scene_behind_the_motion_changes_nothing_where_the_clip_is_centred(options):
    head = build(replace(options, centre="clip", layer_norm=True))
    x, scene = noise(2, 6, 12), noise(1, 1, 12) * 3
    torch.testing.assert_close(head(x + scene)[0], head(x)[0], atol=1e-4, rtol=1e-4)
    plain = build(replace(options, layer_norm=True))
    assert not torch.allclose(plain(x + scene)[0], plain(x)[0], atol=1e-2)


def test_means_of_bfloat16_are_kept_in_float32():
    x = noise(1, 300, 4).to(torch.bfloat16)
    made, state = prepared(x, None, centre="causal", motion="difference")
    assert made.dtype == torch.bfloat16
    assert [tensor.dtype for tensor in state] == [torch.float32, torch.float32, torch.bfloat16, torch.bfloat16]
    assert state[1].item() == 300
