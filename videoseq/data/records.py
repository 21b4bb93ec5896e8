"""Labelled videos as columns: a million of them take as many bytes as they have, and one at a time becomes an object."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from videoseq.data.columns import Positions, Texts, Words, joined
from videoseq.data.tracks import Tracks, join_tracks
from videoseq.types import SPLITS, FrameFolder, Split, VideoRecord

NO_SPLIT = -1
"""The split of a record that has none; others are positions in `SPLITS`."""


@dataclass(frozen=True, eq=False)
class Records(Sequence[VideoRecord]):
    """A table of N `VideoRecord`s.

    Attributes:
        paths: The files and folders of frames.
        labels: The class names, or what stands for a label, as `VideoRecord.label` tells.
        splits: Position in `SPLITS`, (N,) int8, or `NO_SPLIT`.
        groups: The sources that are shared.
        starts: Where the labelled parts start, (N,) float64 seconds, NaN where that is the start of the video.
        ends: Where they end, (N,) float64 seconds, NaN where that is the end of the video.
        rows: Where the records were read.
        frames: Position in `layouts` of how the frames lie, (N,) int8; -1 where the path is a file.
        layouts: The ways in which frames lie in folders.
        are_official: Whether the authors of the data set give the split, (N,) bool.
        tracks: The labels in time; None where a video has one label. A `VideoRecord` alone does not hold them.
    """

    paths: Words
    labels: Words
    splits: NDArray[np.int8]
    groups: Words
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    rows: Texts
    frames: NDArray[np.int8]
    layouts: tuple[FrameFolder, ...]
    are_official: NDArray[np.bool_]
    tracks: Tracks | None = None

    @classmethod
    def of(cls, records: Sequence[VideoRecord]) -> "Records":
        """Returns a table of records; what is one already is returned as it is."""
        if isinstance(records, Records):
            return records
        layouts: dict[FrameFolder | None, int] = {None: -1}
        frames = [layouts.setdefault(record.frames, len(layouts) - 1) for record in records]
        return cls(
            paths=Words.of(str(record.path) for record in records),
            labels=Words.of(record.label for record in records),
            splits=np.array([NO_SPLIT if record.split is None else SPLITS.index(record.split) for record in records], np.int8),
            groups=Words.of(record.group for record in records),
            starts=np.array([np.nan if record.start_seconds is None else record.start_seconds for record in records], float),
            ends=np.array([np.nan if record.end_seconds is None else record.end_seconds for record in records], float),
            rows=Texts.of(record.row for record in records),
            frames=np.array(frames, np.int8),
            layouts=tuple(layout for layout in layouts if layout is not None),
            are_official=np.array([record.is_official for record in records], bool),
        )

    def __len__(self) -> int:
        return len(self.splits)

    @overload
    def __getitem__(self, index: int) -> VideoRecord: ...
    @overload
    def __getitem__(self, index: slice) -> "Records": ...
    def __getitem__(self, index: "int | slice") -> "VideoRecord | Records":
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        split, layout = int(self.splits[index]), int(self.frames[index])
        return VideoRecord(
            path=Path(self.paths[index] or ""),
            label=self.labels[index] or "",
            split=None if split == NO_SPLIT else SPLITS[split],
            group=self.groups[index],
            start_seconds=_optional(self.starts[index]),
            end_seconds=_optional(self.ends[index]),
            row=self.rows[index],
            frames=None if layout < 0 else self.layouts[layout],
            is_official=bool(self.are_official[index]),
        )

    def take(self, positions: Positions) -> "Records":
        """Returns the records at some positions."""
        return replace(self, **{name: _taken(column, positions) for name, column in self._columns().items()})

    def order(self) -> NDArray[np.int64]:
        """Returns the positions of the records in the order of records everywhere: by path, start, end and row, (N,)."""
        keys = np.nan_to_num(self.ends, nan=np.inf), np.nan_to_num(self.starts, nan=0.0), self.paths.codes
        order = np.lexsort(keys)
        are_equal = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
        return np.lexsort((self.rows.ranks(), *keys)) if are_equal.any() else order

    def places(self, positions: Positions) -> list[str]:
        """Returns every row in which some records were read, several of one that has labels in time."""
        found = self.rows.take(positions).to_list()
        if self.tracks is not None:
            for position, row in zip(positions.tolist(), list(found), strict=True):
                file = row.rpartition(" ")[0]
                found += [f"{file} {line}" for line in self.tracks.lines(position).tolist()]
        return found

    def of_split(self, split: Split) -> NDArray[np.bool_]:
        """Returns which records the annotations give to a split, (N,) bool."""
        chosen: NDArray[np.bool_] = self.splits == SPLITS.index(split)
        return chosen

    def _columns(self) -> dict[str, Any]:
        columns = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "layouts"}
        return {name: column for name, column in columns.items() if column is not None}


def join_records(tables: Sequence[Records]) -> Records:
    """Returns the records of several tables one after the other, at least one table."""
    first = tables[0]
    if any(table.layouts != first.layouts for table in tables):
        return Records.of([record for table in tables for record in table])
    tracks = [table.tracks for table in tables if table.tracks is not None]
    return Records(
        paths=joined([table.paths for table in tables]),
        labels=joined([table.labels for table in tables]),
        splits=np.concatenate([table.splits for table in tables]),
        groups=joined([table.groups for table in tables]),
        starts=np.concatenate([table.starts for table in tables]),
        ends=np.concatenate([table.ends for table in tables]),
        rows=Texts(pa.concat_arrays([table.rows.data for table in tables])),
        frames=np.concatenate([table.frames for table in tables]),
        layouts=first.layouts,
        are_official=np.concatenate([table.are_official for table in tables]),
        tracks=join_tracks(tracks) if tracks else None,
    )


def _optional(seconds: np.float64) -> float | None:
    return None if np.isnan(seconds) else float(seconds)


def _taken(column: Any, positions: Positions) -> Any:
    return column[positions] if isinstance(column, np.ndarray) else column.take(positions)
