"""Videos of any length with a class for every frame: they are bright or dark for a few frames at a time."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from videoseq.data.writing import write_video


def write_data(root: Path, num_frames: Mapping[str, Sequence[int]]) -> Path:
    """Writes a data set with `segments.csv`; returns its folder.

    Args:
        root: The folder, which is there.
        num_frames: Split -> frames of each of its videos.
    """
    lines = ["path,start_seconds,end_seconds,label,split"]
    for split, lengths in num_frames.items():
        for number, length in enumerate(lengths):
            name = f"{split}_{number}.mp4"
            for start, end, label in write_flicker(root / name, length, 10 * len(split) + number):
                lines.append(f"{name},{start / 10},{end / 10},{label},{split}")
    (root / "segments.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def write_flicker(path: Path, num_frames: int, seed: int) -> list[tuple[int, int, str]]:
    """Writes a video that is bright or dark for a few frames at a time; returns the segments, in frames."""
    rng = np.random.default_rng(seed)
    segments, start = [], 0
    while start < num_frames:
        end = min(start + int(rng.integers(2, 6)), num_frames)
        segments.append((start, end, "bright" if len(segments) % 2 else "dark"))
        start = end
    values = np.concatenate([np.full(end - start, 200 if label == "bright" else 40) for start, end, label in segments])
    noise = rng.integers(0, 30, (num_frames, 16, 16, 3))
    write_video(path, (values[:, None, None, None] + noise).astype(np.uint8), fps=10, options={"g": "4"})
    return segments
