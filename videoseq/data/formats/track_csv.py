"""Labels in time from a CSV file: segments of a class each, or values at times; several rows a video."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoseq.data.columns import Texts, Words
from videoseq.data.formats.csv_kinds import csv_kind
from videoseq.data.formats.label_cells import SEPARATOR
from videoseq.data.formats.source import Source
from videoseq.data.formats.split_words import split_of
from videoseq.data.frame_folders import is_folder
from videoseq.data.records import NO_SPLIT, Records
from videoseq.data.tracks import TOLERANCE_SECONDS, Curve, Segments, TrackRows, Tracks
from videoseq.errors import DataError
from videoseq.types import SPLITS


@dataclass(frozen=True)
class _Cells:
    """The cells of a CSV by column, and the line of each row."""

    file: str
    columns: Mapping[str, Sequence[str]]
    lines: NDArray[np.int64]

    def where(self, row: int, column: str | None = None) -> str:
        """Returns the place of a row, or of a cell in it, as messages name it."""
        return f"{self.file} row {self.lines[row]}" + (f" column {column!r}" if column else "")


def read_track_csv(
    rows: Iterable[tuple[int, list[str]]], source: Source, columns: Mapping[str, int], width: int, file: Path
) -> Records:
    """Returns one record for each video, with its track: `Segments` or a `Curve`, sorted by time.

    Rows of a video may stand anywhere. One without label and times says that the video has none: with a background class that
    is a video that shows nothing else.

    Args:
        rows: The rows below the header, each with its line.
        source: The data set.
        columns: The place of each column that is understood.
        width: Columns of the header.
        file: The CSV, for messages.

    Raises:
        DataError: A row is wrong, two segments of a video overlap, or its rows have several splits or groups; the message names
            the rows.
    """
    cells = _cells(rows, columns, width, file, csv_kind(source.task).layout)
    paths = _located(cells, source)
    is_curve = source.task.name == "regression"
    tracks = _curves(cells, paths) if is_curve else _segments(cells, paths, source.task.background)
    firsts = np.full(len(paths.names), len(paths), np.int64)
    np.minimum.at(firsts, paths.codes, np.arange(len(paths)))
    splits, groups = (_alike(cells, column, paths, firsts) for column in ("split", "group"))
    folders = np.array([source.frames is not None and is_folder(Path(path)) for path in paths.names], bool)
    nothing = np.full(len(firsts), np.nan)
    return Records(
        paths=Words(paths.names, np.arange(len(firsts), dtype=np.int32)),
        labels=Words.of([""] * len(firsts) if is_curve else _occurring(tracks)),
        splits=np.array([_split(cells, text, int(row)) for text, row in zip(splits, firsts, strict=True)], np.int8),
        groups=Words.of(text or None for text in groups),
        starts=nothing,
        ends=nothing,
        rows=Texts.numbered(f"{file.name} row ", cells.lines[firsts]),
        frames=np.where(folders, 0, -1).astype(np.int8),
        layouts=() if source.frames is None else (source.frames,),
        are_official=np.zeros(len(firsts), bool),
        tracks=tracks,
    )


def _cells(rows: Iterable[tuple[int, list[str]]], columns: Mapping[str, int], width: int, file: Path, layout: str) -> _Cells:
    lines, values = [], []
    for line, row in rows:
        if len(row) > width:
            raise DataError(
                f"{file.name} row {line}: got {len(row)} values, expected {width} as in the header. "
                'Fix: write a value that holds a comma in "quotes"'
            )
        lines.append(line)
        values.append(row)
    if not lines:
        raise DataError(f"no videos found: {str(file)!r} has a header and no rows, expected rows of {layout}. Fix: add rows")
    by_name = {name: [row[at].strip() if at < len(row) else "" for row in values] for name, at in columns.items()}
    return _Cells(file.name, by_name, np.array(lines, np.int64))


def _located(cells: _Cells, source: Source) -> Words:
    """Returns the video of each row, known by its absolute path."""
    written = Words.of(cells.columns["path"])
    names = written.names.to_list()
    located = source.located(names)
    wrong = [code for code, path in enumerate(located) if path is None]
    if wrong:
        row = int(np.flatnonzero(np.isin(written.codes, wrong))[0])
        source.record(cells.columns["path"][row], "", "", where=cells.where(row, "path"))
    return Words.coded([path or "" for path in located], written.codes)


def _segments(cells: _Cells, paths: Words, background: str | None) -> Tracks:
    starts, ends = (_numbers(cells, column, low=0.0) for column in ("start_seconds", "end_seconds"))
    labels = cells.columns["label"]
    have_label = np.array([bool(label) for label in labels])
    have_times = ~np.isnan(starts), ~np.isnan(ends)
    complete = have_label & have_times[0] & have_times[1]
    empty = ~(have_label | have_times[0] | have_times[1])
    for row in np.flatnonzero(~complete & ~empty)[:1].tolist():
        missing = next(column for column in ("label", "start_seconds", "end_seconds") if not cells.columns[column][row])
        raise DataError(
            f"{cells.where(row, missing)}: it is empty, expected {'a class name' if missing == 'label' else 'seconds'}. "
            "Fix: write it, or leave label, start_seconds and end_seconds all empty for a video without segments"
        )
    for row in np.flatnonzero(empty)[:1].tolist() if background is None else ():
        raise DataError(
            f"{cells.where(row)}: the video {cells.columns['path'][row]!r} has no segment, so that none of its frames has a "
            "label. Fix: delete the row, or name the class of such frames with task.background=NAME"
        )
    for row in np.flatnonzero(complete & (starts >= ends))[:1].tolist():
        raise DataError(
            f"{cells.where(row)}: start_seconds {starts[row]:g} is not before end_seconds {ends[row]:g}. "
            "Fix: swap or correct them"
        )
    for row, label in enumerate(labels):
        if SEPARATOR in label:
            raise DataError(
                f"{cells.where(row, 'label')}: {label!r} holds {SEPARATOR!r}, expected one class name. Fix: rename the class; "
                "for several classes of a whole video set task.name=multilabel"
            )
    order = _by_time(paths.codes, starts, np.flatnonzero(complete))
    same = paths.codes[order][1:] == paths.codes[order][:-1]
    for place in np.flatnonzero(same & (starts[order][1:] < ends[order][:-1] - TOLERANCE_SECONDS))[:1].tolist():
        one, other = int(order[place]), int(order[place + 1])
        raise DataError(
            f"{cells.where(other)}: {labels[other]!r} from {starts[other]:g} s to {ends[other]:g} s overlaps {labels[one]!r} "
            f"from {starts[one]:g} s to {ends[one]:g} s of {cells.where(one)}; a frame has one label. Fix: correct the seconds"
        )
    words = Words.of(label or None for label in labels)
    rows = TrackRows(starts[order], ends[order], words.codes[order].astype(np.int64), cells.lines[order])
    return _tracks(Segments, rows, paths, order, tuple(words.names))


def _curves(cells: _Cells, paths: Words) -> Tracks:
    times = _numbers(cells, "time_seconds", low=0.0, required=True)
    values = _numbers(cells, "value", low=-np.inf, required=True)
    order = _by_time(paths.codes, times, np.arange(len(times)))
    same = paths.codes[order][1:] == paths.codes[order][:-1]
    for place in np.flatnonzero(same & (np.diff(times[order]) <= 0))[:1].tolist():
        one, other = int(order[place]), int(order[place + 1])
        raise DataError(
            f"{cells.where(other)}: the video has a value at {times[other]:g} s in {cells.where(one)} already. Fix: delete one"
        )
    rows = TrackRows(times[order], times[order], values[order], cells.lines[order])
    return _tracks(Curve, rows, paths, order, ())


def _tracks(
    kind: type[Segments] | type[Curve], rows: TrackRows, paths: Words, order: NDArray[np.int64], names: tuple[str, ...]
) -> Tracks:
    counts = np.bincount(paths.codes[order], minlength=len(paths.names)).astype(np.int64)
    return Tracks(kind, rows, np.cumsum(counts) - counts, counts, names)


def _by_time(videos: NDArray[np.int32], starts: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns some rows in the order of the videos, those of a video by their time."""
    return rows[np.lexsort((starts[rows], videos[rows]))]


def _occurring(tracks: Tracks) -> list[str]:
    """Returns the names of the classes that occur in each video, sorted, as a label of several classes is written."""
    pairs = np.unique(np.stack([tracks.owners, tracks.rows.values[tracks.own_rows].astype(np.int64)], 1), axis=0)  # (P, 2)
    found: list[list[str]] = [[] for _ in range(len(tracks))]
    for video, code in pairs.tolist():
        found[video].append(tracks.names[code])
    return [SEPARATOR.join(names) for names in found]


def _numbers(cells: _Cells, column: str, *, low: float, required: bool = False) -> NDArray[np.float64]:
    """Returns the numbers of a column, NaN where a cell is empty and need not be filled."""
    texts = cells.columns[column]
    given = np.array([required or bool(text) for text in texts])
    numbers = np.full(len(texts), np.nan)
    try:
        numbers[given] = np.array([text for text, is_given in zip(texts, given, strict=True) if is_given]).astype(np.float64)
    except ValueError:
        numbers[given] = [_number(text) for text, is_given in zip(texts, given, strict=True) if is_given]
    wrong = np.flatnonzero(given & ~(np.isfinite(numbers) & (numbers >= low)))
    if len(wrong):
        row = int(wrong[0])
        expected = "a number of seconds, expected 0 or more" if low == 0 else "a number, expected a value"
        raise DataError(f"{cells.where(row, column)}: {texts[row]!r} is not {expected}, such as 2.5. Fix: write a number")
    return numbers


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _alike(cells: _Cells, column: str, paths: Words, firsts: NDArray[np.int64]) -> list[str]:
    """Returns what stands in a column of every video, whose rows must agree."""
    texts = cells.columns.get(column)
    if texts is None:
        return [""] * len(firsts)
    codes = Words.of(texts).codes
    for row in np.flatnonzero(codes != codes[firsts[paths.codes]])[:1].tolist():
        first = int(firsts[paths.codes[row]])
        raise DataError(
            f"{cells.where(row, column)}: got {texts[row]!r}, but {cells.where(first)} of the same video says "
            f"{texts[first]!r}. Fix: write the same in all rows of a video"
        )
    return [texts[row] for row in firsts.tolist()]


def _split(cells: _Cells, text: str, row: int) -> int:
    return SPLITS.index(split_of(text, cells.where(row, "split"))) if text else NO_SPLIT
