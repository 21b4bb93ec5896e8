"""Text lists with `path label` in every line, the label a name or an integer id."""

import re
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from videoseq.data.formats.source import Source
from videoseq.data.formats.split_words import find_split_files
from videoseq.data.formats.text_files import find_file, text_rows
from videoseq.data.frame_folders import is_folder, look_into
from videoseq.data.local_files import is_video_name
from videoseq.errors import DataError, suggest
from videoseq.types import SPLITS, Split, VideoRecord

LAYOUT = "lists train.txt, val.txt and test.txt (or data.annotations=FILE) with 'path label' in every line"
_NAMES = ("classInd.txt", "labels.txt", "classes.txt")


class _Row(NamedTuple):
    """One line of a list."""

    path: str
    num_frames: int | None
    label: str
    where: str
    split: Split | None


def read_path_list(source: Source) -> list[VideoRecord]:
    """Reads text lists: a path, white space, and a label that holds none.

    Lines of folders of frames may hold the number of frames between both, as those of MMAction2 do. Where all labels are
    integers and a file names the classes, these are the labels: the file that is given, or `classInd.txt`, `labels.txt` or
    `classes.txt` beside the lists. Its lines are `id name`, or names of which the first is that of id 0.

    Args:
        source: The data set; its annotations are one list without splits, None takes `train.txt`, `val.txt` and
            `test.txt` in the root, also with the other words for the splits.

    Returns:
        The records in the order of the lines.

    Raises:
        DataError: There is no list, a line is none of its kind, names a class that is not known or no video.
    """
    named = source.annotation_file(LAYOUT)
    files: dict[Path, Split | None] = {named: None} if named is not None else {}
    if named is None:
        files = {file: split for split, file in find_split_files([source.root], [".txt"]).items()}
        files = files or {find_file([source.root], [f"{split}.txt" for split in SPLITS], LAYOUT): None}
    rows = [
        _read_row(source, text, f"{file.name} row {line}", split)
        for file, split in files.items()
        for line, text in text_rows(file)
    ]
    if not rows:
        raise DataError(f"no videos found: {', '.join(map(str, files))} are empty, expected {LAYOUT}. Fix: add rows")
    names_file = _find_names(source, next(iter(files)).parent)
    names = _read_names(names_file) if names_file is not None else None
    are_ids = all(row.label.isdecimal() for row in rows)
    records = []
    for row in rows:
        label = row.label if names is None else _name(row, names, are_ids=are_ids)
        records.append(source.record(row.path, label, row.where, split=row.split))
        _check_count(records[-1], row.num_frames)
    return records


def _read_row(source: Source, text: str, where: str, split: Split | None) -> _Row:
    path, label = _split_last(text, where)
    found = re.fullmatch(r"(.*\S)\s+(\d+)", path)
    if found is not None and not is_folder(source.root / path) and is_folder(source.root / found[1]):
        return _Row(found[1], int(found[2]), label, where, split)
    return _Row(path, None, label, where, split)


def _check_count(record: VideoRecord, num_frames: int | None) -> None:
    """Refuses a folder that holds another number of frames than the list says: its extraction was interrupted."""
    if num_frames is None or record.frames is None:
        return
    found = len(look_into(record.path, record.frames.pattern).images)
    if found != num_frames:
        raise DataError(
            f"{record.row}: the list says {num_frames} frames, the folder {str(record.path)!r} holds {found} named "
            f"{record.frames.pattern!r}. Fix: extract its frames again, or correct the list"
        )


def _split_last(text: str, where: str) -> tuple[str, str]:
    """Returns what stands before the last word of a line, and the word."""
    found = re.fullmatch(r"(.*\S)\s+(\S+)", text)
    # With a space in the path, `take 1.mp4,wave` would otherwise be the file `take` of the class `1.mp4,wave`.
    first = re.split("[,;]", text, maxsplit=1)[0].rstrip()
    if first != text and is_video_name(PurePosixPath(first).name) and not (found and is_video_name(found[1])):
        raise DataError(
            f"{where}: got {text!r}, expected white space between path and label, such as 'clips/a.mp4 wave'. Fix: separate "
            "them by white space, or set data.format=csv for a CSV with the header path,label"
        )
    if found is None:
        raise DataError(f"{where}: got {text!r}, expected a path and a label, such as 'clips/a.mp4 wave'. Fix: correct the row")
    return found[1], found[2]


class _Names(NamedTuple):
    """The classes that a file names, by id."""

    file: Path
    by_id: dict[str, str]


def _find_names(source: Source, folder: Path) -> Path | None:
    if source.class_names is None:
        return next((folder / name for name in _NAMES if (folder / name).is_file()), None)
    if not source.class_names.is_file():
        raise DataError(f"data.class_names={str(source.class_names)!r}: there is no such file. Fix: correct data.class_names")
    return source.class_names


def _read_names(file: Path) -> _Names:
    lines = list(text_rows(file))
    split = [re.fullmatch(r"(\d+)\s+(.+)", text) for _, text in lines]
    if all(split):
        pairs = [(str(int(found[1])), found[2]) for found in split if found]
    else:
        pairs = [(str(number), text) for number, (_, text) in enumerate(lines)]
    names: dict[str, str] = {}
    for (line, _), (number, name) in zip(lines, pairs, strict=True):
        if number in names or name in names.values():
            raise DataError(f"{file.name} row {line}: the class {name!r} or its id {number} is there twice. Fix: delete one")
        names[number] = name
    return _Names(file, names)


def _name(row: _Row, names: _Names, *, are_ids: bool) -> str:
    known = names.by_id
    if not are_ids and row.label not in known.values():
        raise DataError(
            f"{row.where}: the label {row.label!r} is not in {names.file.name}. Fix: {suggest(row.label, known.values())}"
        )
    if are_ids and str(int(row.label)) not in known:
        raise DataError(
            f"{row.where}: the label {row.label} has no name in {names.file.name}, which names {min(known, key=int)} to "
            f"{max(known, key=int)}. Fix: name the file of this data set with data.class_names=FILE"
        )
    return known[str(int(row.label))] if are_ids else row.label
