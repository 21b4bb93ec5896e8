"""Crops at a few fixed places and sizes: corner cropping with scale jittering (Wang et al. 2016, Temporal Segment Networks)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import functional

from videoseq.types import ClipSpec

SCALES = (1.0, 0.875, 0.75, 0.66)
"""Sides of a crop as shares of those of the largest one."""


class Window(NamedTuple):
    """A part of a frame, in pixels."""

    top: int
    left: int
    height: int
    width: int


def multi_scale_windows(height: int, width: int, spec: ClipSpec) -> list[Window]:
    """Returns every window that `multi_scale` may cut out of a frame: ten sizes at five places each.

    The largest is that of the clip before its `crop_fraction`, so 128 x 128 for a 112 crop of 0.875. Height and width are
    scaled by the same or by two neighbouring `SCALES`, which changes the shape a little.

    Args:
        height: Pixels of the frame, as `decode_size` gives them.
        width: Likewise.
        spec: The size of the clip and its `crop_fraction`.

    Returns:
        The four corners and the centre of each size.
    """
    largest = round(spec.height / spec.crop_fraction), round(spec.width / spec.crop_fraction)
    windows = []
    for tall, row_scale in enumerate(SCALES):
        for wide, column_scale in enumerate(SCALES):
            if abs(tall - wide) > 1:
                continue
            rows, columns = max(1, round(largest[0] * row_scale)), max(1, round(largest[1] * column_scale))
            bottom, right = height - rows, width - columns
            places = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
            windows += [Window(top, left, rows, columns) for top, left in places]
    return windows


class MultiScaleCrop(nn.Module):
    """Cuts one of the `multi_scale_windows` out of all frames of a clip and resizes it to the clip's size.

    Args:
        spec: The size of the clip and its `crop_fraction`.
    """

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.spec = spec

    def forward(self, clip: Tensor) -> Tensor:
        """Returns uint8 (T, C, H, W) of uint8 (T, C, h, w)."""
        windows = multi_scale_windows(clip.shape[-2], clip.shape[-1], self.spec)
        window = windows[int(torch.randint(len(windows), ()))]
        size = [self.spec.height, self.spec.width]
        resized: Tensor = functional.resized_crop(clip, *window, size=size, antialias=True)  # (T, C, h, w) -> (T, C, H, W)
        return resized
