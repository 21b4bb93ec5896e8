"""Moving speeds: the shape goes as fast as the label says, stays on the image, and its places do not tell its speed."""

import numpy as np
import pytest

from videoseq.data.moving_speeds import draw, draw_to_and_fro, draw_varying
from videoseq.data.synthetic_options import MovingSpeedsOptions

OPTIONS = MovingSpeedsOptions()


def centres(frames: np.ndarray) -> np.ndarray:
    """Where the shape's light lies, (T, 2) x and y in pixels; it is lighter than any background."""
    light = np.clip(frames.astype(float).mean(axis=-1) - 120, 0, None)  # (T, H, W)
    places = np.arange(frames.shape[1]) + 0.5
    total = light.sum(axis=(1, 2))
    return np.stack([light.sum(axis=1) @ places / total, light.sum(axis=2) @ places / total], axis=1)


def between_turns(steps: np.ndarray) -> np.ndarray:
    """Which of the steps (T-1, 2) go as the step before and the one behind: no turn lies in them."""
    along = (steps[:-1] * steps[1:]).sum(axis=1) > 0  # (T-2,)
    return np.concatenate([[False], along[:-1] & along[1:], [False]])


@pytest.mark.parametrize("seed", range(8))
def test_the_shape_moves_by_the_value_from_frame_to_frame(seed: int) -> None:
    options = MovingSpeedsOptions(speeds=(1.0, 3.0), num_frames=24)
    frames, ((speed,),) = draw(options, seed, np.random.default_rng(seed))
    assert frames.shape == (24, 64, 64, 3)
    assert 1 <= speed <= 3
    steps = np.diff(centres(frames), axis=0)
    chosen = between_turns(steps)
    assert chosen.sum() >= 3
    assert np.hypot(*steps[chosen].T).mean() == pytest.approx(speed, abs=0.1)


@pytest.mark.parametrize("seed", range(8))
def test_where_the_speed_varies_every_frame_has_its_own(seed: int) -> None:
    options = MovingSpeedsOptions(name="varying_speeds", num_frames=48, fps=25.0)
    frames, rows = draw_varying(options, seed, np.random.default_rng(seed))
    times, speeds = np.array(rows).T
    assert times.tolist() == [frame / 25.0 for frame in range(48)]
    assert speeds.min() >= 1
    assert speeds.max() <= 5
    assert np.abs(np.diff(speeds)).max() <= 4 / 12 + 1e-3  # from one end to the other in 12 frames at the soonest
    assert speeds.std() > 0.1
    steps = np.diff(centres(frames), axis=0)
    chosen = between_turns(steps)
    assert chosen.sum() >= 8
    # The value of a frame is the step that led to it.
    assert np.abs(np.hypot(*steps[chosen].T) - speeds[1:][chosen]).mean() < 0.15


def test_speeds_are_uniform_and_directions_and_sizes_vary() -> None:
    rng = np.random.default_rng(0)
    speeds = np.sort([draw(MovingSpeedsOptions(size=16, num_frames=2, speeds=(0.5, 2.0)), 0, rng)[1][0][0] for _ in range(600)])
    assert np.abs((speeds - 0.5) / 1.5 - np.linspace(0, 1, 600)).max() < 0.09
    tracks = [draw_to_and_fro(np.full(27, 3 / 64), rng) for _ in range(400)]
    steps = np.array([track.position[1] - track.position[0] for track in tracks])
    angles = np.arctan2(steps[:, 1], steps[:, 0])
    assert np.histogram(angles, bins=8, range=(-np.pi, np.pi))[0].min() > 25
    assert np.ptp([track.radius[0] for track in tracks]) > 6 / 64


def test_the_shape_turns_round_and_never_leaves_the_image() -> None:
    rng = np.random.default_rng(1)
    for speed in (0.5, 2.0, 5.0):
        for _ in range(100):
            track = draw_to_and_fro(np.full(59, speed / 64), rng)
            reach = 1.22 * track.radius[:, None]  # the corners of the square and the triangle
            assert (track.position - reach).min() >= 0
            assert (track.position + reach).max() <= 1
            assert np.hypot(*np.ptp(track.position, axis=0)) <= 24 / 64 + 1e-9
            assert np.hypot(*np.diff(track.position, axis=0).T).max() <= speed / 64 + 1e-9


def test_the_places_of_a_clip_say_little_about_the_speed() -> None:
    """What a mean over time could use: how far the places lie apart, and how much the size of the shape covers."""
    rng = np.random.default_rng(2)
    speeds = rng.uniform(*OPTIONS.speeds, 1500)
    spreads = []
    for speed in speeds:
        track = draw_to_and_fro(np.full(OPTIONS.num_frames - 1, speed / 64), rng)
        spreads.append([np.hypot(*track.position.std(axis=0)), np.hypot(*np.ptp(track.position, axis=0))])
    features = np.column_stack([np.ones(1500), spreads, np.square(spreads)])
    weights, *_ = np.linalg.lstsq(features, speeds, rcond=None)
    explained = 1 - np.var(speeds - features @ weights) / np.var(speeds)
    assert explained < 0.2
