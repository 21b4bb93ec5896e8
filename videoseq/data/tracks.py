"""Labels of videos in time: what holds at any second of one, and columns of a million of them."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from videoseq.data.columns import Positions
from videoseq.types import IGNORED

TOLERANCE_SECONDS = 1e-6
"""Seconds are decimals, timestamps are whole ticks: the rounding between both must not move a frame over a border."""


@dataclass(frozen=True, eq=False)
class Track(ABC):
    """What one video is labelled with in time.

    Attributes:
        starts: (S,) float64 seconds, ascending.
        ends: (S,) float64 seconds.
        values: (S,).
        outside: The class id of what no segment covers.
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    values: NDArray[np.number]
    outside: int = IGNORED

    @abstractmethod
    def at(self, seconds: NDArray[np.float64]) -> NDArray[np.number]:
        """Returns what holds at some times, the first frame of the video being at 0.

        Args:
            seconds: (T,), in any order.

        Returns:
            (T,) int64 class ids or float32 values.
        """

    @staticmethod
    @abstractmethod
    def reach(
        starts: NDArray[np.float64], ends: NDArray[np.float64], are_last: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns the half-open stretches of time in which rows say what holds, two arrays (rows,) of seconds.

        Args:
            starts: (rows,), ascending in every video.
            ends: (rows,).
            are_last: Which rows are the last ones of their video, (rows,).
        """

    def __len__(self) -> int:
        return len(self.starts)


class Segments(Track):
    """Half-open segments `[start, end)` that do not overlap, of a class id each; in between the class id is `outside`.

    segments [0.1, 0.3) of class 2 and [0.3, 0.4) of class 0, outside=-100, 10 frames per second:

        seconds   0.0  0.1  0.2  0.3  0.4  0.5
        at       -100    2    2    0 -100 -100
    """

    def at(self, seconds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Returns the class ids at some times, (T,) int64; `outside` where no segment is."""
        times = seconds + TOLERANCE_SECONDS
        place = np.searchsorted(self.starts, times, side="right") - 1
        inside = (place >= 0) & (times < np.append(self.ends, -np.inf)[place])  # the last one is what -1 finds
        return np.where(inside, np.append(self.values, self.outside)[place], self.outside).astype(np.int64)

    @staticmethod
    def reach(
        starts: NDArray[np.float64], ends: NDArray[np.float64], are_last: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns the segments; see `Track.reach`."""
        return starts - TOLERANCE_SECONDS, ends - TOLERANCE_SECONDS


class Curve(Track):
    """Values at times, `starts` and `ends` alike, linear between two of them, NaN before the first and behind the last.

    values 1 at 0.1 s and 3 at 0.3 s, 10 frames per second:

        seconds   0.0  0.1  0.2  0.3  0.4
        at        NaN    1    2    3  NaN
    """

    def at(self, seconds: NDArray[np.float64]) -> NDArray[np.float32]:
        """Returns the values at some times, (T,) float32; NaN where there is none."""
        first, last = self.starts[0], self.starts[-1]
        outside = (seconds < first - TOLERANCE_SECONDS) | (seconds > last + TOLERANCE_SECONDS)
        return np.where(outside, np.nan, np.interp(seconds, self.starts, self.values.astype(np.float64))).astype(np.float32)

    @staticmethod
    def reach(
        starts: NDArray[np.float64], ends: NDArray[np.float64], are_last: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns for each time the stretch until the next one of its video; see `Track.reach`."""
        low = starts - TOLERANCE_SECONDS
        return low, np.where(are_last, ends + TOLERANCE_SECONDS, np.append(low[1:], np.inf))


@dataclass(frozen=True, eq=False)
class TrackRows:
    """The rows of all tracks of a data set, which every part of it shares.

    Attributes:
        starts: (R,) float64 seconds.
        ends: (R,) float64 seconds.
        values: (R,) float64, or int64 positions in the names of the classes.
        lines: (R,) int64, the line of the file that each row stands in, for messages.
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    values: NDArray[np.number]
    lines: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tracks(Sequence[Track]):
    """The tracks of N videos; only the one that is asked for becomes an object, a view of the rows.

    Attributes:
        kind: What each of them is.
        rows: The rows, those of a video side by side.
        firsts: Its first row, (N,) int64.
        counts: How many rows it has, (N,) int64.
        names: What the values of segments mean; empty for curves.
        outside: The class id of what no segment covers.
    """

    kind: type[Track]
    rows: TrackRows
    firsts: NDArray[np.int64]
    counts: NDArray[np.int64]
    names: tuple[str, ...] = ()
    outside: int = IGNORED

    @classmethod
    def of(cls, tracks: Sequence[Track]) -> "Tracks":
        """Returns a table of tracks of one kind, at least one, whose values are class ids or numbers already."""
        counts = np.array([len(track) for track in tracks], np.int64)
        starts, ends, values = (
            np.concatenate([getattr(track, name) for track in tracks]) for name in ("starts", "ends", "values")
        )
        rows = TrackRows(starts, ends, values, np.zeros(len(starts), np.int64))
        return cls(type(tracks[0]), rows, np.cumsum(counts) - counts, counts, outside=tracks[0].outside)

    def __len__(self) -> int:
        return len(self.firsts)

    @overload
    def __getitem__(self, index: int) -> Track: ...
    @overload
    def __getitem__(self, index: slice) -> "Tracks": ...
    def __getitem__(self, index: "int | slice") -> "Track | Tracks":
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        its = self._its(index)
        return self.kind(self.rows.starts[its], self.rows.ends[its], self.rows.values[its], self.outside)

    def take(self, positions: Positions) -> "Tracks":
        """Returns the tracks of some videos; the rows stay where they are."""
        return replace(self, firsts=self.firsts[positions], counts=self.counts[positions])

    def lines(self, index: int) -> NDArray[np.int64]:
        """Returns the lines of the file in which the rows of a video stand."""
        return self.rows.lines[self._its(index)]

    def digest(self, index: int) -> str:
        """Returns a digest of what a video is labelled with, the same whatever other videos there are."""
        its = self._its(index)
        values: list[object] = self.rows.values[its].tolist()
        if self.names:
            values = [self.names[code] for code in self.rows.values[its].astype(np.int64).tolist()]
        described = [self.rows.starts[its].tolist(), self.rows.ends[its].tolist(), values]
        return hashlib.sha256(repr(described).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def with_classes(self, ids: Sequence[int], outside: int) -> "Tracks":
        """Returns segments of class ids.

        Args:
            ids: The class id of each of the names.
            outside: The class id of what no segment covers.
        """
        values = np.asarray(ids, np.int64)[self.rows.values.astype(np.int64)]
        return replace(self, rows=replace(self.rows, values=values), outside=outside)

    @property
    def owners(self) -> NDArray[np.int64]:
        """Position of the video of every row that belongs to one, in the order of the videos, (rows,) int64."""
        return np.repeat(np.arange(len(self)), self.counts)

    @property
    def own_rows(self) -> NDArray[np.int64]:
        """Positions in `rows` of the rows that belong to a video, in the order of the videos, (rows,) int64."""
        before = np.cumsum(self.counts) - self.counts
        return np.arange(self.counts.sum()) - np.repeat(before - self.firsts, self.counts)

    @property
    def reaches(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Half-open stretches of time in which `own_rows` say what holds, two arrays (rows,) float64 seconds."""
        owners, rows = self.owners, self.own_rows
        are_last = np.diff(owners, append=len(self)) > 0
        return self.kind.reach(self.rows.starts[rows], self.rows.ends[rows], are_last)

    def _its(self, index: int) -> slice:
        first = int(self.firsts[index])
        return slice(first, first + int(self.counts[index]))


def join_tracks(tables: Sequence[Tracks]) -> Tracks:
    """Returns the tracks of several tables of one kind and the same classes one after the other, at least one table."""
    rows, firsts = tables[0].rows, [table.firsts for table in tables]
    if any(table.rows is not rows for table in tables):
        starts, ends, values, lines = (
            np.concatenate([getattr(table.rows, name) for table in tables]) for name in ("starts", "ends", "values", "lines")
        )
        rows = TrackRows(starts, ends, values, lines)
        before = np.cumsum([0, *(len(table.rows.starts) for table in tables)])
        firsts = [first + start for first, start in zip(firsts, before, strict=False)]
    counts = np.concatenate([table.counts for table in tables])
    return replace(tables[0], rows=rows, firsts=np.concatenate(firsts), counts=counts)
