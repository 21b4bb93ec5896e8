"""Motion sets: the motions that a video's labels name occur in it, each once, and no others."""

import numpy as np
import pytest

from tests.data.test_moving_shapes import wrapped
from videoseq.data.motion_sets import MOTIONS, draw, draw_set
from videoseq.data.moving_shapes import Track
from videoseq.data.synthetic_options import MotionSetsOptions

OPTIONS = MotionSetsOptions()
DIRECTIONS = {(-1, 0): "left", (1, 0): "right", (0, -1): "up", (0, 1): "down"}


def seen(track: Track) -> list[str | None]:
    """What the shape does at each frame but the first, as its track shows it; None where it rests."""
    step, growth = wrapped(np.diff(track.position, axis=0)), np.diff(track.radius)
    found: list[str | None] = []
    for (x, y), grown in zip(step.round(9), growth.round(9), strict=True):
        if grown:
            # Where a shape has grown to its full size it starts again small, elsewhere.
            started_again = bool(x or y)
            found.append("growing" if (grown > 0) != started_again else "shrinking")
        else:
            found.append(DIRECTIONS.get((int(np.sign(x)), int(np.sign(y)))))
    return found


@pytest.mark.parametrize("most", [1, 4, 6])
def test_a_video_shows_the_motions_of_its_labels_for_six_frames_each(most: int) -> None:
    options = MotionSetsOptions(most_motions=most, num_frames=6 * most + 4)
    for index in range(200):
        track, motions = draw_set(options, index, np.random.default_rng([1, index]))
        assert len(track.position) == len(track.radius) == options.num_frames
        assert len(set(motions)) == len(motions) == index % (most + 1)
        done = [name for name in seen(track) if name is not None]
        assert done == [name for name in motions for _ in range(6)]


def test_every_motion_occurs_as_often_in_any_place_and_the_rests_vary() -> None:
    first, counts, starts = dict.fromkeys(MOTIONS, 0), dict.fromkeys(MOTIONS, 0), set()
    for index in range(1500):
        track, motions = draw_set(OPTIONS, index, np.random.default_rng([2, index]))
        for name in motions:
            counts[name] += 1
        if motions:
            first[motions[0]] += 1
            starts.add(next(place for place, name in enumerate(seen(track)) if name is not None))
    # 1500 videos with 2 of 6 motions on average: 500 +- 18 of each; 1200 first ones: 200 +- 13.
    assert all(430 < number < 570 for number in counts.values()), counts
    assert all(145 < number < 255 for number in first.values()), first
    assert starts >= set(range(12))


@pytest.mark.parametrize(("index", "number"), [(0, 0), (1, 1), (4, 4), (5, 0)])
def test_the_labels_are_the_sorted_names(index: int, number: int) -> None:
    frames, rows = draw(OPTIONS, index, np.random.default_rng(index))
    _, motions = draw_set(OPTIONS, index, np.random.default_rng(index))
    assert frames.shape == (28, 64, 64, 3)
    assert rows == [("|".join(sorted(motions)),)]
    assert len([name for name in rows[0][0].split("|") if name]) == number
