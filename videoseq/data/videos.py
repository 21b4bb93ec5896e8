"""Labelled videos of a scanned data set: one, and a table of a million."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from videoseq.data.columns import Positions, Words
from videoseq.data.infos import Infos, join_infos
from videoseq.data.records import Records, join_records
from videoseq.data.targets import Target, Targets, join_targets, take_targets, target_at, targets_of
from videoseq.data.tracks import Tracks
from videoseq.types import VideoInfo, VideoRecord

Identities = NDArray[np.uint64]
"""`Video.identity` of some videos as numbers, (N,) uint64."""


@dataclass(frozen=True)
class Video:
    """A labelled video that the scan found usable.

    Attributes:
        record: What the annotations say.
        info: What the scan says.
        target: What the annotations say, as a number: a class id, -1 where the class is not known; a value; (K,) float32 of 0
            and 1, which classes occur; or a `Track`, what holds at any second.
    """

    record: VideoRecord
    info: VideoInfo
    target: Target = -1

    @property
    def identity(self) -> str:
        """What makes it the same video in another run, whatever its name: a hash of its content and labelled part."""
        return _digest(self.info.content_hash, self.record.start_seconds, self.record.end_seconds).hex()


class Videos(Sequence[Video]):
    """A table of N videos; only the one that is asked for becomes an object.

    Args:
        records: What the annotations say.
        infos: What the scan says about the files.
        info_ids: Position in `infos` of each video's file, (N,).
        targets: Those of each video: class ids, (N,) int64; values, (N,) float64; which classes occur, (N, K) float32; tracks.
    """

    def __init__(self, records: Records, infos: Infos, info_ids: NDArray[np.integer], targets: Targets) -> None:
        self.records = records
        self.infos = infos
        self.info_ids = info_ids
        self.targets = targets

    @classmethod
    def of(cls, videos: Iterable[Video]) -> "Videos":
        """Returns a table of videos; what is one already is returned as it is."""
        if isinstance(videos, Videos):
            return videos
        listed = list(videos)
        return cls(
            Records.of([video.record for video in listed]),
            Infos.of(video.info for video in listed),
            np.arange(len(listed)),
            targets_of([video.target for video in listed]),
        )

    def __len__(self) -> int:
        return len(self.targets)

    @overload
    def __getitem__(self, index: int) -> Video: ...
    @overload
    def __getitem__(self, index: slice) -> "Videos": ...
    def __getitem__(self, index: "int | slice") -> "Video | Videos":
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        return Video(self.records[index], self.infos[int(self.info_ids[index])], target_at(self.targets, index))

    def take(self, positions: Positions) -> "Videos":
        """Returns the videos at some positions."""
        targets = take_targets(self.targets, positions)
        return Videos(self.records.take(positions), self.infos, self.info_ids[positions], targets)

    @cached_property
    def identities(self) -> Identities:
        """What `Video.identity` says of each video."""
        hashes = (text or "" for text in self.contents)
        starts, ends = (
            [None if value != value else value for value in column.tolist()]
            for column in (self.records.starts, self.records.ends)
        )
        digests = b"".join(map(_digest, hashes, starts, ends))
        return np.frombuffer(digests, ">u8").astype(np.uint64)

    @property
    def contents(self) -> Words:
        """The hashes of the content; None where there is none."""
        return self.infos.contents.take(self.info_ids)

    @property
    def labelled_seconds(self) -> NDArray[np.float64]:
        """Length of the labelled part of each video, (N,) float64 seconds."""
        durations = self.infos.duration_seconds[self.info_ids]
        until: NDArray[np.float64] = np.fmin(self.records.ends, durations)
        return until - np.nan_to_num(self.records.starts, nan=0.0)

    @property
    def row_frames(self) -> NDArray[np.int64]:
        """How many source frames each row of the labels in time names, (rows,) int64, in the order of `own_rows`."""
        tracks = self.targets
        assert isinstance(tracks, Tracks), "the labels are none in time"
        files = self.info_ids[tracks.owners]
        before, until = (self.infos.frames_before(files, seconds) for seconds in tracks.reaches)
        return until - before


def join_videos(tables: Sequence[Videos]) -> Videos:
    """Returns the videos of several tables one after the other, at least one table."""
    infos = tables[0].infos
    info_ids = [table.info_ids for table in tables]
    if any(table.infos is not infos for table in tables):
        infos = join_infos([table.infos for table in tables])
        starts = np.cumsum([0, *(len(table.infos) for table in tables)])
        info_ids = [ids + start for ids, start in zip(info_ids, starts, strict=False)]
    records = join_records([table.records for table in tables])
    return Videos(records, infos, np.concatenate(info_ids), join_targets([table.targets for table in tables]))


def _digest(content_hash: str, start_seconds: float | None, end_seconds: float | None) -> bytes:
    return hashlib.sha256(f"{content_hash} {start_seconds} {end_seconds}".encode()).digest()[:8]
