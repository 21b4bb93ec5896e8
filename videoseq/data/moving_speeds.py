"""Moving speeds: data sets of real encoded videos of a shape whose label is how fast it moves.

A shape of any kind, size, angle and colour moves to and fro between two points, on a line of any direction and at any place
of a random background. In the time of a video it comes by most places of its line, so where it is seen says little about
its speed: that is in the steps from frame to frame.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from videoseq.data.moving_shapes import Track, draw_frames
from videoseq.data.synthetic_options import MovingSpeedsOptions

_RADIUS = (5.0 / 64, 12.0 / 64)
_LENGTH = (12.0 / 64, 24.0 / 64)
"""Ranges of half the shape's size and of the distance between the two points, shares of the image's side."""

_REACH = 1.25
"""How far a shape reaches from its centre at most, in units of half its size."""

_FRAMES_PER_BEND = 12
"""Frames in which a speed that varies runs from one value to another one."""


def draw_to_and_fro(steps: NDArray[np.float64], rng: np.random.Generator) -> Track:
    """Draws a shape on its way to and fro.

    Args:
        steps: How far it goes from each frame to the next, (T-1,), shares of the image's side.
        rng: Source of the random numbers.

    Returns:
        The track, of T frames; no part of the shape ever leaves the image.
    """
    radius, length = rng.uniform(*_RADIUS), rng.uniform(*_LENGTH)
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(angle), np.sin(angle)])  # (2,)
    margin = _REACH * radius + np.abs(direction) * length / 2  # (2,)
    centre = rng.uniform(margin, 1 - margin)  # (2,)
    travelled = rng.uniform(0, 2 * length) + np.concatenate([[0.0], np.cumsum(steps)])  # (T,)
    place = np.abs(travelled % (2 * length) - length) - length / 2  # (T,)
    return Track(centre + place[:, None] * direction, np.full(len(travelled), radius))


def draw(
    options: MovingSpeedsOptions, index: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Sequence[tuple[float]]]:
    """Draws a video of a shape at one speed.

    Args:
        options: The range of speeds, and the number of frames.
        index: Number of the video; unused.
        rng: Source of the random numbers.

    Returns:
        RGB frames, (T, H, W, 3) uint8, and one row: the speed, pixels per frame.
    """
    speed = round(rng.uniform(*options.speeds), 4)
    track = draw_to_and_fro(np.full(options.num_frames - 1, speed / options.size), rng)
    return draw_frames(track, options.size, rng), [(speed,)]


def draw_varying(
    options: MovingSpeedsOptions, index: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Sequence[tuple[float, float]]]:
    """Draws a video of a shape that moves now faster, now slower.

    Args:
        options: The range of speeds, and the number of frames.
        index: Number of the video; unused.
        rng: Source of the random numbers.

    Returns:
        RGB frames, (T, H, W, 3) uint8, and a row for each frame: its time, seconds, and the speed at which the shape came to
        where it is, pixels per frame (in the first frame, the speed at which it starts).
    """
    bends = rng.uniform(*options.speeds, options.num_frames // _FRAMES_PER_BEND + 2)
    places = np.arange(len(bends)) * _FRAMES_PER_BEND - rng.integers(_FRAMES_PER_BEND)
    speeds = np.interp(np.arange(options.num_frames), places, bends).round(4)  # (T,)
    track = draw_to_and_fro(speeds[1:] / options.size, rng)
    values = [(frame / options.fps, float(speed)) for frame, speed in enumerate(speeds)]
    return draw_frames(track, options.size, rng), values
