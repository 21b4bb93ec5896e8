"""Labels in time from a CSV file: segments of a class each, or values at times; several rows a video."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoseq.data.columns import Texts, Words
from videoseq.data.formats.csv_cells import Cells, read_cells
from videoseq.data.formats.csv_kinds import csv_kind
from videoseq.data.formats.label_cells import SEPARATOR, composed
from videoseq.data.formats.source import Source
from videoseq.data.formats.split_words import SPLIT_NAMES, split_of
from videoseq.data.frame_folders import is_folder
from videoseq.data.records import NO_SPLIT, Records
from videoseq.data.tracks import TOLERANCE_SECONDS, Curve, Segments, TrackRows, Tracks
from videoseq.errors import DataError
from videoseq.types import SPLITS


def read_track_csv(file: Path, source: Source, columns: Mapping[str, int], width: int, header_line: int) -> Records:
    """Returns one record for each video, with its track: `Segments` or a `Curve`, sorted by time.

    Rows of a video may stand anywhere. One without label and times says that the video has none: with a background class that
    is a video that shows nothing else.

    Args:
        file: The CSV.
        source: The data set.
        columns: The place of each column that is understood.
        width: Columns of the header.
        header_line: Line of the header.

    Raises:
        DataError: A row is wrong, two segments of a video overlap, or its rows have several splits or groups; the message names
            the rows.
    """
    cells = read_cells(file, columns, width, header_line, csv_kind(source.task).layout)
    paths = _located(cells, source)
    is_curve = source.task.name == "regression"
    tracks = _curves(cells, paths) if is_curve else _segments(cells, paths, source.task.background)
    firsts = np.full(len(paths.names), len(paths), np.int64)
    np.minimum.at(firsts, paths.codes, np.arange(len(paths)))
    splits = _alike(cells, "split", paths, firsts, lambda text: SPLIT_NAMES.get(text.lower(), text))
    groups = _alike(cells, "group", paths, firsts, lambda text: text)
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


def _located(cells: Cells, source: Source) -> Words:
    """Returns the video of each row, known by its absolute path."""
    written, codes = cells.columns["path"]
    located = source.located(written)
    wrong = [code for code, path in enumerate(located) if path is None]
    for row in np.flatnonzero(np.isin(codes, wrong))[:1].tolist():
        source.record(cells.text(row, "path"), "", "", where=cells.where(row, "path"))
    return Words.coded([path or "" for path in located], codes)


def _segments(cells: Cells, paths: Words, background: str | None) -> Tracks:
    starts, ends = (cells.numbers(column, 0.0) for column in ("start_seconds", "end_seconds"))
    written = cells.words("label")
    labels = Words.coded([composed(name) for name in written.names], written.codes)
    have_label = labels.codes >= 0
    have_times = ~np.isnan(starts), ~np.isnan(ends)
    complete = have_label & have_times[0] & have_times[1]
    empty = ~(have_label | have_times[0] | have_times[1])
    for row in np.flatnonzero(~complete & ~empty)[:1].tolist():
        missing = next(column for column in ("label", "start_seconds", "end_seconds") if not cells.text(row, column))
        raise DataError(
            f"{cells.where(row, missing)}: it is empty, expected {'a class name' if missing == 'label' else 'seconds'}. "
            "Fix: write it, or leave label, start_seconds and end_seconds all empty for a video without segments"
        )
    for row in np.flatnonzero(empty)[:1].tolist() if background is None else ():
        raise DataError(
            f"{cells.where(row)}: the video {cells.text(row, 'path')!r} has no segment, so that none of its frames has a "
            "label. Fix: delete the row, or name the class of such frames with task.background=NAME"
        )
    alone = np.bincount(paths.codes)[paths.codes] == 1
    for row in np.flatnonzero(empty & ~alone)[:1].tolist():
        raise DataError(
            f"{cells.where(row)}: the row says that {cells.text(row, 'path')!r} has no segment, but the video has other "
            "rows. Fix: delete the row"
        )
    for row in np.flatnonzero(complete & (starts >= ends))[:1].tolist():
        raise DataError(
            f"{cells.where(row)}: start_seconds {starts[row]:g} is not before end_seconds {ends[row]:g}. "
            "Fix: swap or correct them"
        )
    holding = [code for code, name in enumerate(labels.names) if SEPARATOR in name]
    for row in np.flatnonzero(np.isin(labels.codes, holding))[:1].tolist():
        raise DataError(
            f"{cells.where(row, 'label')}: {labels[row]!r} holds {SEPARATOR!r}, expected one class name. Fix: rename the "
            "class; for several classes of a whole video set task.name=multilabel"
        )
    order = _by_time(paths.codes, starts, np.flatnonzero(complete))
    same = paths.codes[order][1:] == paths.codes[order][:-1]
    for place in np.flatnonzero(same & (starts[order][1:] < ends[order][:-1] - TOLERANCE_SECONDS))[:1].tolist():
        one, other = int(order[place]), int(order[place + 1])
        raise DataError(
            f"{cells.where(other)}: {labels[other]!r} from {starts[other]:g} s to {ends[other]:g} s overlaps {labels[one]!r} "
            f"from {starts[one]:g} s to {ends[one]:g} s of {cells.where(one)}; a frame has one label. Fix: correct the seconds"
        )
    rows = TrackRows(starts[order], ends[order], labels.codes[order].astype(np.int64), cells.lines[order])
    return _tracks(Segments, rows, paths, order, tuple(labels.names))


def _curves(cells: Cells, paths: Words) -> Tracks:
    times = cells.numbers("time_seconds", 0.0, required=True)
    values = cells.numbers("value", required=True)
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
    codes = tracks.rows.values[tracks.own_rows].astype(np.int64)
    videos, codes = divmod(np.unique(tracks.owners * len(tracks.names) + codes), max(len(tracks.names), 1))
    found: list[list[str]] = [[] for _ in range(len(tracks))]
    for video, code in zip(videos.tolist(), codes.tolist(), strict=True):
        found[video].append(tracks.names[code])
    return [SEPARATOR.join(names) for names in found]


def _alike(cells: Cells, column: str, paths: Words, firsts: NDArray[np.int64], meaning: Callable[[str], str]) -> list[str]:
    """Returns what stands in a column of every video, whose rows must agree in what it means."""
    texts, codes = cells.columns.get(column, ([""], np.zeros(len(cells), np.int32)))
    codes = Words.coded([meaning(text) for text in texts], codes).codes
    for row in np.flatnonzero(codes != codes[firsts[paths.codes]])[:1].tolist():
        first = int(firsts[paths.codes[row]])
        raise DataError(
            f"{cells.where(row, column)}: got {cells.text(row, column)!r}, but {cells.where(first)} of the same video says "
            f"{cells.text(first, column)!r}. Fix: write the same in all rows of a video"
        )
    return [cells.text(row, column) for row in firsts.tolist()]


def _split(cells: Cells, text: str, row: int) -> int:
    return SPLITS.index(split_of(text, cells.where(row, "split"))) if text else NO_SPLIT
