"""Drawing frames of synthetic videos: a smooth background, a shape with a blended border, whole pixels."""

import numpy as np
from numpy.typing import NDArray


def smooth_field(grid: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Returns a field that runs linearly between the points of a grid: (G, G, 3) -> (S, S, 3).

    Args:
        grid: Values at G x G points spread over the image, its borders included.
        size: S, pixels.
    """
    points = len(grid)
    places = np.linspace(0, points - 1, size)
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(points)))  # (S, G), linear interpolation
    field: NDArray[np.float64] = np.einsum("ya,xb,abc->yxc", weights, weights, grid, optimize=True)  # (S, S, 3)
    return field


def paint(background: NDArray[np.float64], colour: NDArray[np.float64], outside: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns frames with a shape of one colour on a background, a border of one pixel blended.

    Args:
        background: (..., S, S, 3).
        colour: (3,).
        outside: (..., S, S), how many pixels a point lies outside the shape; negative inside.
    """
    alpha = np.clip(0.5 - outside, 0, 1)[..., None]  # (..., S, S, 1)
    painted: NDArray[np.float64] = background + alpha * (colour - background)  # (..., S, S, 3)
    return painted


def to_pixels(frames: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Returns values in [0, 255] rounded to uint8, what lies outside cut off."""
    pixels: NDArray[np.uint8] = np.clip(np.rint(frames), 0, 255).astype(np.uint8)
    return pixels
