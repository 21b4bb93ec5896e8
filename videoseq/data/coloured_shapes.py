"""Coloured shapes: a data set of real encoded videos of which every single frame carries the class.

Eight shapes of any colour, size, place and angle, on a darker, blotched, noisy background among scattered chips of the same
eight shapes, too small to be meant. Shapes of one size have the same area. The shape drifts and turns a little from frame to
frame, and the noise of every frame is its own; the order of the frames says nothing. All that is drawn but the outline has the
same law in every class, so a classifier has to see the outline: its corners, and how they lie to each other.
"""

import numpy as np
from numpy.typing import NDArray

from videoseq.data.drawing import paint, smooth_field, to_pixels

_SIDE = (19.0 / 64, 31.0 / 64)
_CHIP_SIDE = (2.5 / 64, 5.0 / 64)
_SPEED = 0.7 / 64
"""Sides of a square as large as the shape or the chip, and the drift per frame; lengths are shares of the image's side."""

_NUM_CHIPS = 4
_MARGIN = 0.88
"""The farthest that a shape of area 1 reaches from its centroid, so that it stays on the image."""

_TURN = 0.06
"""The most that the shape turns per frame, radians."""

_BACKGROUND, _BLOTCHES = (20.0, 90.0), 25.0
_COLOUR = (90.0, 255.0)
_NOISE = 12.0
"""Ranges of the red, green and blue of backgrounds and shapes, and the standard deviation of the noise, of 255."""

_RAYS = 720


def _ring(radii: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns a polygon whose n corners lie at equal angles in the given distances from the origin, (n, 2)."""
    angles = 2 * np.pi * np.arange(len(radii)) / len(radii)
    corners: NDArray[np.float64] = radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return corners


def _outline(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns how far a polygon of area 1 reaches from its centroid, which sees all of its outline.

    Args:
        corners: Counter-clockwise, (n, 2); any size and place.

    Returns:
        Distances on rays at the angles 2 pi k / 720, (720,).
    """
    following = np.roll(corners, -1, axis=0)
    cross = corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0]  # (n,), the shoelace formula
    area = cross.sum() / 2
    centroid = ((corners + following) * cross[:, None]).sum(axis=0) / (6 * area)
    share = np.linspace(0, 1, 200)[:, None, None]
    points = ((1 - share) * corners + share * following - centroid) / np.sqrt(area)  # (200, n, 2)
    angles, radii = np.arctan2(points[..., 1], points[..., 0]).ravel(), np.hypot(points[..., 0], points[..., 1]).ravel()
    reach: NDArray[np.float64] = np.interp(2 * np.pi * np.arange(_RAYS) / _RAYS, angles, radii, period=2 * np.pi)
    return reach


_ARM = np.array([(3, -1), (3, 1), (1, 1)], np.float64)
_ARC = np.linspace(0, np.pi, 40)
SHAPES: dict[str, NDArray[np.float64]] = {
    name: _outline(corners)
    for name, corners in {
        "circle": _ring(np.ones(80)),
        "cross": np.concatenate([_ARM, _ARM @ [[0, 1], [-1, 0]], -_ARM, _ARM @ [[0, -1], [1, 0]]]),
        "hexagon": _ring(np.ones(6)),
        "pentagon": _ring(np.ones(5)),
        "semicircle": np.stack([np.cos(_ARC), np.sin(_ARC)], axis=1),
        "square": _ring(np.ones(4)),
        "star": _ring(np.where(np.arange(10) % 2, 0.45, 1.0)),
        "triangle": _ring(np.ones(3)),
    }.items()
}
"""The classes, sorted: how far a shape of area 1 reaches from its centroid on 720 rays, (720,) float64."""


def draw_clip(label: str, size: int, num_frames: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws the frames of one clip.

    Args:
        label: One of `SHAPES`.
        size: H and W, pixels.
        num_frames: T.
        rng: Source of the random numbers; every class takes the same ones.

    Returns:
        RGB frames, (T, H, W, 3) uint8.
    """
    background = rng.uniform(*_BACKGROUND, 3) + smooth_field(rng.uniform(-_BLOTCHES, _BLOTCHES, (7, 7, 3)), size)  # (S, S, 3)
    kinds = list(SHAPES)
    for _ in range(_NUM_CHIPS):
        chip = kinds[rng.integers(len(kinds))]
        outside = _outside(chip, rng.random((1, 2)), rng.uniform(*_CHIP_SIDE), rng.uniform(0, 2 * np.pi, 1), size)
        background = paint(background, rng.uniform(*_COLOUR, 3), outside[0])  # (S, S, 3)
    side = rng.uniform(*_SIDE)
    centre = rng.uniform(_MARGIN * side, 1 - _MARGIN * side, 2)
    time = np.arange(num_frames, dtype=np.float64) - (num_frames - 1) / 2  # (T,)
    position = centre + time[:, None] * rng.uniform(-_SPEED, _SPEED, 2)  # (T, 2)
    angle = rng.uniform(0, 2 * np.pi) + time * rng.uniform(-_TURN, _TURN)  # (T,)
    frames = paint(background, rng.uniform(*_COLOUR, 3), _outside(label, position, side, angle, size))  # (T, S, S, 3)
    return to_pixels(frames + rng.normal(0, _NOISE, frames.shape))


def _outside(
    label: str, position: NDArray[np.float64], side: float, angle: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Returns how many pixels each pixel's centre lies outside a shape, seen from the shape's centre; negative inside.

    Args:
        label: One of `SHAPES`.
        position: Centre, x and y, (T, 2), shares of the image's side.
        side: Square root of the shape's area, share of the image's side.
        angle: (T,) radians.
        size: S, pixels.

    Returns:
        (T, S, S).
    """
    pixels = np.arange(size) + 0.5
    x = pixels - size * position[:, 0, None, None]  # (T, 1, S)
    y = pixels[:, None] - size * position[:, 1, None, None]  # (T, S, 1)
    ray = (np.arctan2(y, x) - angle[:, None, None]) * (_RAYS / (2 * np.pi))  # (T, S, S)
    reach = size * side * SHAPES[label][np.rint(ray).astype(np.int64) % _RAYS]  # (T, S, S)
    return np.hypot(x, y) - reach
