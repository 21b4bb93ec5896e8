"""Small data sets for every task: real encoded videos of a bar whose every step is known, and labels that follow from it."""

from pathlib import Path

import numpy as np

from videoseq.data.writing import write_video

FPS = 10
NUM_FRAMES = 20
SPLITS = ("train", "train", "val", "test")

TASKS: dict[str, tuple[str, ...]] = {
    "multilabel": ("task.name=multilabel",),
    "frames": ("task.name=frames",),
    "regression": ("task.name=regression",),
    "values": ("task.name=regression", "task.per_frame=true"),
}
"""Kind of a data set -> the options of a training on it."""

_FILES = {"multilabel": "annotations.csv", "frames": "segments.csv", "regression": "annotations.csv", "values": "values.csv"}
_HEADERS = {
    "multilabel": "path,labels,split",
    "frames": "path,start_seconds,end_seconds,label,split",
    "regression": "path,value,split",
    "values": "path,time_seconds,value,split",
}


def write_task_data(root: Path, kind: str, num_videos: int = 16) -> Path:
    """Writes `N.mp4` of 20 frames, 10 a second, in which a bar moves first one way and then another, and their labels.

    `multilabel`: whether it ever moves `left` or `right`; `frames`: which of them it does now, unlabelled where it rests;
    `regression`: its mean step in pixels per frame; `values`: its step now.

    Args:
        root: An empty folder, or none yet.
        kind: One of `TASKS`.
        num_videos: Half of them train; a quarter each is for validation and test.
    """
    root.mkdir(parents=True, exist_ok=True)
    lines = [_HEADERS[kind]]
    for number in range(num_videos):
        rng = np.random.default_rng(number)
        first, second = np.array([(-3, 2), (2, -3), (3, 0), (0, -2)])[number % 4]
        turn = int(rng.integers(6, NUM_FRAMES - 6))
        write_bar(root / f"{number}.mp4", np.array([first] * turn + [second] * (NUM_FRAMES - turn)), rng)
        split = SPLITS[number // 4 % 4]
        parts = ((0.0, turn / FPS, first), (turn / FPS, NUM_FRAMES / FPS, second))
        lines += [f"{number}.mp4,{cells},{split}" for cells in _cells(kind, parts)]
    (root / _FILES[kind]).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def write_bar(path: Path, steps: np.ndarray, rng: np.random.Generator, size: int = 32) -> None:
    """Writes a video of a bright bar over a dark random background, which moves by so many pixels behind every frame."""
    background = rng.integers(0, 60, (size, size, 3), np.uint8)
    places = int(rng.integers(size)) + np.append(0, np.cumsum(steps)[:-1])
    frames = []
    for place in places:
        frame = background.copy()
        frame[:, (place + np.arange(6)) % size] = (200, 220, 240)
        frames.append(frame)
    write_video(path, frames, fps=FPS, options={"g": "5", "crf": "18", "preset": "ultrafast"})


def _cells(kind: str, parts: tuple[tuple[float, float, int], ...]) -> list[str]:
    """Returns the cells between path and split, one text for each row of a video."""
    named = [(start, end, "left" if step < 0 else "right") for start, end, step in parts if step]
    if kind == "multilabel":
        return ["|".join(sorted({name for _, _, name in named}))]
    if kind == "frames":
        return [f"{start:.3f},{end:.3f},{name}" for start, end, name in named]
    if kind == "regression":
        return [f"{sum((end - start) * step for start, end, step in parts) / (NUM_FRAMES / FPS):.4f}"]
    return [f"{seconds:.3f},{step}" for start, end, step in parts for seconds in (start, end - 0.001)]
