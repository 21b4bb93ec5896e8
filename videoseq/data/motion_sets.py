"""Motion sets: a data set of real encoded videos in which some of six motions occur, in any order.

A shape moves left, right, up or down, grows or shrinks as in `moving_shapes`, each at most once for 6 frames, and rests in
between. Every motion has another one for its time reverse, so a model that is blind to order can tell that one of the two
occurs, but not which.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from videoseq.data.moving_shapes import Track, draw_frames, draw_rest, draw_track, join
from videoseq.data.synthetic_options import MotionSetsOptions

MOTIONS = ("down", "growing", "left", "right", "shrinking", "up")
"""The classes, sorted."""


def draw_set(options: MotionSetsOptions, index: int, rng: np.random.Generator) -> tuple[Track, tuple[str, ...]]:
    """Draws what a shape does.

    Args:
        options: How many motions, and how many frames.
        index: Number of the video: videos have none, one, … `most_motions` motions in turn.
        rng: Source of the random numbers.

    Returns:
        The track of `num_frames` frames, and its motions in the order in which they occur.
    """
    number = index % (options.most_motions + 1)
    motions = tuple(str(motion) for motion in rng.permutation(MOTIONS)[:number])
    # The frames without a motion are dealt to the rests before, between and behind the motions; the first is one of them.
    resting = options.num_frames - options.motion_frames * number - 1
    cuts = np.sort(rng.integers(0, resting + 1, number))
    rests = np.diff(cuts, prepend=0, append=resting)
    tracks = [draw_track("left", 1, rng)]
    for motion, rest in zip(motions, rests[:-1].tolist(), strict=True):
        tracks.append(draw_rest(rest, join(tracks)))
        tracks.append(draw_track(motion, options.motion_frames, rng, before=join(tracks)))
    tracks.append(draw_rest(int(rests[-1]), join(tracks)))
    return join(tracks), motions


def draw(options: MotionSetsOptions, index: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Sequence[tuple[str]]]:
    """Draws a video.

    Args:
        options: How many motions, and how many frames.
        index: Number of the video.
        rng: Source of the random numbers.

    Returns:
        RGB frames, (T, H, W, 3) uint8, and one row: the motions that occur, sorted, joined by `|`.
    """
    track, motions = draw_set(options, index, rng)
    return draw_frames(track, options.size, rng), [("|".join(sorted(motions)),)]
