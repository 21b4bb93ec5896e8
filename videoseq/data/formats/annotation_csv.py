"""Annotations from a CSV file with one label a row: `path,label[,split,group,start_seconds,end_seconds]`."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from videoseq.data.formats.csv_columns import read_csv_columns
from videoseq.data.formats.csv_header import find_columns
from videoseq.data.formats.csv_kinds import csv_kind
from videoseq.data.formats.label_cells import LABEL_CELLS, NUMBER_FIX
from videoseq.data.formats.source import Source
from videoseq.data.formats.split_words import split_of
from videoseq.data.formats.text_files import csv_rows
from videoseq.data.formats.track_csv import read_track_csv
from videoseq.errors import DataError
from videoseq.types import VideoRecord


def read_annotation_csv(source: Source) -> Sequence[VideoRecord]:
    """Reads a CSV file with a header: one labelled video or part of one a row, or for labels in time a segment or time a row.

    The task says which column holds the label: a class in `label`, several in `labels`, a number in `value`. `split` is train,
    val or test; `group` names the source that rows share; `start_seconds` and `end_seconds` cut a half-open part. An empty
    optional value means that there is none.

    Args:
        source: The data set; where none is named its file is the one in the root that has the usual name of its kind,
            `annotations.csv`, `segments.csv` or `values.csv`: UTF-8, separated by commas.

    Returns:
        The records in the order of the rows; those of labels in time in the order of the paths.

    Raises:
        DataError: The file cannot be read or is no such CSV; a row is wrong: see the message for row and column.
    """
    kind = csv_kind(source.task)
    file = source.annotation_file("a CSV") or source.root / kind.file
    if not file.is_file():
        expected, other = ("for data.format=csv", ", or data.format=folders")
        if source.task.name != "classification":
            expected, other = (f"for {kind.task} with the columns {kind.layout}", ", or put it there")
        raise DataError(f"there is no file {str(file)!r}, expected {expected}. Fix: set data.annotations=FILE.csv{other}")
    rows = csv_rows(file)
    line, header = next(rows, (1, []))
    columns = find_columns(header, f"{file.name} row {line}", kind)
    if kind.has_tracks:
        return read_track_csv(file, source, columns, len(header), line)
    columns["label"] = columns.pop(kind.required[1])
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
            f"no videos found: {str(file)!r} has a header and no rows, expected one video a row "
            f"({csv_kind(source.task).layout}). Fix: add rows"
        )
    return records


def _record(cells: dict[str, str], source: Source, where: str) -> VideoRecord:
    split = cells.get("split", "")
    record = source.record(
        cells["path"],
        "",
        where,
        split=split_of(split, f"{where} column 'split'") if split else None,
        group=cells.get("group") or None,
        where=f"{where} column 'path'",
    )
    try:
        label = LABEL_CELLS[source.task.name](cells["label"])
    except DataError as error:
        raise DataError(f"{where} column {csv_kind(source.task).required[1]!r}: {error}") from None
    start = _seconds(cells, "start_seconds", where)
    end = _seconds(cells, "end_seconds", where)
    if end is not None and (start or 0.0) >= end:
        raise DataError(f"{where}: start_seconds {start or 0.0:g} is not before end_seconds {end:g}. Fix: swap or correct them")
    return replace(record, label=label, start_seconds=start, end_seconds=end)


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
            f"Fix: {NUMBER_FIX}, or nothing for the whole video"
        )
    return value
