"""Lists `id;label` of videos that are folders of frames, as the first releases of 20BN's data sets have them."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from videoseq.data.formats.source import Source
from videoseq.data.formats.text_files import csv_rows, find_file, find_optional, text_rows
from videoseq.errors import DataError, suggest
from videoseq.types import FrameFolder, Split, VideoRecord

_log = logging.getLogger(__name__)

_FRAMES = FrameFolder("%05d.jpg", 12.0)


ANSWERS = "test-answers"
"""The part whose list names the labels of the test videos, where it is there."""


def list_names(name: str, part: str, suffix: str) -> list[str]:
    """Returns the names that a list may have: of the first release with the data set's name, later without."""
    return [f"{name}-{part}{suffix}", f"{part}{suffix}"]


def find_answers(folders: Sequence[Path], name: str) -> Path | None:
    """Returns the list of the labels of the test videos; None where there is none."""
    return find_optional(folders, list_names(name, ANSWERS, ".csv"))


def id_rows(file: Path) -> Iterator[tuple[str, str, str]]:
    """Yields the place, the id and the label of every row `id;label`; the label may be empty.

    Raises:
        DataError: The file cannot be read, or a row is none of its kind.
    """
    for line, values in csv_rows(file, delimiter=";"):
        where = f"{file.name} row {line}"
        video, label = (*(value.strip() for value in values), "")[:2]
        if len(values) > 2 or not video:
            raise DataError(f"{where}: got {';'.join(values)!r}, expected id;label. Fix: correct the row")
        yield where, video, label


def read_id_lists(source: Source, name: str) -> list[VideoRecord]:
    """Reads a data set of lists `{labels,train,validation,test}.csv` and a folder of frames `<id>/00001.jpg` a video.

    The lists may begin with `<name>-`. They lie in the root, in `labels/` below it, or in the folder that is named as
    annotations; the folders of frames in the root or in `20bn-<name>/` below it. The file of the labels has one a line; rows of
    the test list without a label are counted and left out, and `test-answers.csv` is taken in its place where it is there.

    Args:
        source: The data set.
        name: Its name, such as `jester-v1`.

    Returns:
        The records in the order of the lists, of official splits.

    Raises:
        DataError: A list is missing (the test list may be), a row is none of its kind, names another class or no video.
    """
    source = source.with_usual_frames(_FRAMES)
    layout = (
        f"{name}-labels.csv, {name}-train.csv and {name}-validation.csv with id;label (or labels/labels.csv, labels/train.csv "
        "and labels/validation.csv), and the frames id/00001.jpg"
    )
    folders = source.annotation_folders(("", "labels"))
    labels_file = find_file(folders, list_names(name, "labels", ".csv"), layout)
    labels = {text for _, text in text_rows(labels_file)}
    records: list[VideoRecord] = []
    num_unlabelled = 0
    base: str | None = None
    for split, file in _find_lists(folders, name, layout).items():
        for where, video, label in id_rows(file):
            if not label and split == "test":
                num_unlabelled += 1
                continue
            if label not in labels:
                raise DataError(f"{where}: the label {label!r} is not in {labels_file.name}. Fix: {suggest(label, labels)}")
            if base is None:
                base = source.folder_with(video, ("", f"20bn-{name}"), layout)
            path = f"{base}/{video}" if base else video
            records.append(source.record(path, label, where, split=split, is_official=True))
    if num_unlabelled:
        _log.info("%d videos of the test list have no label and are left out", num_unlabelled)
    return records


def _find_lists(folders: Sequence[Path], name: str, layout: str) -> dict[Split, Path]:
    found: dict[Split, Path] = {
        "train": find_file(folders, list_names(name, "train", ".csv"), layout),
        "val": find_file(folders, list_names(name, "validation", ".csv"), layout),
    }
    test = find_answers(folders, name) or find_optional(folders, list_names(name, "test", ".csv"))
    return found if test is None else found | {"test": test}
