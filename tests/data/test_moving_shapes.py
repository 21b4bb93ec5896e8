"""Moving shapes: the proof that a single frame says nothing about the class, and that the order of the frames does."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.data.conftest import golden_frames
from videoseq.data.moving_shapes import MOTIONS, Track, draw_clip, draw_track
from videoseq.data.synthetic import write_synthetic
from videoseq.data.synthetic_options import MovingShapesOptions

REVERSES = {"left": "right", "up": "down", "clockwise": "counter_clockwise", "growing": "shrinking"}

NUM_TRACKS = 4000
"""Two samples of 4000 from one law differ by more than 0.045 in the Kolmogorov-Smirnov distance once in 4000 tests."""
KS_LIMIT = 0.045


def tracks(motion: str, seed: int) -> Track:
    """NUM_TRACKS tracks of 16 frames: position (N, T, 2), radius (N, T)."""
    rng = np.random.default_rng([seed, MOTIONS.index(motion)])
    drawn = [draw_track(motion, 16, rng) for _ in range(NUM_TRACKS)]
    return Track(np.stack([track.position for track in drawn]), np.stack([track.radius for track in drawn]))


@pytest.fixture(scope="module")
def all_tracks() -> dict[str, Track]:
    return {motion: tracks(motion, 0) for motion in MOTIONS}


def distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The Kolmogorov-Smirnov distance of two samples."""
    both = np.sort(np.concatenate([first, second]))
    shares = [np.searchsorted(np.sort(sample), both, side="right") / len(sample) for sample in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


QUANTITIES: dict[str, Callable[[Track, int], NDArray[np.float64]]] = {
    "x": lambda track, t: track.position[:, t, 0],
    "y": lambda track, t: track.position[:, t, 1],
    "radius": lambda track, t: track.radius[:, t],
    # Joint laws: were two of the quantities bound to each other in one class, these would differ.
    "x + y": lambda track, t: track.position[:, t].sum(axis=1) % 1.0,
    "x - y": lambda track, t: (track.position[:, t, 0] - track.position[:, t, 1]) % 1.0,
    "x and radius": lambda track, t: (track.position[:, t, 0] + 8 * track.radius[:, t]) % 1.0,
    "y and radius": lambda track, t: (track.position[:, t, 1] + 8 * track.radius[:, t]) % 1.0,
}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_single_frame_has_the_same_law_in_every_class(all_tracks: dict[str, Track], quantity: str) -> None:
    measure = QUANTITIES[quantity]
    reference = measure(tracks("up", seed=1), 0)
    for motion, track in all_tracks.items():
        for t in (0, 5, 15):
            assert distance(measure(track, t), reference) < KS_LIMIT, f"{motion}, frame {t}"


def test_positions_are_uniform_and_radii_lie_between_the_same_bounds(all_tracks: dict[str, Track]) -> None:
    uniform = np.linspace(0, 1, NUM_TRACKS, endpoint=False)
    bounds = {(round(float(track.radius.min()), 3), round(float(track.radius.max()), 3)) for track in all_tracks.values()}
    assert len(bounds) == 1
    for track in all_tracks.values():
        assert track.position.min() >= 0
        assert track.position.max() < 1
        assert distance(track.position[:, 7, 0], uniform) < KS_LIMIT
        assert distance(track.position[:, 7, 1], uniform) < KS_LIMIT


def wrapped(step: NDArray[np.float64]) -> NDArray[np.float64]:
    """A step on the torus: the shorter way."""
    return (step + 0.5) % 1.0 - 0.5


@pytest.mark.parametrize(("motion", "reverse"), REVERSES.items())
def test_one_motion_is_the_time_reverse_of_the_other(all_tracks: dict[str, Track], motion: str, reverse: str) -> None:
    def features(track: Track) -> dict[str, NDArray[np.float64]]:
        step = wrapped(np.diff(track.position, axis=1))  # (N, T-1, 2)
        turn = step[:, :-1, 0] * step[:, 1:, 1] - step[:, :-1, 1] * step[:, 1:, 0]  # (N, T-2)
        growth = np.diff(track.radius, axis=1)  # (N, T-1)
        return {
            "first step x": step[:, 0, 0],
            "first step y": step[:, 0, 1],
            "last step x": step[:, -1, 0],
            "turn": turn.mean(axis=1),
            "first growth": growth[:, 0],
            "median growth": np.median(growth, axis=1),
            "start": track.position[:, 0, 0],
            "end": track.position[:, -1, 1],
        }

    backwards = all_tracks[motion].position[:, ::-1], all_tracks[motion].radius[:, ::-1]
    expected = features(all_tracks[reverse])
    for name, values in features(Track(*backwards)).items():
        assert distance(values.round(9), expected[name].round(9)) < KS_LIMIT, name
    forwards = features(all_tracks[motion])
    assert max(distance(values, expected[name]) for name, values in forwards.items()) > 0.9, "the order says nothing"


@pytest.mark.parametrize(("motion", "direction"), [("left", (-1, 0)), ("right", (1, 0)), ("up", (0, -1)), ("down", (0, 1))])
def test_translations_go_where_their_names_say(all_tracks: dict[str, Track], motion: str, direction: tuple[int, int]) -> None:
    step = wrapped(np.diff(all_tracks[motion].position, axis=1))  # (N, T-1, 2)
    along = step @ np.array(direction)
    assert along.min() >= 3 / 64 - 1e-9
    assert along.max() <= 5 / 64 + 1e-9
    assert np.abs(step @ np.array(direction[::-1])).max() < 1e-9


def test_orbits_turn_as_their_names_say(all_tracks: dict[str, Track]) -> None:
    for motion, sign in (("clockwise", 1), ("counter_clockwise", -1)):
        step = wrapped(np.diff(all_tracks[motion].position, axis=1))
        turn = step[:, :-1, 0] * step[:, 1:, 1] - step[:, :-1, 1] * step[:, 1:, 0]
        assert (sign * turn).min() > 0  # y points down: a positive turn is clockwise on the screen


def test_shapes_grow_and_shrink_and_start_again_elsewhere(all_tracks: dict[str, Track]) -> None:
    for motion, sign in (("growing", 1), ("shrinking", -1)):
        growth = sign * np.diff(all_tracks[motion].radius, axis=1)
        assert (np.sum(growth > 0, axis=1) > 10).all()
        assert (np.sum(growth < 0, axis=1) >= 1).all()
        moved = np.any(np.diff(all_tracks[motion].position, axis=1) != 0, axis=2)  # (N, T-1)
        assert np.array_equal(moved, growth < 0)


def test_the_drawn_shape_is_where_its_track_says() -> None:
    for motion in MOTIONS:
        for seed in range(5):
            frames = draw_clip(motion, 64, 8, np.random.default_rng(seed)).astype(float)
            track = draw_track(motion, 8, np.random.default_rng(seed))
            light = frames.mean(axis=-1) > 150  # (T, H, W): the shape is lighter than any background
            assert light.any(axis=(1, 2)).all()
            angles = 2 * np.pi * (np.arange(64) + 0.5) / 64
            for t in range(8):
                weight = light[t].sum(axis=0), light[t].sum(axis=1)  # over x, over y
                centre = [np.angle(np.sum(each * np.exp(1j * angles))) / (2 * np.pi) % 1.0 for each in weight]
                assert np.abs(wrapped(np.array(centre) - track.position[t])).max() < 0.06


def test_single_encoded_frames_look_alike_in_all_classes(tmp_path: Path) -> None:
    options = MovingShapesOptions(num_train=400, num_val=8, num_test=8, size=32, num_frames=3)
    root = write_synthetic(tmp_path / "shapes", options, num_workers=2)
    features, labels = [], []
    for label, motion in enumerate(MOTIONS):
        for path in sorted((root / "train" / motion).iterdir()):
            frame = golden_frames(path)[2].astype(np.float64) / 255  # (H, W, 3)
            coarse = frame.reshape(8, 4, 8, 4, 3).mean(axis=(1, 3)).ravel()  # (192,)
            edges = [np.abs(np.diff(frame, axis=axis)).mean() for axis in (0, 1)]
            features.append([1.0, *coarse, *coarse**2, *edges])
            labels.append(label)
    x, y = np.array(features), np.eye(8)[labels]
    order = np.random.default_rng(0).permutation(len(x))
    train, test = order[:200], order[200:]
    # Ridge regression to the classes: a linear reading of one frame is at chance, 1/8 +- 3 standard deviations.
    weights = np.linalg.solve(x[train].T @ x[train] + np.eye(x.shape[1]), x[train].T @ y[train])
    accuracy = float(np.mean((x[test] @ weights).argmax(axis=1) == y[test].argmax(axis=1)))
    assert abs(accuracy - 1 / 8) < 0.07
