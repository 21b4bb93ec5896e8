"""Parsing a data set into labelled videos, from class folders or a CSV file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from videoseq.data.annotation_csv import COLUMNS, read_annotation_csv
from videoseq.data.class_folders import LAYOUTS, read_class_folders
from videoseq.errors import ConfigError, DataError, suggest
from videoseq.types import VideoRecord

AnnotationFormat = Literal["auto", "folders", "csv"]


def read_annotations(
    root: Path | None,
    annotations: Path | None = None,
    format: AnnotationFormat = "auto",
    *,
    allow_outside_root: bool = False,
) -> list[VideoRecord]:
    """Reads every labelled video of a data set.

    Args:
        root: The data set's folder; paths in a CSV are relative to it. None: the folder of `annotations`.
        annotations: A CSV file; None is `root/annotations.csv` where `format` asks for a CSV or it is there.
        format: `folders` (`class_name/*.mp4` or `{train,val,test}/class_name/*.mp4`), `csv`
            (`path,label[,split,group,start_seconds,end_seconds]`), or `auto`: csv where there is a CSV file.
        allow_outside_root: Whether videos may lie outside the root, also through symbolic links.

    Returns:
        The records, sorted by path and time; the order depends on nothing but the data set.

    Raises:
        ConfigError: The format is unknown, or neither `root` nor `annotations` is given, or both contradict `format`.
        DataError: The root or the CSV is missing or wrong, no videos are found, a row is wrong, or a video stands
            there twice.
    """
    if format not in ("auto", "folders", "csv"):
        raise ConfigError(f"unknown data.format {format!r}: {suggest(format, ['auto', 'folders', 'csv'])}")
    if root is None and annotations is None:
        raise ConfigError(
            f"no data set given. Fix: data.root=DIR, a folder of {LAYOUTS}, or data.annotations=FILE.csv with the "
            f"columns {','.join(COLUMNS)}"
        )
    if format == "folders" and annotations is not None:
        raise ConfigError("data.format=folders reads no CSV. Fix: remove data.annotations, or set data.format=csv")
    if root is not None:
        _check_root(root)
        root = root.absolute()
    file = annotations
    if file is None and root is not None and format != "folders" and (root / "annotations.csv").exists():
        file = root / "annotations.csv"
    if file is not None:
        if not file.is_file():
            got = "is a folder" if file.is_dir() else "is no regular file" if file.exists() else "does not exist"
            raise DataError(f"the annotations {str(file)!r}: {got}, expected a CSV. Fix: correct data.annotations")
        records = read_annotation_csv(file, root, allow_outside_root=allow_outside_root)
    elif root is None or format == "csv":
        raise DataError(
            f"there is no {str(root or '') + '/annotations.csv'!r}, expected for data.format=csv. "
            "Fix: set data.annotations=FILE.csv, or data.format=folders"
        )
    else:
        records = read_class_folders(root, allow_outside_root=allow_outside_root)
    _check_unique(records)
    return sorted(records, key=record_order)


def record_order(record: VideoRecord) -> tuple[str, float, float, str]:
    """The order of records everywhere: by path, start, end and row."""
    end = float("inf") if record.end_seconds is None else record.end_seconds
    return str(record.path), record.start_seconds or 0.0, end, record.row


def class_names(records: Sequence[VideoRecord]) -> tuple[str, ...]:
    """Returns the class names, sorted; a class id is the place of its name here and comes from nowhere else."""
    return tuple(sorted({record.label for record in records}))


def check_labels(records: Sequence[VideoRecord], class_names: Sequence[str]) -> None:
    """Checks that every label is one of the classes that a model knows.

    Raises:
        DataError: A label is not; the message names its row and the nearest class name.
    """
    known = set(class_names)
    for record in records:
        if record.label not in known:
            raise DataError(
                f"{record.row}: unknown label {record.label!r}, expected one of the {len(known)} classes. "
                f"Fix: {suggest(record.label, known)}"
            )


def _check_root(root: Path) -> None:
    if not root.exists():
        raise DataError(f"there is no folder {str(root)!r}. Fix: correct data.root")
    if not root.is_dir():
        fix = "give it as data.annotations" if root.suffix.lower() == ".csv" else "give the folder that holds it"
        raise DataError(f"data.root={str(root)!r} is a file, expected a folder. Fix: {fix}")


def _check_unique(records: Sequence[VideoRecord]) -> None:
    """Refuses the same part of the same file twice: it would count twice, or teach two labels."""
    seen: dict[tuple[Path, float | None, float | None], VideoRecord] = {}
    for record in records:
        first = seen.setdefault((record.path.resolve(), record.start_seconds, record.end_seconds), record)
        if first is not record:
            labels = "" if first.label == record.label else f" with two labels, {first.label!r} and {record.label!r}"
            raise DataError(
                f"{record.row}: the same video {record.path.name!r} as {first.row}{labels}. Fix: delete one of the two"
            )
