"""Clips as animated GIFs."""

import io

from PIL import Image
from torch import Tensor


def encode_gif(clip: Tensor, fps: float = 8) -> bytes:
    """Returns a clip as the bytes of an endlessly repeating GIF.

    Args:
        clip: (T, C, H, W) uint8 RGB.
        fps: Frames per second.
    """
    images = [Image.fromarray(frame.permute(1, 2, 0).numpy()) for frame in clip]  # (C, H, W) -> (H, W, C)
    buffer = io.BytesIO()
    images[0].save(buffer, format="GIF", save_all=True, append_images=images[1:], duration=round(1000 / fps), loop=0)
    return buffer.getvalue()
