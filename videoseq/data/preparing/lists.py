"""Copying the lists of a data set, without the rows of the videos that have no copy."""

import csv
import io
import json
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from videoseq.data.preparing.copying import unfinished

SUFFIXES = frozenset({".csv", ".txt", ".json"})
"""What the name of a list ends with, in lower case."""

DELIMITERS = {"auto": ",", "csv": ",", "kinetics": ",", "something": ";", "jester": ";"}
"""Formats whose rows are those of a CSV, which may go over several lines -> what separates the values."""

# In the order in which the formats look for a list, each of them in some.
_FOLDERS = ("ucfTrainTestlist", "testTrainMulti_7030_splits", "", "annotations", "labels")
_PLACE = re.compile(r"(.+) (?:row|entry) (\d+)")


def find_lists(root: Path, videos: Collection[Path], *, allow_outside: bool) -> Iterator[Path]:
    """Yields the lists below the root, relative to it, those in hidden folders and in folders of frames left out.

    Args:
        root: The data set's folder, absolute.
        videos: The files and folders of its videos, absolute.
        allow_outside: Whether links may lead out of the root; without it such are left out.
    """
    inside = os.path.realpath(root)
    for folder, inner, names in os.walk(root):
        here = Path(folder)
        inner[:] = sorted(name for name in inner if not name.startswith(".") and here / name not in videos)
        for name in sorted(names):
            path = here / name
            if name.startswith(".") or path.suffix.lower() not in SUFFIXES or not path.is_file():
                continue
            if allow_outside or not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(inside):
                yield path.relative_to(root)


def places(rows: Iterable[str]) -> dict[str, set[int]]:
    """Returns the places that some records stand at: name of the list -> numbers, as `VideoRecord.row` has them.

    Examples:
        >>> places(["train.txt row 3", "train.txt row 7", "wave/a.mp4"])
        {'train.txt': {3, 7}}
    """
    found: dict[str, set[int]] = defaultdict(set)
    for match in filter(None, map(_PLACE.fullmatch, rows)):
        found[match[1]].add(int(match[2]))
    return dict(found)


def located(dropped: Mapping[str, Collection[int]], root: Path, annotations: Path | None) -> dict[Path, Collection[int]]:
    """Returns the rows of `places` by the file that they stand in: another list of that name is not the one that was read.

    Args:
        dropped: Name of each list -> rows in it.
        root: The data set's folder, absolute.
        annotations: The file or folder of its annotations, absolute, where one is named.
    """
    if annotations is not None and annotations.is_file():
        return {annotations: dropped.get(annotations.name, ())}
    folders = [root / name for name in _FOLDERS] if annotations is None else [annotations]
    paths = {name: next((folder / name for folder in folders if (folder / name).is_file()), root / name) for name in dropped}
    return {paths[name]: numbers for name, numbers in dropped.items()}


def copy_list(source: Path, target: Path, numbers: Collection[int], roots: Iterable[Path], delimiter: str | None) -> None:
    """Copies a list without some of its rows; paths below a root that are written from `/` become relative to it.

    Args:
        source: The list.
        target: Its copy; one that is there is replaced as a whole.
        numbers: Its rows that are left out, as `places` returns them.
        roots: The names that the data set's folder has, absolute.
        delimiter: What separates the values of a row; None where each line is a row.
    """
    content = source.read_bytes()
    if source.suffix.lower() == ".json":
        content = _without_entries(content, numbers) if numbers else content
    else:
        content = _without_rows(content, numbers, delimiter) if numbers else content
        for root in roots:
            content = content.replace(os.fsencode(root) + os.sep.encode(), b"")
    target.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(target.parent) as place:
        place.write_bytes(content)
        place.replace(target)


def _without_entries(content: bytes, numbers: Collection[int]) -> bytes:
    entries = json.loads(content.decode("utf-8-sig"))
    return json.dumps([entry for number, entry in enumerate(entries) if number not in numbers]).encode("ascii")


def _without_rows(content: bytes, numbers: Collection[int], delimiter: str | None) -> bytes:
    # Lines as the formats' readers count them: other signs at which `str.splitlines` breaks may stand in a name.
    lines = list(io.StringIO(content.decode("utf-8", "surrogateescape"), newline=""))
    ends: Sequence[int] = range(1, len(lines) + 1)
    if delimiter is not None:
        # A row of a CSV may go over several lines, and is known by its first.
        reader = csv.reader(lines, delimiter=delimiter)
        ends = [reader.line_num for _ in reader]
    starts = [0, *ends[:-1]]
    kept = [lines[start:end] for start, end in zip(starts, ends, strict=True) if start + 1 not in numbers]
    return "".join(line for part in kept for line in part).encode("utf-8", "surrogateescape")
