"""Filling a feature cache: what is missing is decoded by workers and encoded in batches, each clip once."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from torch import Tensor
from torch.utils.data import Dataset

from videoseq.data.batch import ClipBatch, ClipSample, collate
from videoseq.data.caching.shards import ShardWriter
from videoseq.data.caching.shown import KeptClips
from videoseq.data.caching.store import ArrayStore
from videoseq.data.loading import ClipLoader
from videoseq.data.manifest import Progress

Encode = Callable[[ClipBatch], Tensor]
"""Turns clips into features, (B, T, D) float32 on the CPU, anything behind a clip's length."""

_ASKED_TOGETHER = 1024
_NUM_SHARES = 8
_MAX_SHARE = 4096
_POLL_SECONDS = 0.5


class Job(NamedTuple):
    """Clips of one video, or of one piece of it, that are wanted.

    Attributes:
        clips: Its split.
        position: Of the video, or of the piece, in it.
        variants: Which clips of it.
    """

    clips: KeptClips
    position: int
    variants: tuple[int, ...]

    @property
    def names(self) -> list[str]:
        """Names of the clips' features."""
        return [self.clips.name(self.position, variant) for variant in self.variants]

    def only(self, names: Collection[str]) -> "Job":
        """Returns the job with those of its clips that stand among the names; of clips that are alike, the first."""
        variants: dict[str, int] = {}
        for name, variant in zip(self.names, self.variants, strict=True):
            if name in names:
                variants.setdefault(name, variant)
        return self._replace(variants=tuple(variants.values()))


class WantedClips(Dataset[list[ClipSample]]):
    """The clips of some jobs, those of a job together; in a batch `videos` are places in `names`.

    Args:
        jobs: At least one.

    Attributes:
        names: Names of the features of all clips.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self.reading = jobs[0].clips.reading
        self.names = [name for job in jobs for name in job.names]
        self._first = [0]
        for job in jobs:
            self._first.append(self._first[-1] + len(job.variants))

    def __len__(self) -> int:
        return len(self.jobs)

    def __getitem__(self, number: int) -> list[ClipSample]:
        job = self.jobs[number]
        samples = job.clips.samples(job.position, job.variants)
        return [sample._replace(video=self._first[number] + place) for place, sample in enumerate(samples)]

    @staticmethod
    def collate(jobs: Sequence[list[ClipSample]]) -> ClipBatch:
        """Makes one batch of the clips of some jobs."""
        return collate([sample for samples in jobs for sample in samples])


def wanted_jobs(parts: Sequence[KeptClips], store: ArrayStore) -> list[Job]:
    """Returns what a store is missing of the clips of some splits; what several videos share is wanted once."""
    seen: set[str] = set()
    jobs = []
    for clips in parts:
        variants = tuple(range(clips.num_variants))
        for start in range(0, len(clips), _ASKED_TOGETHER):
            end = min(start + _ASKED_TOGETHER, len(clips))
            asked = [Job(clips, position, variants) for position in range(start, end)]
            missing = set(store.missing([name for job in asked for name in job.names]))
            for job in asked if missing else ():
                wanted = job.only(missing - seen)
                if wanted.variants:
                    seen.update(wanted.names)
                    jobs.append(wanted)
    return jobs


def encode_missing(
    jobs: Sequence[Job], store: ArrayStore, encode: Encode, *, num_workers: int, batch_size: int, progress: Progress
) -> dict[str, str]:
    """Makes the features of all jobs; returns when they are there, whichever process has made them.

    Several processes share the work: each claims a part of the jobs, and comes back to what others had claimed. What is
    finished stays, also where this process is killed.

    Args:
        jobs: What is wanted.
        store: Where the features go.
        encode: The encoder.
        num_workers: Processes that decode.
        batch_size: Clips that are encoded at once, more where a video alone has more.
        progress: Makes the progress bar.

    Returns:
        Name of a clip that could not be read -> why.

    Raises:
        DataError: A video cannot be read, and `bad_videos` is `error`.
        OSError: The disk is full or cannot be written.
    """
    failures: dict[str, str] = {}
    with progress("encoding clips", num_clips(jobs)) as advance, store.writer() as writer:
        shares = _shares(jobs, batch_size)
        while shares:
            left, has_worked = [], False
            for share in shares:
                with store.claimed([name for job in share for name in job.names]) as free:
                    claimed = _restricted(share, set(free) - failures.keys())
                    for _ in _encoded(claimed, writer, encode, failures, num_workers, batch_size):
                        advance()
                has_worked |= bool(claimed)
                store.refresh()
                missing = store.missing([name for job in share for name in job.names])
                rest = _restricted(share, set(missing) - failures.keys())
                for _ in range(num_clips(share) - num_clips(claimed) - num_clips(rest)):
                    advance()
                if rest:
                    left.append(rest)
            shares = left
            if shares and not has_worked:  # other processes are at them
                time.sleep(_POLL_SECONDS)
    return failures


def _encoded(
    jobs: list[Job], writer: ShardWriter, encode: Encode, failures: dict[str, str], num_workers: int, batch_size: int
) -> Iterator[str]:
    """Makes features, adds what could not be read to the failures, and yields the name of each clip that is through."""
    if not jobs:
        return
    clips = WantedClips(jobs)
    together = max(batch_size // max(len(job.variants) for job in jobs), 1)
    for batch in ClipLoader(clips, num_workers, batch_size=together):
        if len(batch):
            features = encode(batch).numpy()  # (B, T, D)
            for row, (place, length) in enumerate(zip(batch.videos, batch.lengths.tolist(), strict=True)):
                writer.add(clips.names[place], features[row, :length])
            writer.commit()
        failures |= {clips.names[place]: reason for place, reason in batch.failures}
        yield from (clips.names[place] for place in (*batch.videos, *(place for place, _ in batch.failures)))


def _shares(jobs: Sequence[Job], batch_size: int) -> list[list[Job]]:
    """Returns the jobs in runs of about equal size: as much as a process claims at a time."""
    size = min(max(-(-num_clips(jobs) // _NUM_SHARES), batch_size), _MAX_SHARE)
    shares: list[list[Job]] = []
    filled = size
    for job in jobs:
        if filled >= size:
            shares.append([])
            filled = 0
        shares[-1].append(job)
        filled += len(job.variants)
    return shares


def _restricted(jobs: Sequence[Job], names: Collection[str]) -> list[Job]:
    return [job for job in (job.only(names) for job in jobs) if job.variants]


def num_clips(jobs: Sequence[Job]) -> int:
    """Returns how many clips some jobs have."""
    return sum(len(job.variants) for job in jobs)
