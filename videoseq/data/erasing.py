"""Random erasing: a box of a clip gives way to noise (Zhong et al. 2020, Random Erasing Data Augmentation)."""

import math

import torch
from torch import Tensor, nn

from videoseq.data.augment_options import ErasingOptions

_MAX_SHAPE = 1 / 0.3
"""Largest ratio of a box's long side to its short one, that of the paper."""


class RandomErasing(nn.Module):
    """Erases one box, the same in every frame of a clip.

    It is filled with uniform noise, which did best in the paper. The noise is drawn once and stands still: noise that is new
    in every frame would be a motion that the video does not have.

    Args:
        options: How often, and how large.
    """

    def __init__(self, options: ErasingOptions) -> None:
        super().__init__()
        self.options = options

    def forward(self, clip: Tensor) -> Tensor:
        """Returns a clip (T, C, H, W) uint8 with a box erased, or the clip itself."""
        if _uniform(0, 1) >= self.options.probability:
            return clip
        height, width = clip.shape[-2:]
        area = _uniform(self.options.min_area, self.options.max_area) * height * width
        shape = math.exp(_uniform(-math.log(_MAX_SHAPE), math.log(_MAX_SHAPE)))  # rows / columns
        shape = min(max(shape, area / width**2), height**2 / area)  # the box fits into the frame
        rows, columns = max(1, round(math.sqrt(area * shape))), max(1, round(math.sqrt(area / shape)))
        top, left = (int(torch.randint(free + 1, ())) for free in (height - rows, width - columns))
        erased = clip.clone()
        noise = torch.randint(0, 256, (clip.shape[1], rows, columns), dtype=torch.uint8)
        erased[..., top : top + rows, left : left + columns] = noise  # (C, rows, columns) -> (T, C, rows, columns)
        return erased


def _uniform(low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand(()))
