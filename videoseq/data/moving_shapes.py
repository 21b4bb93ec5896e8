"""Moving shapes: a data set of real encoded videos in which only the order of the frames carries the class.

Eight motions of a shape on a random background. A single frame says nothing about the class, by construction: at every
frame of every class the shape's position is uniform on the whole image and its radius uniform between the same bounds,
independent of each other and of everything else that is drawn (kind, angle, colours, background).

- `left`, `right`, `up`, `down`: the image is a torus; the shape leaves at one border and enters at the other, so a
  uniform start stays uniform.
- `clockwise`, `counter_clockwise`: an orbit about a centre that is uniform on the torus.
- `growing`, `shrinking`: the radius is a sawtooth with a uniform phase; at its end the shape vanishes and starts again
  at another uniform place.

`right` is the time reverse of `left`, and so on in pairs, so a model that is blind to order reaches 0.5 at best. Each
frame is encoded as a keyframe with a constant quantiser, so that the codec leaves no trace of the frames before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videoseq.data.drawing import paint, smooth_field, to_pixels

MOTIONS = ("clockwise", "counter_clockwise", "down", "growing", "left", "right", "shrinking", "up")
"""The classes, sorted."""

SHAPES = ("disc", "square", "triangle", "diamond")
"""The kinds of shapes, drawn independently of the class."""

_MIN_RADIUS, _MAX_RADIUS = 3.5 / 64, 24.0 / 64
_SPEED = (3.0 / 64, 5.0 / 64)
_ORBIT_RADIUS = (17.0 / 64, 19.0 / 64)
_FRAMES_PER_TURN = (12.0, 14.0)
_FRAMES_PER_GROWTH = (5.0, 7.0)
"""Ranges of the motions; lengths are shares of the image's side."""

_DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


@dataclass(frozen=True)
class Track:
    """Where a shape is and how large, frame by frame.

    Attributes:
        position: Centre, x to the right and y down, (T, 2) float64 in [0, 1), shares of the image's side.
        radius: Half of the shape's size, (T,) float64, share of the image's side.
    """

    position: NDArray[np.float64]
    radius: NDArray[np.float64]


def draw_track(motion: str, num_frames: int, rng: np.random.Generator, before: Track | None = None) -> Track:
    """Draws one motion; at each frame alone its law is the same for all motions.

    Args:
        motion: One of `MOTIONS`.
        num_frames: T.
        rng: Source of the random numbers; every motion takes the same number of them.
        before: What the shape did until now: it goes on from where it is then, moves from the first frame on, and starts an
            orbit at its top, so that the first step tells one way round from the other. None: it starts anywhere.

    Returns:
        The track: position and radius in each frame.
    """
    places = rng.random((num_frames + 1, 2))
    level, phase = rng.random(2)
    if before is not None:
        phase = 0.75
        level = (before.radius[-1] - _MIN_RADIUS) / (_MAX_RADIUS - _MIN_RADIUS)
    speed, orbit = rng.uniform(*_SPEED), rng.uniform(*_ORBIT_RADIUS)
    turn, growth = 1 / rng.uniform(*_FRAMES_PER_TURN), 1 / rng.uniform(*_FRAMES_PER_GROWTH)
    time = np.arange(num_frames, dtype=np.float64) + (before is not None)  # (T,)
    position = np.tile(places[0], (num_frames, 1))  # (T, 2)
    levels = np.full(num_frames, level)  # (T,)
    if motion in _DIRECTIONS:
        position += speed * time[:, None] * np.array(_DIRECTIONS[motion])
    elif motion in ("clockwise", "counter_clockwise"):
        # y points down, so a growing angle turns clockwise on the screen.
        angle = 2 * np.pi * (phase + (turn if motion == "clockwise" else -turn) * time)
        position += orbit * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        if before is not None:
            position -= orbit * np.array([np.cos(2 * np.pi * phase), np.sin(2 * np.pi * phase)])
    else:
        sawtooth = level + {"growing": growth, "shrinking": -growth}[motion] * time
        tooth = np.abs(np.floor(sawtooth)).astype(np.int64)  # (T,), counts the starts again
        position, levels = places[tooth], sawtooth % 1.0
    if before is not None:
        position += before.position[-1] - places[0]
    return Track(position % 1.0, _MIN_RADIUS + (_MAX_RADIUS - _MIN_RADIUS) * levels)


def draw_rest(num_frames: int, before: Track) -> Track:
    """Returns a shape that stays where it is."""
    return Track(np.tile(before.position[-1], (num_frames, 1)), np.full(num_frames, before.radius[-1]))


def join(tracks: Sequence[Track]) -> Track:
    """Returns several tracks one after another."""
    return Track(np.concatenate([each.position for each in tracks]), np.concatenate([each.radius for each in tracks]))


def draw_clip(motion: str, size: int, num_frames: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws the frames of one clip.

    Args:
        motion: One of `MOTIONS`.
        size: H and W, pixels.
        num_frames: T.
        rng: Source of the random numbers.

    Returns:
        RGB frames, (T, H, W, 3) uint8.
    """
    return draw_frames(draw_track(motion, num_frames, rng), size, rng)


def draw_frames(track: Track, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws what a track describes, as a shape of any kind, angle and colour on any background.

    Args:
        track: Of T frames.
        size: H and W, pixels.
        rng: Source of the random numbers.

    Returns:
        RGB frames, (T, H, W, 3) uint8.
    """
    background, colour = _draw_colours(size, rng)
    kind = SHAPES[rng.integers(len(SHAPES))]
    angle = rng.uniform(0, 2 * np.pi)
    pixels = (np.arange(size) + 0.5) / size  # (S,)
    # The nearest of the shape's copies on the torus, so that it wraps around every border.
    dx = (pixels[None, None, :] - track.position[:, 0, None, None] + 0.5) % 1.0 - 0.5  # (T, 1, S)
    dy = (pixels[None, :, None] - track.position[:, 1, None, None] + 0.5) % 1.0 - 0.5  # (T, S, 1)
    x = np.cos(angle) * dx + np.sin(angle) * dy  # (T, S, S)
    y = np.cos(angle) * dy - np.sin(angle) * dx  # (T, S, S)
    distance = _outside(kind, x, y, track.radius[:, None, None])  # (T, S, S)
    return to_pixels(paint(background, colour, distance * size))  # (T, S, S, 3)


def _outside(kind: str, x: NDArray[np.float64], y: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns how far each point lies outside a shape about the origin; negative inside."""
    distance: NDArray[np.float64]
    if kind == "disc":
        distance = np.hypot(x, y) - radius
    elif kind == "square":
        distance = np.maximum(np.abs(x), np.abs(y)) - 0.85 * radius
    elif kind == "triangle":
        distance = np.maximum(np.abs(x) * (np.sqrt(3) / 2) + y / 2, -y) - 0.6 * radius
    else:
        distance = (np.abs(x) + 0.75 * np.abs(y)) * 0.8 - 0.7 * radius
    return distance


def _draw_colours(size: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draws a smooth dark background, (S, S, 3), and a light colour of the shape, (3,)."""
    grid = rng.uniform(-12, 12, (4, 4, 3))
    base = rng.uniform(20, 45, 3)
    colour = rng.uniform(205, 255, 3)
    return base + smooth_field(grid, size), colour  # (S, S, 3), (3,)
