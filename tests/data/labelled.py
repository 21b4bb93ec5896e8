"""Data sets of real encoded videos with labels of every kind; each frame carries its number, so that a test knows its label."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from tests.data.conftest import numbered_frames
from videoseq.data.manifest import Manifest, build_manifest
from videoseq.data.options import DataOptions
from videoseq.data.writing import write_video
from videoseq.reporting.progress import progress_bar
from videoseq.types import ClipSpec, TaskSpec

FPS = 10
MULTILABEL = TaskSpec("multilabel")
FRAMES = TaskSpec("frames", per_frame=True)
WITH_REST = TaskSpec("frames", per_frame=True, background="rest")
VALUE = TaskSpec("regression")
VALUES = TaskSpec("regression", per_frame=True)

CLIP = ClipSpec(num_frames=8, height=48, width=66, crop_fraction=1.0, sampling="random_clip", padding="mask")
"""Clips in which `numbers_of` can read the number of every frame."""


def write_videos(root: Path, lengths: Sequence[int]) -> Path:
    """Writes `0.mp4`, `1.mp4` and so on with so many numbered frames, at most 64, 10 a second."""
    root.mkdir(parents=True, exist_ok=True)
    for number, length in enumerate(lengths):
        write_video(root / f"{number}.mp4", numbered_frames(length, 48, 66), fps=FPS, options={"preset": "ultrafast"})
    return root


def write_rows(root: Path, name: str, *lines: str) -> Path:
    """Writes a CSV into the root."""
    (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def build(root: Path, task: TaskSpec, expected: Sequence[str] | None = None, **changes: object) -> Manifest:
    """Returns the manifest of a data set."""
    options = replace(DataOptions(root=str(root), num_workers=0), **changes)
    return build_manifest(options, root.parent / "cache", progress_bar, expected, task)


def numbers_of(clip: Tensor) -> list[int]:
    """Returns the numbers that the frames of a clip carry, given (T, C, H, W) uint8 in the size of `CLIP`."""
    columns = clip[:, :, :24].float().mean((1, 2))  # (T, C, H, W) -> (T, W)
    bits = columns.unflatten(1, (6, 11))[:, :, 3:8].mean(2) > 128  # (T, 6)
    return (bits.long() * 2 ** torch.arange(6)).sum(1).tolist()
