"""Building a frame cache: processes decode what is missing, together with those of other runs, and go on after a kill."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.caching.frames import FrameCache, describe_frames, shows_fixed_frames
from videoseq.data.caching.room import room_problem, taken_bytes
from videoseq.data.caching.shards import ShardWriter, stored_bytes
from videoseq.data.caching.store import ArrayStore
from videoseq.data.dataset import Reading, read_clip
from videoseq.data.loading import telling_of_killed_workers
from videoseq.data.manifest import Progress
from videoseq.data.transforms import decode_size
from videoseq.data.videos import Video
from videoseq.errors import DataError, DecodeError
from videoseq.types import ClipSpec

logger = logging.getLogger(__name__)

_GROUP_BYTES = 8 << 20
_PLANNED_TOGETHER = 1024
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class BuiltFrames:
    """A frame cache that is ready.

    Attributes:
        cache: The cache.
        num_items: Arrays of frames in it, one for a video, several for a long one; those of other runs included.
        num_bytes: What it takes on disk.
        build_seconds: How long the run waited for it.
    """

    cache: FrameCache
    num_items: int
    num_bytes: int
    build_seconds: float


class _Job(NamedTuple):
    """Frames to be decoded.

    Attributes:
        video: The video.
        name: Name of their array.
        indices: Source frames, (n,) int64.
        num_bytes: What they will take on disk.
    """

    video: Video
    name: str
    indices: NDArray[np.int64]
    num_bytes: int


class _Done(NamedTuple):
    """What became of a group of jobs: the names of those that were made, of those that failed, and why it cannot go on."""

    made: list[str]
    failed: dict[str, str]
    error: str


class FrameBuilder:
    """Decodes what training and validation can ask for and is not kept yet.

    Runs that need the same frames may build at the same time, as do the processes of one run: they share the work. A video
    that cannot be decoded is not kept: whoever reads it decodes it, and finds what is wrong with it.

    Args:
        videos: All videos that are trained or validated on.
        clip: How clips are cut.
        augment: How training clips are varied.
        reading: How frames are read.
        folder: `paths.cache`; the frames go to `frames` in it.
    """

    def __init__(
        self, videos: Sequence[Video], clip: ClipSpec, augment: AugmentOptions, reading: Reading, folder: Path
    ) -> None:
        self.videos = videos
        self.clip = clip
        self.reading = reading
        self.fixed = shows_fixed_frames(clip, augment.resolved())
        self.place = folder / "frames"
        self._found: tuple[FrameCache, dict[str, _Job]] | None = None

    def find_problem(self, limit_gb: float) -> str | None:
        """Says in the log what the frames take, and returns why there is no room for them, None where there is.

        Args:
            limit_gb: The most that `frames` may take, in 10^9 bytes.

        Raises:
            DataError: The folder cannot be read or written.
        """
        try:
            # Before it is asked what is missing: what others finish in between is not to count twice.
            taken = taken_bytes(self.place)
            cache, jobs = self._find()
            if not jobs:
                logger.info("data.cache=frames: all frames of %d videos are in %s", len(self.videos), cache.store.folder)
                return None
            num_frames = sum(len(job.indices) for job in jobs.values())
            which = "those of one clip of each" if self.fixed else "all that a clip may ask for"
            what = f"data.cache=frames: {num_frames} frames of {len(self.videos)} videos ({which})"
            needed = sum(job.num_bytes for job in jobs.values())
            problem = room_problem(self.place, taken, needed, limit_gb, what=what)
        except OSError as error:
            raise _unwritable(self.place, str(error)) from error
        if problem is None:
            return None
        smaller = "make clip.height and clip.width smaller"
        if not self.fixed:
            smaller += ", take clip.sampling=uniform without augment.temporal, which needs the frames of one clip alone"
        return (
            f"{problem}. Fix: raise data.cache_limit_gb, delete there what is no longer needed, name another disk with "
            f"paths.cache=DIR, {smaller}, or data.cache=none"
        )

    def build(self, num_workers: int, progress: Progress) -> BuiltFrames:
        """Makes what is missing.

        Args:
            num_workers: Processes that decode; with 0 this one does.
            progress: Makes the progress bar.

        Raises:
            DataError: The folder cannot be written, or a process that decodes was killed; what is finished stays.
        """
        started = time.perf_counter()
        try:
            cache, jobs = self._find()
            with telling_of_killed_workers():
                failed = _build(cache, jobs, self.reading, num_workers, progress)
        except OSError as error:
            raise _unwritable(self.place, str(error)) from error
        if failed:
            reason = next(iter(failed.values()))
            logger.warning(
                "%d of %d items could not be decoded and are not kept; the first: %s", len(failed), len(jobs), reason
            )
        return BuiltFrames(cache, len(cache.store), cache.store.num_bytes, time.perf_counter() - started)

    def _find(self) -> tuple[FrameCache, dict[str, _Job]]:
        """Returns the cache and what is missing in it, looked for once."""
        if self._found is None:
            description = describe_frames(self.clip, self.reading.pixels, fixed=self.fixed)
            cache = FrameCache(ArrayStore.open(self.place, description), self.clip, fixed=self.fixed)
            self._found = cache, _missing_jobs(cache, self.videos)
        return self._found


def _missing_jobs(cache: FrameCache, videos: Sequence[Video]) -> dict[str, _Job]:
    """Returns what is wanted and not there, by name; copies of one video want the same."""
    missing: dict[str, _Job] = {}
    for start in range(0, len(videos), _PLANNED_TOGETHER):
        jobs = {}
        for video in videos[start : start + _PLANNED_TOGETHER]:
            size = decode_size(video.info.height, video.info.width, cache.clip)
            try:
                for name, indices in cache.blocks(video, size):
                    jobs[name] = _Job(video, name, indices, stored_bytes(len(indices) * size[0] * size[1] * 3))
            except DataError:  # no frame in the labelled part: a failure of whoever reads it
                continue
        missing |= {name: jobs[name] for name in cache.store.missing(list(jobs))}
    return missing


def _build(cache: FrameCache, jobs: dict[str, _Job], reading: Reading, num_workers: int, progress: Progress) -> dict[str, str]:
    """Makes what is missing, or waits for those who make it; returns the names of what cannot be decoded, and why."""
    failed: dict[str, str] = {}
    waiting = list(jobs)
    with progress("decoding", len(waiting)) as advance:
        while waiting:
            num_before = len(waiting)
            is_idle = True
            for done in _decoded(cache, [jobs[name] for name in waiting], reading, num_workers):
                if done.error:
                    raise OSError(done.error)
                failed |= done.failed
                is_idle &= not (done.made or done.failed)
                for _ in (*done.made, *done.failed):
                    advance()
                    num_before -= 1
            cache.store.refresh()
            waiting = [name for name in cache.store.missing(waiting) if name not in failed]
            for _ in range(num_before - len(waiting)):  # by others
                advance()
            if waiting and is_idle:
                _wait(cache.store, waiting[0])
    return failed


def _wait(store: ArrayStore, name: str) -> None:
    """Waits while another process is making an array."""
    while True:
        time.sleep(_POLL_SECONDS)
        with store.claimed([name]) as mine:
            if mine or name in store:
                return


def _decoded(cache: FrameCache, jobs: Sequence[_Job], reading: Reading, num_workers: int) -> Iterator[_Done]:
    """Yields what became of each group of jobs, which processes of this run have made."""
    with closing(_Groups(cache, jobs, reading)) as groups:
        yield from DataLoader(groups, batch_size=None, num_workers=min(num_workers, len(groups)))


class _Groups(Dataset[_Done]):
    """Groups of jobs, each done by asking for it, in a process with a shard of its own.

    Args:
        cache: Where the frames go.
        jobs: What is to be decoded.
        reading: How frames are read.
    """

    def __init__(self, cache: FrameCache, jobs: Sequence[_Job], reading: Reading) -> None:
        self.store = cache.store
        self.clip = cache.clip
        self.jobs = jobs
        self.reading = reading
        ends = np.cumsum([job.num_bytes for job in jobs]) // _GROUP_BYTES
        self.starts = np.append(np.flatnonzero(np.diff(ends, prepend=-1)), len(jobs))
        self._writer: ShardWriter | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, group: int) -> _Done:
        if group >= len(self):
            raise IndexError(group)
        jobs = {job.name: job for job in self.jobs[self.starts[group] : self.starts[group + 1]]}
        self._writer = self._writer or self.store.writer()
        failed = {}
        try:
            with self.store.claimed(list(jobs)) as mine:
                for name in mine:
                    try:
                        clip = read_clip(jobs[name].video, jobs[name].indices, self.clip, self.reading)
                        self._writer.add(name, clip.permute(0, 2, 3, 1).numpy())  # (n, C, h, w) -> (n, h, w, C)
                    except DecodeError as error:
                        failed[name] = str(error)
                self._writer.commit()
        except OSError as error:  # here: torch makes a RuntimeError of it, with its traceback as text
            self.close()  # the writer does not know how much of the array has reached the file
            return _Done([], {}, str(error))
        return _Done([name for name in mine if name not in failed], failed, "")

    def close(self) -> None:
        """Closes the shard of this process."""
        if self._writer is not None:
            with suppress(OSError):  # what counts has been committed
                self._writer.close()
            self._writer = None


def _unwritable(place: Path, cause: str) -> DataError:
    return DataError(
        f"the frames cannot be kept in {str(place)!r}: {cause}. Fix: name a folder with room that can be written with "
        "paths.cache=DIR, or data.cache=none"
    )
