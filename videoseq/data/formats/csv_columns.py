"""The columns of a CSV of annotations at once: the same records as row by row, a million of them in seconds."""

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from videoseq.data.columns import Texts, Words
from videoseq.data.formats.label_cells import LABEL_CELLS
from videoseq.data.formats.source import Source
from videoseq.data.formats.split_words import SPLIT_NAMES
from videoseq.data.formats.text_files import csv_rows
from videoseq.data.frame_folders import is_folder
from videoseq.data.records import NO_SPLIT, Records
from videoseq.errors import DataError
from videoseq.types import SPLITS

_ROWS_AT_ONCE = 4096
_BOM = b"\xef\xbb\xbf"


def read_csv_columns(file: Path, source: Source, columns: Mapping[str, int], width: int, header_line: int) -> Records | None:
    """Returns the records of a CSV; None where anything is wrong with it.

    Args:
        file: The CSV.
        source: The data set.
        columns: The place of each column that is understood.
        width: Columns of the header.
        header_line: Line of the header.
    """
    try:
        table = _cells(file, width, header_line)
        if not len(table):
            return None
        none = pa.nulls(len(table), pa.string()).fill_null("")
        cells = {
            name: _stripped(table, columns[name]) if name in columns else none
            for name in ("path", "label", "split", "group", "start_seconds", "end_seconds")
        }
        starts, ends = (_seconds(cells[name]) for name in ("start_seconds", "end_seconds"))
    except (DataError, OSError, ValueError):  # the last one also Arrow's
        return None
    if (np.nan_to_num(starts, nan=0.0) >= np.nan_to_num(ends, nan=np.inf)).any():
        return None
    rows = Texts.numbered(f"{file.name} row ", table.column("line").to_numpy())
    coded = {name: _coded(cells[name]) for name in ("path", "label", "split", "group")}
    return _records(source, coded, starts, ends, rows)


Coded = tuple[list[str], NDArray[np.int32]]
"""Distinct cells, and the position among them for each row."""


def coded_cells(
    file: Path, columns: Mapping[str, int], width: int, header_line: int
) -> tuple[dict[str, Coded], NDArray[np.int64]]:
    """Returns the columns of a CSV, stripped, and the line of each row below the header.

    Args:
        file: The CSV.
        columns: The place of each column that is wanted.
        width: Columns of the header.
        header_line: Line of the header.

    Raises:
        DataError: The file cannot be read or is no CSV.
        ValueError: A row has more values than the header.
    """
    table = _cells(file, width, header_line)
    return {name: _coded(_stripped(table, place)) for name, place in columns.items()}, table.column("line").to_numpy()


def _records(
    source: Source, cells: Mapping[str, Coded], starts: NDArray[np.float64], ends: NDArray[np.float64], rows: Texts
) -> Records | None:
    paths, path_codes = cells["path"]
    texts, label_codes = cells["label"]
    try:
        labels = [LABEL_CELLS[source.task.name](text) for text in texts]
    except DataError:
        return None
    words, split_codes = cells["split"]
    groups, group_codes = cells["group"]
    located = source.located(paths)
    found = [path for path in located if path is not None]
    if len(found) < len(located) or any(word and word.lower() not in SPLIT_NAMES for word in words):
        return None
    splits = [SPLITS.index(SPLIT_NAMES[word.lower()]) if word else NO_SPLIT for word in words]
    are_folders = np.array([source.frames is not None and is_folder(Path(path)) for path in found])
    has_group = np.array([bool(group) for group in groups])[group_codes]
    return Records(
        paths=Words.coded(found, path_codes),
        labels=Words.coded(labels, label_codes),
        splits=np.array(splits, np.int8)[split_codes],
        groups=Words.coded(groups, np.where(has_group, group_codes, -1).astype(np.int32)),
        starts=starts,
        ends=ends,
        rows=rows,
        frames=np.where(are_folders[path_codes], 0, -1).astype(np.int8),
        layouts=() if source.frames is None else (source.frames,),
        are_official=np.zeros(len(rows), bool),
    )


def _cells(file: Path, width: int, header_line: int) -> pa.Table:
    """Returns what `_any_cells` does, by the faster way where the CSV is a plain one."""
    table = _plain_cells(file.read_bytes(), width, header_line)
    return _any_cells(file, width) if table is None else table


def _stripped(table: pa.Table, place: int) -> pa.StringArray:
    return pc.utf8_trim_whitespace(table.column(place).combine_chunks())


def _plain_cells(data: bytes, width: int, header_line: int) -> pa.Table | None:
    """Returns the cells below the header and the line of each row, where none is in quotes and rows are of one length."""
    if b'"' in data or data.count(b"\r") != data.count(b"\r\n"):
        return None
    names = [str(place) for place in range(width)]
    try:
        table = csv.read_csv(
            pa.BufferReader(data.removeprefix(_BOM)),
            read_options=csv.ReadOptions(use_threads=False, skip_rows=header_line, column_names=names),
            parse_options=csv.ParseOptions(quote_char=False),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:  # rows of several lengths; no UTF-8
        return None
    lines = _filled_lines(data)
    table = table.append_column("line", pa.array(lines[lines > header_line]))
    return table.filter(reduce(pc.or_, (pc.not_equal(pc.utf8_trim_whitespace(table.column(name)), "") for name in names)))


def _filled_lines(data: bytes) -> NDArray[np.int64]:
    """Returns the numbers of the lines that are not empty, ascending, counted from 1."""
    ends = np.append(np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")), len(data))
    lengths = np.diff(ends, prepend=-1) - 1
    ends_in_return = np.array([data[end - 1 : end] == b"\r" for end in ends[lengths == 1]], bool)
    lengths[lengths == 1] -= ends_in_return
    return np.flatnonzero(lengths) + 1


def _any_cells(file: Path, width: int) -> pa.Table:
    """Returns what `_plain_cells` does for any CSV; short rows are filled up.

    Raises:
        DataError: The file is none.
        ValueError: A row has too many values.
    """
    names = [*(str(place) for place in range(width)), "line"]
    schema = pa.schema([*zip(names, [*([pa.string()] * width), pa.int64()], strict=True)])
    columns = ([*zip(*rows, strict=True)] for rows in _chunks(file, width))
    return pa.Table.from_batches(
        [pa.record_batch([*map(pa.array, each, schema.types)], schema=schema) for each in columns], schema
    )


def _chunks(file: Path, width: int) -> Iterator[list[list[str | int]]]:
    rows = csv_rows(file)
    next(rows, None)
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        yield [[*values, *[""] * (width - len(values)), line] for line, values in chunk]


def _coded(cells: pa.StringArray) -> Coded:
    coded = cells.dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy()


def _seconds(cells: pa.StringArray) -> NDArray[np.float64]:
    """Returns the numbers of a column of seconds, NaN where there is none.

    Raises:
        ValueError: A cell is no number of seconds.
    """
    values = pc.if_else(pc.equal(cells, ""), None, cells).cast(pa.float64())
    numbers: NDArray[np.float64] = values.drop_null().to_numpy()
    if not (np.isfinite(numbers) & (numbers >= 0)).all():
        raise ValueError("no number of seconds")
    filled: NDArray[np.float64] = values.fill_null(np.nan).to_numpy()
    return filled
