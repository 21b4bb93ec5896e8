"""Motion sequences: a data set of real encoded videos in which a shape does one motion after another.

The eight motions are those of `moving_shapes`. Every motion goes on from where the one before left the shape, with the same
size, so nothing but the motion itself tells where one ends and the next begins; and as place and size are uniform at the
start, they stay so at every frame of every motion: a single frame says nothing about its label. The first frame of a video,
which shows no motion yet, has none.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from videoseq.data.moving_shapes import MOTIONS, Track, draw_frames, draw_rest, draw_track, join
from videoseq.data.synthetic_options import MotionSequencesOptions

_REST_FRAMES = (5, 15)


def draw_sequence(options: MotionSequencesOptions, rng: np.random.Generator) -> tuple[Track, tuple[tuple[int, int, str], ...]]:
    """Draws what a shape does.

    Args:
        options: How many motions, and how long.
        rng: Source of the random numbers.

    Returns:
        The track of T frames, and its motions as (first frame, frame behind the last one, name); two motions in a row are
        never the same. They cover all frames but the first and those of pauses.
    """
    track = draw_track("left", 1, rng)
    tracks = [track]
    motions: list[tuple[int, int, str]] = []
    frame = 1
    for _ in range(rng.integers(options.num_motions[0], options.num_motions[1] + 1)):
        others = [motion for motion in MOTIONS if not motions or motion != motions[-1][2]]
        name = others[rng.integers(len(others))]
        length = int(rng.integers(options.motion_frames[0], options.motion_frames[1] + 1))
        track = draw_track(name, length, rng, before=track)
        tracks.append(track)
        motions.append((frame, frame + length, name))
        frame += length
        if rng.random() < options.pauses:
            length = int(rng.integers(_REST_FRAMES[0], _REST_FRAMES[1] + 1))
            tracks.append(draw_rest(length, track))
            frame += length
    return join(tracks), tuple(motions)


def draw(
    options: MotionSequencesOptions, index: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Sequence[tuple[float, float, str]]]:
    """Draws a video.

    Args:
        options: How many motions, and how long.
        index: Number of the video; unused.
        rng: Source of the random numbers.

    Returns:
        RGB frames, (T, H, W, 3) uint8, and the segments as (start, end, motion), seconds.
    """
    track, motions = draw_sequence(options, rng)
    segments = [(start / options.fps, end / options.fps, motion) for start, end, motion in motions]
    return draw_frames(track, options.size, rng), segments
