"""Annotations from a CSV file: `path,label[,split,group,start_seconds,end_seconds]`."""

import csv
import logging
import math
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from videoseq.data.class_folders import SPLIT_NAMES
from videoseq.data.local_files import check_local_file
from videoseq.errors import DataError, suggest
from videoseq.types import VideoRecord

_log = logging.getLogger(__name__)

COLUMNS = ("path", "label", "split", "group", "start_seconds", "end_seconds")
"""The columns that are understood; the first two are required."""


def read_annotation_csv(file: Path, root: Path | None, *, allow_outside_root: bool) -> list[VideoRecord]:
    """Reads a CSV file with a header, one labelled video or part of one a row.

    Labels are names. `split` is train, val or test; `group` names the source that rows share; `start_seconds` and
    `end_seconds` cut a half-open part. An empty optional value means that there is none.

    Args:
        file: The file, UTF-8, separated by commas.
        root: The folder that relative paths start from and that files must lie in; None is the folder of `file`.
        allow_outside_root: Whether files may lie outside of it.

    Returns:
        The records in the order of the rows.

    Raises:
        DataError: The file cannot be read or is no such CSV; a row is wrong: see the message for row and column.
    """
    base = (root if root is not None else file.parent).absolute()
    rows = _rows(file)
    line, header = next(rows, (1, []))
    columns = _columns(header, f"{file.name} row {line}")
    records: list[VideoRecord] = []
    for line, values in rows:
        where = f"{file.name} row {line}"
        if len(values) > len(header):
            raise DataError(
                f"{where}: got {len(values)} values, expected {len(header)} as in the header. "
                'Fix: write a value that holds a comma in "quotes"'
            )
        cells = {name: values[index].strip() if index < len(values) else "" for name, index in columns.items()}
        records.append(_record(cells, base, where, allow_outside_root=allow_outside_root))
    if not records:
        raise DataError(
            f"no videos found: {str(file)!r} has a header and no rows, expected one video a row ({','.join(COLUMNS)}). "
            "Fix: add rows"
        )
    return records


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields each row that is not blank with the number of its first line, as an editor counts."""
    line = 1
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            for values in reader:
                if any(value.strip() for value in values):
                    yield line, values
                line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{file.name} row {line}: not a CSV row ({error}). Fix: the quotes of this row") from None
    except UnicodeDecodeError:
        raise DataError(
            f"{file.name} row {line} or later: the text is not UTF-8. Fix: save the file again as 'CSV UTF-8'"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read the annotations {str(file)!r}: {error.strerror}. Fix: correct data.annotations") from None


def _columns(header: list[str], where: str) -> dict[str, int]:
    """Maps each column that is understood to its place in the rows."""
    names = [name.strip().lower() for name in header]
    columns: dict[str, int] = {}
    ignored: list[str] = []
    for index, name in enumerate(names):
        if name in columns:
            raise DataError(f"{where}: the column {name!r} is there twice. Fix: delete or rename one of them")
        near = get_close_matches(name, [column for column in COLUMNS if column not in names], n=1, cutoff=0.8)
        if name in COLUMNS:
            columns[name] = index
        elif near:
            # A misspelt optional column would otherwise drop the groups or splits of the whole data set in silence.
            raise DataError(f"{where}: unknown column {name!r}. Fix: rename it to {near[0]!r}")
        else:
            ignored.append(name)
    for required in COLUMNS[:2]:
        if required not in columns:
            joined = "".join(header)
            mark = next((mark for mark in (";", "\t") if mark in joined), None)
            fix = f"separate the values by ',' and not by {mark!r}" if mark else "add it to the header"
            raise DataError(
                f"{where}: the column {required!r} is missing, got {', '.join(header) or 'nothing'}, expected "
                f"path,label[,split,group,start_seconds,end_seconds]. Fix: {fix}"
            )
    if ignored:
        _log.info("%s: the columns %s are not used", where, ", ".join(ignored))
    return columns


def _record(cells: dict[str, str], base: Path, where: str, *, allow_outside_root: bool) -> VideoRecord:
    path = check_local_file(cells["path"], base, f"{where} column 'path'", allow_outside_root=allow_outside_root)
    if not cells["label"]:
        raise DataError(f"{where} column 'label': the label is empty, expected a class name. Fix: write it")
    split = cells.get("split", "").lower()
    if split and split not in SPLIT_NAMES:
        raise DataError(
            f"{where} column 'split': unknown split {split!r}, expected train, val or test. Fix: {suggest(split, SPLIT_NAMES)}"
        )
    start = _seconds(cells, "start_seconds", where)
    end = _seconds(cells, "end_seconds", where)
    if end is not None and (start or 0.0) >= end:
        raise DataError(f"{where}: start_seconds {start or 0.0:g} is not before end_seconds {end:g}. Fix: swap or correct them")
    return VideoRecord(
        path=path,
        label=cells["label"],
        split=SPLIT_NAMES[split] if split else None,
        group=cells.get("group") or None,
        start_seconds=start,
        end_seconds=end,
        row=where,
    )


def _seconds(cells: dict[str, str], column: str, where: str) -> float | None:
    text = cells.get(column, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise DataError(
            f"{where} column {column!r}: {text!r} is not a number of seconds, expected 0 or more, such as 2.5. "
            "Fix: write a number, or nothing for the whole video"
        )
    return value
