"""Parsing a data set into labelled videos, whatever format it comes in."""

from pathlib import Path

import numpy as np

from videoseq.data.annotation_format import AnnotationFormat
from videoseq.data.formats import FORMATS
from videoseq.data.formats.class_folders import LAYOUTS
from videoseq.data.formats.csv_kinds import CSV_KINDS, csv_kind
from videoseq.data.formats.source import Source
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.records import Records
from videoseq.data.resolving import Resolver
from videoseq.errors import ConfigError, DataError, suggest
from videoseq.types import TaskSpec

UNFINISHED_MARK = ".preparing"
"""Name of a file in a folder to which a data set is being copied, or was until something stopped it."""


def read_annotations(
    root: Path | None,
    annotations: Path | None = None,
    format: AnnotationFormat = "auto",
    *,
    index: int | None = None,
    class_names_file: Path | None = None,
    allow_outside_root: bool = False,
    frame_folders: FrameFolderOptions = FrameFolderOptions(),  # noqa: B008
    unfinished: bool = False,
    task: TaskSpec = TaskSpec(),  # noqa: B008
) -> Records:
    """Reads every labelled video of a data set.

    Args:
        root: The data set's folder; paths in a CSV or list are relative to it. None: the folder of `annotations`.
        annotations: A file, or the folder of the lists for formats that have several; None is where the format has them.
        format: A key of `FORMATS`, or `auto`: csv where there is a CSV file, else class folders.
        index: Which of the official splits, from 1; None is the first of a format that has some.
        class_names_file: Names the classes of a list whose labels are integers.
        allow_outside_root: Whether videos may lie outside the root, also through symbolic links.
        frame_folders: Which folders of images are videos.
        unfinished: Whether the data set may be one that is being prepared.
        task: What the labels are; others than classes of videos stand in a CSV.

    Returns:
        The records, sorted by path and time; the order depends on nothing but the data set.

    Raises:
        ConfigError: The format is unknown, or neither `root` nor `annotations` is given, or options contradict `format`.
        DataError: The root or the annotations are missing or wrong, no videos are found, a row is wrong, or a video
            stands there twice.
    """
    if format != "auto" and format not in FORMATS:
        raise ConfigError(f"unknown data.format {format!r}: {suggest(format, ['auto', *FORMATS])}")
    if root is None and annotations is None:
        columns = ",".join(csv_kind(task).columns)
        if task.name != "classification":
            raise ConfigError(
                f"no data set given. Fix: data.annotations=FILE.csv with the columns {columns}, or data.root=DIR, the folder "
                f"that holds it as {csv_kind(task).file}"
            )
        raise ConfigError(
            f"no data set given. Fix: data.root=DIR, a folder of {LAYOUTS}, or data.annotations=FILE.csv with the "
            f"columns {columns}; other layouts have a data.format of their own: {', '.join(FORMATS)}"
        )
    if root is not None:
        _check_root(root)
    if task.name == "classification":
        name = _recognise(root, annotations) if format == "auto" else format
    elif format in ("auto", "csv"):
        name = "csv"
    else:
        raise ConfigError(
            f"data.format={format} names one class of each video, got {csv_kind(task).task}. Fix: data.annotations=FILE.csv "
            f"with the columns {','.join(csv_kind(task).columns)}, and data.format=csv"
        )
    _check_options(name, annotations, index, class_names_file)
    source = Source(
        root=_base(root, annotations).absolute(),
        annotations=annotations,
        index=index or 1,
        class_names=class_names_file,
        allow_outside_root=allow_outside_root,
        frame_folders=frame_folders,
        frames=frame_folders.resolved(),
        task=task,
    )
    if not unfinished:
        _check_finished(source.root)
    records = Records.of(FORMATS[name].read(source))
    _check_frame_folders(records, frame_folders)
    _check_unique(records, source.resolver)
    return records.take(records.order())


def _recognise(root: Path | None, annotations: Path | None) -> str:
    """Returns the format that `auto` stands for; a format that a user did not ask for is named and not taken."""
    if annotations is not None and annotations.suffix.lower() == ".txt":
        raise DataError(
            f"data.annotations={str(annotations)!r} is no CSV by its name. Fix: data.format=list reads lists with 'path label' "
            "in every line, data.format=csv a CSV of any name"
        )
    if root is None or annotations is not None or (root / "annotations.csv").exists():
        return "csv"
    tracks = next((kind for kind in CSV_KINDS.values() if kind.has_tracks and (root / kind.file).exists()), None)
    if tracks is not None:
        raise DataError(
            f"{str(root)!r} holds {tracks.file!r}, which {tracks.task} reads. Fix: {tracks.fix}, or set data.format=folders "
            "for class folders whatever it says"
        )
    for name, format in FORMATS.items():
        found = next((sign for sign in format.signs if (root / sign).exists()), None)
        if found is not None:
            raise DataError(
                f"{str(root)!r} holds {found!r}, which data.format={name} reads. Fix: set data.format={name}, or "
                "data.format=folders for class folders whatever the lists say, or name a CSV of your own with "
                "data.annotations=FILE"
            )
    return "folders"


def _check_options(format: str, annotations: Path | None, index: int | None, class_names_file: Path | None) -> None:
    """Refuses options that the format does not have."""
    if annotations is not None and not FORMATS[format].takes_annotations:
        raise ConfigError(f"data.format={format} reads no CSV. Fix: remove data.annotations, or set data.format=csv")
    num_splits = FORMATS[format].num_splits
    if index is not None and not 1 <= index <= num_splits:
        official = [name for name, each in FORMATS.items() if each.num_splits]
        has = f"has the official splits 1 to {num_splits}" if num_splits else f"has none, only {' and '.join(official)} have"
        raise ConfigError(
            f"data.split.index={index} chooses an official split, data.format={format} {has}. Fix: correct or remove it"
        )
    if class_names_file is not None and format != "list":
        raise ConfigError(
            f"data.class_names names the integer labels of data.format=list, got data.format={format}, whose labels are names. "
            "Fix: remove it"
        )


def _check_frame_folders(records: Records, options: FrameFolderOptions) -> None:
    """Refuses options of folders of frames where no video is one."""
    if (records.frames >= 0).any():
        return
    if options.pattern is not None:
        raise ConfigError(
            f"data.frame_folders.pattern={options.pattern!r}: no folder of frames found, all {len(records)} videos are files, "
            f"the first is {str(records[0].path)!r}. Fix: remove it, or correct data.root or the annotations"
        )
    if options.fps is not None:
        raise ConfigError(
            "data.frame_folders.fps has no effect on video files. Fix: remove it, or name the images of folders of frames with "
            "data.frame_folders.pattern"
        )


def _base(root: Path | None, annotations: Path | None) -> Path:
    if root is not None or annotations is None:
        return root or Path()
    return annotations if annotations.is_dir() else annotations.parent


def _check_root(root: Path) -> None:
    if not root.exists():
        raise DataError(f"there is no folder {str(root)!r}. Fix: correct data.root")
    if not root.is_dir():
        fix = "give it as data.annotations" if root.suffix.lower() == ".csv" else "give the folder that holds it"
        raise DataError(f"data.root={str(root)!r} is a file, expected a folder. Fix: {fix}")


def _check_finished(root: Path) -> None:
    if (root / UNFINISHED_MARK).exists():
        raise DataError(
            f"{str(root)!r} is being prepared, or was until something stopped it, and does not hold all videos. "
            "Fix: run the same videoseq.prepare again, which goes on where it stopped"
        )


def _check_unique(records: Records, resolver: Resolver) -> None:
    """Refuses the same part of the same file twice: it would count twice, or teach two labels."""
    numbers: dict[str, int] = {}
    targets = np.array([numbers.setdefault(resolver(path), len(numbers)) for path in records.paths.names], np.int64)
    # No start or end is a number that none has.
    keys = targets[records.paths.codes], np.nan_to_num(records.starts, nan=-1.0), np.nan_to_num(records.ends, nan=-1.0)
    order = np.lexsort(keys)  # stable: of equal ones the first comes first
    repeats = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    if not repeats.any():
        return
    position = int(order[1:][repeats].min())
    is_same = np.logical_and.reduce([key == key[position] for key in keys])
    first, record = records[int(np.flatnonzero(is_same)[0])], records[position]
    labels = "" if first.label == record.label else f" with two labels, {first.label!r} and {record.label!r}"
    fix = "delete one of the two" if records.tracks is None else "write the same path in all rows of a video"
    raise DataError(f"{record.row}: the same video {record.path.name!r} as {first.row}{labels}. Fix: {fix}")
