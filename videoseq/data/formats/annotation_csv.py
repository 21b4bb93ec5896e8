"""Annotations from a CSV file: `path,label[,split,group,start_seconds,end_seconds]`."""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from videoseq.data.formats.csv_columns import read_csv_columns
from videoseq.data.formats.source import Source
from videoseq.data.formats.split_words import split_of
from videoseq.data.formats.text_files import csv_rows
from videoseq.errors import DataError
from videoseq.types import VideoRecord

_log = logging.getLogger(__name__)

COLUMNS = ("path", "label", "split", "group", "start_seconds", "end_seconds")
"""The columns that are understood; the first two are required."""


def read_annotation_csv(source: Source) -> Sequence[VideoRecord]:
    """Reads a CSV file with a header, one labelled video or part of one a row.

    Labels are names. `split` is train, val or test; `group` names the source that rows share; `start_seconds` and
    `end_seconds` cut a half-open part. An empty optional value means that there is none.

    Args:
        source: The data set; its file is `annotations.csv` in the root where none is named: UTF-8, separated by commas.

    Returns:
        The records in the order of the rows.

    Raises:
        DataError: The file cannot be read or is no such CSV; a row is wrong: see the message for row and column.
    """
    file = source.annotation_file("a CSV") or source.root / "annotations.csv"
    if not file.is_file():
        raise DataError(
            f"there is no file {str(file)!r}, expected for data.format=csv. "
            "Fix: set data.annotations=FILE.csv, or data.format=folders"
        )
    rows = csv_rows(file)
    line, header = next(rows, (1, []))
    columns = _columns(header, f"{file.name} row {line}")
    table = read_csv_columns(file, source, columns, len(header), line)
    # Where something is wrong, the rows one by one say what.
    return table if table is not None else _read_rows(rows, source, columns, header, file)


def _read_rows(
    rows: Iterable[tuple[int, list[str]]], source: Source, columns: Mapping[str, int], header: Sequence[str], file: Path
) -> list[VideoRecord]:
    records: list[VideoRecord] = []
    for line, values in rows:
        where = f"{file.name} row {line}"
        if len(values) > len(header):
            raise DataError(
                f"{where}: got {len(values)} values, expected {len(header)} as in the header. "
                'Fix: write a value that holds a comma in "quotes"'
            )
        cells = {name: values[index].strip() if index < len(values) else "" for name, index in columns.items()}
        records.append(_record(cells, source, where))
    if not records:
        raise DataError(
            f"no videos found: {str(file)!r} has a header and no rows, expected one video a row ({','.join(COLUMNS)}). "
            "Fix: add rows"
        )
    return records


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


def _record(cells: dict[str, str], source: Source, where: str) -> VideoRecord:
    split = cells.get("split", "")
    record = source.record(
        cells["path"],
        cells["label"],
        where,
        split=split_of(split, f"{where} column 'split'") if split else None,
        group=cells.get("group") or None,
        where=f"{where} column 'path'",
    )
    if not cells["label"]:
        raise DataError(f"{where} column 'label': the label is empty, expected a class name. Fix: write it")
    start = _seconds(cells, "start_seconds", where)
    end = _seconds(cells, "end_seconds", where)
    if end is not None and (start or 0.0) >= end:
        raise DataError(f"{where}: start_seconds {start or 0.0:g} is not before end_seconds {end:g}. Fix: swap or correct them")
    return replace(record, start_seconds=start, end_seconds=end)


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
