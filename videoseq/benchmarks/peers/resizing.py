"""Scaling frames after they were decoded, as torchvision's transforms do."""

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.transforms.v2 import functional


def resized(frames: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Returns frames scaled bilinearly with anti-aliasing, (T, h, w, 3) -> (T, H, W, 3) uint8.

    The frames stay channels-last in memory, for which torch has a fast way with uint8.
    """
    channels_first = torch.from_numpy(frames).permute(0, 3, 1, 2)  # (T, h, w, 3) -> (T, 3, h, w)
    scaled = functional.resize(channels_first, list(size), antialias=True)
    result: NDArray[np.uint8] = scaled.permute(0, 2, 3, 1).contiguous().numpy()  # (T, 3, H, W) -> (T, H, W, 3)
    return result
