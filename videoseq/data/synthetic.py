"""Data sets of real encoded videos that the program draws itself, for examples and experiments without a download."""

import csv
import json
import multiprocessing
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.data import coloured_shapes, gestures, motion_sequences, motion_sets, moving_shapes, moving_speeds
from videoseq.data.synthetic_options import ClipsOptions, SyntheticOptions
from videoseq.data.writing import write_video
from videoseq.errors import DataError
from videoseq.types import SPLITS

Label = tuple[object, ...]
"""A row of a list of labels: the values of a family's columns."""


@dataclass(frozen=True)
class SyntheticFamily:
    """A kind of synthetic data set.

    Attributes:
        draw: Draws a video from (options of the family, its number in the data set, source of random numbers): frames,
            (T, H, W, 3) uint8, and the rows of labels that tell of it.
        version: Raised whenever the same options give other videos, so that caches are rebuilt.
        columns: Columns of the labels, behind `path` and before `split`.
        list_name: File in the root that holds the labels of all videos; None: the one label is the name of the video's folder.
    """

    draw: Callable[[Any, int, np.random.Generator], tuple[NDArray[np.uint8], Sequence[Label]]]
    version: int
    columns: tuple[str, ...] = ("label",)
    list_name: str | None = None


def _of_classes(
    names: Sequence[str], draw_clip: Callable[[str, int, int, np.random.Generator], NDArray[np.uint8]]
) -> Callable[[ClipsOptions, int, np.random.Generator], tuple[NDArray[np.uint8], Sequence[Label]]]:
    """Returns what draws the classes in turn."""

    def draw(options: ClipsOptions, index: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Sequence[Label]]:
        label = names[index % len(names)]
        return draw_clip(label, options.size, options.num_frames, rng), [(label,)]

    return draw


FAMILIES: dict[str, SyntheticFamily] = {
    "moving_shapes": SyntheticFamily(_of_classes(moving_shapes.MOTIONS, moving_shapes.draw_clip), version=2),
    "coloured_shapes": SyntheticFamily(_of_classes(tuple(coloured_shapes.SHAPES), coloured_shapes.draw_clip), version=1),
    "motion_sequences": SyntheticFamily(
        motion_sequences.draw, 1, ("start_seconds", "end_seconds", "label"), list_name="segments.csv"
    ),
    "motion_sets": SyntheticFamily(motion_sets.draw, 1, ("labels",), list_name="annotations.csv"),
    "moving_speeds": SyntheticFamily(moving_speeds.draw, 1, ("value",), list_name="annotations.csv"),
    "varying_speeds": SyntheticFamily(moving_speeds.draw_varying, 1, ("time_seconds", "value"), list_name="values.csv"),
    "gestures": SyntheticFamily(gestures.draw, 1, ("label", "group"), list_name="annotations.csv"),
}
"""The data sets that `SYNTHETIC_SETS` has options for."""

_ENCODER = {"qp": "12", "g": "1", "bf": "0", "preset": "ultrafast", "threads": "1"}
_VIDEOS_AT_ONCE = 20


def write_synthetic(
    root: Path, options: SyntheticOptions, *, num_workers: int = 2, on_done: Callable[[], None] | None = None
) -> Path:
    """Writes a data set of H.264 files, `root/{train,val,test}/NNNN.mp4`, unless it is there already.

    Where videos have a class they lie in its folder, `root/{train,val,test}/<class>/NNNN.mp4`, else their labels stand in a
    CSV file in the root.

    It is written beside `root` and renamed when complete, so an interrupted call leaves nothing behind that looks like
    a data set; of two calls at once with the same options the slower one throws its copy away. The options stand in
    `root/<name>.json`: a second call with the same ones does nothing, one with others replaces the data set.

    Args:
        root: Where the data set goes; new, empty, or an older data set of this name.
        options: Which one; they decide every pixel, the number of workers does not.
        num_workers: Processes that write; 0 and 1 write in this one. More need a main module that can be imported.
        on_done: Called once for every video written.

    Returns:
        `root`.

    Raises:
        DataError: `root` holds something else, which is not touched.
    """
    # As they are read back.
    parameters = json.loads(json.dumps({**asdict(options), "version": FAMILIES[options.name].version}))
    marker = root / f"{options.name}.json"
    if _is_complete(marker, parameters):
        return root
    title = options.name.replace("_", " ")
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
        _write_all(fresh, options, num_workers, on_done)
        (fresh / marker.name).write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")
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


def _is_complete(marker: Path, parameters: dict[str, Any]) -> bool:
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(found == parameters)


def _write_all(root: Path, options: SyntheticOptions, num_workers: int, on_done: Callable[[], None] | None) -> None:
    jobs = [(position, index) for position, split in enumerate(SPLITS) for index in range(getattr(options, f"num_{split}"))]
    chunks = [jobs[start : start + _VIDEOS_AT_ONCE] for start in range(0, len(jobs), _VIDEOS_AT_ONCE)]
    write = partial(_write_chunk, root, options)
    rows: list[list[Label]] = []
    if num_workers <= 1:
        for chunk in chunks:
            rows.append(write(chunk))
            _advance(on_done, len(chunk))
    else:
        # Not forked: a process that already runs threads of PyTorch or FFmpeg must not be copied.
        with ProcessPoolExecutor(num_workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            futures = [pool.submit(write, chunk) for chunk in chunks]
            sizes = dict(zip(futures, map(len, chunks), strict=True))
            for future in as_completed(futures):
                future.result()
                _advance(on_done, sizes[future])
            rows = [future.result() for future in futures]
    family = FAMILIES[options.name]
    if family.list_name is not None:
        with (root / family.list_name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["path", *family.columns, "split"])
            writer.writerows(row for chunk in rows for row in chunk)


def _advance(on_done: Callable[[], None] | None, times: int) -> None:
    if on_done is not None:
        for _ in range(times):
            on_done()


def _write_chunk(root: Path, options: SyntheticOptions, jobs: Sequence[tuple[int, int]]) -> list[Label]:
    """Writes some videos, (split's position, number) each, and returns the rows of the list that tell of them."""
    family = FAMILIES[options.name]
    written: list[Label] = []
    for position, index in jobs:
        split = SPLITS[position]
        number = index + sum(getattr(options, f"num_{before}") for before in SPLITS[:position])
        frames, labels = family.draw(options, number, np.random.default_rng([options.seed, position, index]))
        path = Path(split, f"{index:04d}.mp4")
        if family.list_name is None:
            path = Path(split, str(labels[0][0]), f"{index // options.num_classes:04d}.mp4")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_video(root / path, frames, fps=options.fps, codec="libx264", options=_ENCODER)
        written.extend((path.as_posix(), *label, split) for label in labels)
    return written
