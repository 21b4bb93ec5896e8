"""Motion sequences: what the shape does is what the segments say, and nothing else tells where one motion ends."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.data.test_moving_shapes import KS_LIMIT, distance, wrapped
from videoseq.data.motion_sequences import draw, draw_sequence
from videoseq.data.moving_shapes import MOTIONS, Track
from videoseq.data.synthetic_options import MotionSequencesOptions

Motions = tuple[tuple[int, int, str], ...]


def sequences(number: int, **changes: object) -> list[tuple[Track, Motions]]:
    options = MotionSequencesOptions(**changes)
    return [draw_sequence(options, np.random.default_rng([5, index])) for index in range(number)]


def steps(track: Track) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How the shape came to where it is: by position (T-1, 2), by radius (T-1,)."""
    return wrapped(np.diff(track.position, axis=0)), np.diff(track.radius)


def test_motions_follow_each_other_without_a_gap_and_never_twice() -> None:
    numbers, lengths, names = set(), set(), set()
    for track, motions in sequences(300):
        assert motions[0][0] == 1
        assert motions[-1][1] == len(track.position) == len(track.radius)
        for one, other in itertools.pairwise(motions):
            assert one[1] == other[0]
            assert one[2] != other[2]
        numbers.add(len(motions))
        lengths |= {end - start for start, end, _ in motions}
        names |= {name for _, _, name in motions}
    assert numbers == set(range(3, 11))
    assert lengths == set(range(10, 31))
    assert names == set(MOTIONS)


def test_number_and_length_of_the_motions_can_be_chosen() -> None:
    chosen = [motions for _, motions in sequences(60, num_motions=(2, 4), motion_frames=(6, 7))]
    assert {len(motions) for motions in chosen} == {2, 3, 4}
    assert {end - start for motions in chosen for start, end, _ in motions} == {6, 7}


def test_the_shape_moves_as_its_segment_says_from_the_first_frame_on() -> None:
    for track, motions in sequences(100):
        moved, grown = steps(track)
        for start, end, name in motions:
            step, growth = (
                moved[max(start - 1, 0) : end - 1],
                grown[max(start - 1, 0) : end - 1],
            )  # of the frames start … end - 1
            if name in ("left", "right", "up", "down"):
                x, y = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[name]
                along = step @ np.array([x, y])
                assert along.min() >= 3 / 64 - 1e-9
                assert np.abs(step @ np.array([y, x])).max() < 1e-9
                assert np.abs(growth).max() < 1e-9
            elif name in ("growing", "shrinking"):
                sign = 1 if name == "growing" else -1
                assert np.mean(sign * growth > 0) > 0.6
                # It changes its place only where it starts again.
                assert np.array_equal(np.any(np.abs(step) > 1e-9, axis=1), sign * growth < 0)
            else:
                turn = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
                sign = 1 if name == "clockwise" else -1
                assert (sign * turn).min() > 0
                # From the top of the orbit: sideways, and a little down.
                assert sign * step[0, 0] > 5 / 64
                assert 0 < step[0, 1] < 3 / 64
                assert np.abs(growth).max() < 1e-9


def test_neither_place_nor_size_jumps_where_a_motion_ends() -> None:
    for track, motions in sequences(100):
        moved, grown = steps(track)
        for start, _, name in motions[1:]:
            if name not in ("growing", "shrinking"):
                assert np.hypot(*moved[start - 1]) < 11 / 64  # the step of the fastest orbit is 10 / 64
                assert abs(grown[start - 1]) < 1e-9


def test_a_single_frame_has_the_same_law_in_every_motion() -> None:
    """Of two samples of 1000 from one law the distance passes 0.09 once in 1500 tests."""
    seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in MOTIONS}
    for track, motions in sequences(2600, num_motions=(3, 5)):
        start, end, name = motions[len(motions) // 2]
        middle = (start + end) // 2
        seen[name].append((*track.position[middle], track.radius[middle]))
    samples = {name: np.array(found) for name, found in seen.items()}
    others = {name: np.concatenate([samples[one] for one in MOTIONS if one != name]) for name in MOTIONS}
    for name in MOTIONS:
        assert len(samples[name]) > 250
        for column in range(3):
            assert distance(samples[name][:, column], others[name][:, column]) < 2.7 * KS_LIMIT, (name, column)


def test_in_a_pause_the_shape_rests_and_no_segment_names_it() -> None:
    for track, motions in sequences(50, pauses=1.0):
        moved, grown = steps(track)
        covered = np.zeros(len(track.position), bool)
        for start, end, _ in motions:
            covered[start:end] = True
        assert not covered[0]
        rests = np.flatnonzero(~covered)[1:]
        assert not covered[motions[-1][1] :].any()
        assert np.abs(moved[rests - 1]).max() == 0
        assert np.abs(grown[rests - 1]).max() == 0
        gaps = [other[0] - one[1] for one, other in itertools.pairwise(motions)]
        assert min(gaps) >= 5
        assert max(gaps) <= 15
    some = [
        len(track.position) - 1 - sum(end - start for start, end, _ in motions) for track, motions in sequences(50, pauses=0.3)
    ]
    assert min(some) == 0
    assert max(some) > 5


@pytest.mark.parametrize("fps", [16.0, 25.0])
def test_segments_are_the_times_of_the_frames(fps: float) -> None:
    options = MotionSequencesOptions(size=32, fps=fps, pauses=0.5)
    frames, segments = draw(options, 7, np.random.default_rng(3))
    track, motions = draw_sequence(options, np.random.default_rng(3))
    assert frames.shape == (len(track.position), 32, 32, 3)
    assert segments == [(start / fps, end / fps, name) for start, end, name in motions]
