"""Copying the lists of a data set, without the rows of the videos that have no copy."""

import csv
import io
import json
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

SUFFIXES = frozenset({".csv", ".txt", ".json"})
"""What the name of a list ends with, in lower case."""

_PLACE = re.compile(r"(.+) (?:row|entry) (\d+)")


def find_lists(root: Path, videos: Collection[Path]) -> Iterator[Path]:
    """Yields the lists below the root, relative to it, those in hidden folders and in folders of frames left out.

    Args:
        root: The data set's folder, absolute.
        videos: The files and folders of its videos, absolute.
    """
    for folder, inner, names in os.walk(root):
        here = Path(folder)
        inner[:] = sorted(name for name in inner if not name.startswith(".") and here / name not in videos)
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield (here / name).relative_to(root)


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


def copy_list(source: Path, target: Path, dropped: Mapping[str, Collection[int]], root: Path) -> None:
    """Copies a list without some of its rows; paths below the root that are written from `/` become relative to it.

    Args:
        source: The list.
        target: Its copy; one that is there is replaced as a whole.
        dropped: Name of each list -> its rows that are left out, as `places` returns them.
        root: The data set's folder, absolute.
    """
    content = source.read_bytes()
    numbers, suffix = dropped.get(source.name, ()), source.suffix.lower()
    if suffix == ".json":
        content = _without_entries(content, numbers) if numbers else content
    else:
        content = _without_rows(content, numbers, suffix) if numbers else content
        content = content.replace(os.fsencode(root) + os.sep.encode(), b"")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name[:200]}.new")
    fresh.write_bytes(content)
    fresh.replace(target)


def _without_entries(content: bytes, numbers: Collection[int]) -> bytes:
    entries = json.loads(content.decode("utf-8-sig"))
    return json.dumps([entry for number, entry in enumerate(entries) if number not in numbers]).encode("ascii")


def _without_rows(content: bytes, numbers: Collection[int], suffix: str) -> bytes:
    # Lines as the formats' readers count them: other signs at which `str.splitlines` breaks may stand in a name.
    lines = list(io.StringIO(content.decode("utf-8", "surrogateescape"), newline=""))
    ends: Sequence[int] = range(1, len(lines) + 1)
    if suffix == ".csv":
        # A row of a CSV may go over several lines, and is known by its first.
        reader = csv.reader(lines)
        ends = [reader.line_num for _ in reader]
    starts = [0, *ends[:-1]]
    kept = [lines[start:end] for start, end in zip(starts, ends, strict=True) if start + 1 not in numbers]
    return "".join(line for part in kept for line in part).encode("utf-8", "surrogateescape")
