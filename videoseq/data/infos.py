"""What the scan found out about many videos, as columns."""

import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from videoseq.data.columns import Positions, Words
from videoseq.data.scan_cache import to_table
from videoseq.data.scan_rows import from_row
from videoseq.types import LONE_FRAME_SECONDS, VideoInfo

_ERROR = pa.field("error", pa.binary())
"""Bytes, as the path: a message may name a file whose name is no text."""

_NUM_RECENT = 1024
"""So many results are kept as objects: those of the files from which many parts are labelled come again and again."""

_ROWS_AT_ONCE = 256
"""Rows that are turned into objects in one go where all are read in order."""


class Infos(Sequence[VideoInfo]):
    """A table of N `VideoInfo`s, the columns those of the scan's cache and the errors.

    Args:
        table: The columns.
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table.combine_chunks()
        self._recent: dict[int, VideoInfo] = {}
        self._columns = {name: self.table.column(name) for name in self.table.column_names}

    @classmethod
    def of(cls, infos: Iterable[VideoInfo]) -> "Infos":
        """Returns a table of scan results."""
        listed = list(infos)
        errors = [None if info.error is None else os.fsencode(info.error) for info in listed]
        return cls(to_table(listed).append_column(_ERROR, pa.array(errors, pa.binary())))

    @classmethod
    def without_errors(cls, table: pa.Table) -> "Infos":
        """Returns a table of the rows of a scan cache."""
        return cls(table.append_column(_ERROR, pa.nulls(len(table), pa.binary())))

    def __len__(self) -> int:
        return len(self.table)

    @overload
    def __getitem__(self, index: int) -> VideoInfo: ...
    @overload
    def __getitem__(self, index: slice) -> "Infos": ...
    def __getitem__(self, index: "int | slice") -> "VideoInfo | Infos":
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        info = self._recent.get(index)
        if info is None:
            info = _info({name: _plain(column[index]) for name, column in self._columns.items()})
            if len(self._recent) >= _NUM_RECENT:
                self._recent.clear()
            self._recent[index] = info
        return info

    def __iter__(self) -> Iterator[VideoInfo]:
        for start in range(0, len(self), _ROWS_AT_ONCE):
            yield from map(_info, self.table.slice(start, _ROWS_AT_ONCE).to_pylist())

    def take(self, positions: Positions) -> "Infos":
        """Returns the results at some positions."""
        return Infos(self.table.take(pa.array(positions)))

    def error(self, position: int) -> str:
        """Returns why a video cannot be used; empty where it can."""
        return self[position].error or ""

    @property
    def are_bad(self) -> NDArray[np.bool_]:
        """Which videos cannot be used, (N,) bool."""
        known: NDArray[np.bool_] = self._columns["error"].is_valid().to_numpy()
        return known

    @property
    def num_frames(self) -> NDArray[np.int64]:
        """Frames of every video, (N,) int64."""
        counts: NDArray[np.int64] = self._columns["num_frames"].to_numpy()
        return counts

    @cached_property
    def contents(self) -> Words:
        """The hashes of the content; None where there is none."""
        return Words.of(text or None for text in self._columns["content_hash"].to_pylist())

    @cached_property
    def duration_seconds(self) -> NDArray[np.float64]:
        """`VideoInfo.duration_seconds` of every video, (N,) float64."""
        first, step = (self._columns[name].to_numpy() for name in ("first_pts", "pts_step"))
        num_frames = self.num_frames
        ticks = step * np.maximum(num_frames - 1, 0)
        for position in np.flatnonzero(self._are_irregular):
            ticks[position] = _plain(self._columns["irregular_pts"][int(position)])[-1] - first[position]
        seconds: NDArray[np.float64] = ticks * self._ticks_seconds
        fps = np.divide(num_frames - 1, seconds, out=np.zeros(len(self)), where=(num_frames > 1) & (seconds > 0))
        last: NDArray[np.float64] = np.divide(1, fps, out=np.where(num_frames > 0, LONE_FRAME_SECONDS, 0.0), where=fps > 0)
        return seconds + last

    def frames_before(self, positions: Positions, seconds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Returns how many frames videos show before some times.

        Args:
            positions: The video of each time, (n,).
            seconds: The times, (n,), the first frame of each video at 0.

        Returns:
            (n,) int64.
        """
        steps = (self._columns["pts_step"].to_numpy() * self._ticks_seconds)[positions]
        of_one = np.where(seconds > 0, np.inf, 0.0)  # a video of one frame has no step
        counts = np.ceil(np.divide(seconds, steps, out=of_one, where=steps > 0))
        found: NDArray[np.int64] = np.clip(counts, 0, self.num_frames[positions]).astype(np.int64)
        irregular = np.flatnonzero(self._are_irregular[positions])
        irregular = irregular[np.argsort(positions[irregular], kind="stable")]  # those of one video side by side
        videos, firsts = np.unique(positions[irregular], return_index=True)
        for video, its in zip(videos.tolist(), np.split(irregular, firsts[1:]), strict=True) if len(irregular) else ():
            found[its] = np.searchsorted(self[video].frame_seconds, seconds[its])
        return found

    @cached_property
    def _are_irregular(self) -> NDArray[np.bool_]:
        known: NDArray[np.bool_] = self._columns["irregular_pts"].is_valid().to_numpy()
        return known

    @cached_property
    def _ticks_seconds(self) -> NDArray[np.float64]:
        """Seconds per unit of a pts of every video, (N,) float64."""
        bases = Words.of(self._columns["time_base"].to_pylist())
        units = np.array([float(Fraction(text)) for text in bases.names], np.float64)
        seconds: NDArray[np.float64] = units[bases.codes]
        return seconds


def join_infos(tables: Sequence[Infos]) -> Infos:
    """Returns the results of several tables one after the other."""
    return Infos(pa.concat_tables([each.table for each in tables]))


def _info(row: dict[str, Any]) -> VideoInfo:
    error = None if row["error"] is None else os.fsdecode(row["error"])
    return from_row(row | {"path": os.fsdecode(row["path"]), "error": error})


def _plain(value: pa.Scalar) -> Any:
    """Returns a cell as `from_row` takes it."""
    if isinstance(value, pa.ListScalar):
        return None if value.values is None else np.asarray(value.values)
    return value.as_py()
