"""A picture of clips beside what a model said about them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from videoseq.reporting.figures import drawable


class ShownClip(NamedTuple):
    """A clip of the sheet.

    Attributes:
        frames: (T, C, H, W) uint8 RGB.
        text: What the model says about its video, and where that is wrong what is true.
        is_wrong: Whether it is.
    """

    frames: Tensor
    text: str
    is_wrong: bool


def write_clip_sheet(path: Path, clips: Sequence[ShownClip]) -> None:
    """Draws `clip_sheet` into a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    clip_sheet(clips).savefig(path, dpi=110)


def clip_sheet(clips: Sequence[ShownClip], num_frames: int = 6, num_columns: int = 2) -> Figure:
    """Draws a strip of frames per clip under its prediction, wrong ones in red.

    Args:
        clips: What is shown.
        num_frames: Frames of each strip, evenly spread over the clip.
        num_columns: Strips side by side.
    """
    rows = -(-len(clips) // num_columns)
    figure = Figure(figsize=(num_columns * num_frames * 0.8, rows * 1.15), layout="constrained")
    panels = figure.subplots(rows, num_columns, squeeze=False)
    for axes in panels.flat:
        axes.axis("off")
    for axes, clip in zip(panels.flat, clips, strict=False):
        chosen = [round(step * (len(clip.frames) - 1) / max(num_frames - 1, 1)) for step in range(num_frames)]
        frames = F.pad(clip.frames[chosen], (0, max(1, clip.frames.shape[-1] // 32)), value=255)  # a white gap behind each
        strip = frames.permute(2, 0, 3, 1).flatten(1, 2)  # (T, C, H, W) -> (H, T, W, C) -> (H, T * W, C)
        axes.imshow(strip.numpy())
        colour = "red" if clip.is_wrong else "black"
        axes.set_title(drawable(clip.text), fontsize=9, color=colour, loc="left", parse_math=False)
    return figure
