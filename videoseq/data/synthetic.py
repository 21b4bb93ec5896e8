"""Data sets of real encoded videos that the program draws itself, for examples and experiments without a download."""

import json
import multiprocessing
import os
import shutil
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoseq.data import coloured_shapes, moving_shapes
from videoseq.data.writing import write_video
from videoseq.errors import ConfigError, DataError
from videoseq.types import SPLITS


@dataclass(frozen=True)
class SyntheticFamily:
    """A kind of synthetic data set.

    Attributes:
        class_names: The classes, sorted.
        draw_clip: Draws a clip from (class name, size, number of frames, source of random numbers): (T, H, W, 3) uint8.
        version: Raised whenever the same parameters give other videos, so that caches are rebuilt.
    """

    class_names: tuple[str, ...]
    draw_clip: Callable[[str, int, int, np.random.Generator], NDArray[np.uint8]]
    version: int


FAMILIES: dict[str, SyntheticFamily] = {
    "moving_shapes": SyntheticFamily(moving_shapes.MOTIONS, moving_shapes.draw_clip, version=2),
    "coloured_shapes": SyntheticFamily(tuple(coloured_shapes.SHAPES), coloured_shapes.draw_clip, version=1),
}

_ENCODER = {"qp": "12", "g": "1", "bf": "0", "preset": "ultrafast", "threads": "1"}


@dataclass(frozen=True)
class _Parameters:
    """What decides every byte of a data set."""

    num_train: int
    num_val: int
    num_test: int
    size: int
    num_frames: int
    fps: float
    seed: int
    version: int

    def check(self, num_classes: int) -> None:
        """Refuses numbers out of their range."""
        for name in ("num_train", "num_val", "num_test"):
            number = getattr(self, name)
            if number < num_classes or number % num_classes:
                raise ConfigError(
                    f"{name} must be a positive multiple of {num_classes}, one video of each class at least, "
                    f"got {number}. Fix: {name}={max(1, round(number / num_classes)) * num_classes}"
                )
        if self.size < 16 or self.size % 2:
            raise ConfigError(f"size must be an even number of at least 16 pixels, got {self.size}")
        if self.num_frames < 2:
            raise ConfigError(f"num_frames must be at least 2, for a motion, got {self.num_frames}")
        if self.fps <= 0:
            raise ConfigError(f"fps must be positive, got {self.fps}")
        if self.seed < 0:
            raise ConfigError(f"seed must be 0 or more, got {self.seed}")


def write_synthetic(
    root: Path,
    name: str,
    *,
    num_train: int,
    num_val: int,
    num_test: int,
    size: int,
    num_frames: int,
    seed: int,
    fps: float = 16,
    num_workers: int = 2,
    on_done: Callable[[], None] | None = None,
) -> Path:
    """Writes the data set `root/{train,val,test}/<class>/NNNN.mp4`, H.264, unless it is there already.

    It is written beside `root` and renamed when complete, so an interrupted call leaves nothing behind that looks like
    a data set; of two calls at once with the same parameters the slower one throws its copy away. The parameters stand in
    `root/<name>.json`: a second call with the same ones does nothing, one with others replaces the data set.

    Args:
        root: Where the data set goes; new, empty, or an older data set of this name.
        name: One of `FAMILIES`.
        num_train: Videos to train, a multiple of the number of classes; each class has the same number.
        num_val: Videos to validate, likewise.
        num_test: Videos to test, likewise.
        size: H and W, pixels, even.
        num_frames: Frames of each video.
        seed: Decides every pixel; the number of workers does not.
        fps: Frames per second of each video.
        num_workers: Processes that write; 0 and 1 write in this one. More need a main module that can be imported.
        on_done: Called once for every video written.

    Returns:
        `root`.

    Raises:
        ConfigError: A number is out of its range.
        DataError: `root` holds something else, which is not touched.
    """
    parameters = _Parameters(num_train, num_val, num_test, size, num_frames, fps, seed, FAMILIES[name].version)
    parameters.check(len(FAMILIES[name].class_names))
    marker = root / f"{name}.json"
    if _is_complete(marker, parameters):
        return root
    title = name.replace("_", " ")
    if root.exists() and not root.is_dir():
        raise DataError(f"{str(root)!r} is a file, expected a folder for the {title}. Fix: name another folder")
    if root.is_dir() and any(root.iterdir()) and not marker.is_file():
        raise DataError(
            f"{str(root)!r} holds files but no {marker.name}, so it is no data set of {title} and is left as it "
            "is. Fix: name another folder, or empty this one"
        )
    root.parent.mkdir(parents=True, exist_ok=True)
    unique = f".{root.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    fresh, old = root.with_name(f"{unique}.new"), root.with_name(f"{unique}.old")
    try:
        _write_all(fresh, name, parameters, num_workers, on_done)
        (fresh / marker.name).write_text(json.dumps(asdict(parameters), indent=2) + "\n", encoding="utf-8")
        if _is_complete(marker, parameters):
            # Another process was faster and may read its data set already.
            return root
        with suppress(FileNotFoundError):
            root.rename(old)
        try:
            fresh.rename(root)
        except OSError:
            # Another process was faster, by less.
            if not _is_complete(marker, parameters):
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return root


def _is_complete(marker: Path, parameters: _Parameters) -> bool:
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(found == asdict(parameters))


def _write_all(root: Path, name: str, parameters: _Parameters, num_workers: int, on_done: Callable[[], None] | None) -> None:
    jobs: list[tuple[int, int]] = []
    for split_index, split in enumerate(SPLITS):
        for label in FAMILIES[name].class_names:
            (root / split / label).mkdir(parents=True)
        jobs.extend((split_index, index) for index in range(getattr(parameters, f"num_{split}")))
    chunks = [jobs[start : start + 50] for start in range(0, len(jobs), 50)]
    write = partial(_write_chunk, root, name, parameters)
    if num_workers <= 1:
        for chunk in chunks:
            _advance(on_done, write(chunk))
        return
    # Not forked: a process that already runs threads of PyTorch or FFmpeg must not be copied.
    with ProcessPoolExecutor(num_workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(write, chunk) for chunk in chunks]):
            _advance(on_done, future.result())


def _advance(on_done: Callable[[], None] | None, times: int) -> None:
    if on_done is not None:
        for _ in range(times):
            on_done()


def _write_chunk(root: Path, name: str, parameters: _Parameters, jobs: list[tuple[int, int]]) -> int:
    family = FAMILIES[name]
    for split_index, index in jobs:
        number, class_id = divmod(index, len(family.class_names))
        label = family.class_names[class_id]
        rng = np.random.default_rng([parameters.seed, split_index, index])
        frames = family.draw_clip(label, parameters.size, parameters.num_frames, rng)
        path = root / SPLITS[split_index] / label / f"{number:04d}.mp4"
        write_video(path, frames, fps=parameters.fps, codec="libx264", options=_ENCODER)
    return len(jobs)
