"""Videos of any length in contiguous chunks: which lane of the batches goes on with which video, and when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

import numpy as np
from numpy.typing import NDArray

from videoseq.data.samplers import ALONE, Epochs, Shard

_STREAM = 3
"""Keeps what is drawn here apart from every (seed, epoch), and from what other orders draw."""


@dataclass(frozen=True)
class Chunk:
    """What a data set of chunks is asked for.

    Attributes:
        index: Position of the video in the data set's table.
        epoch: The epoch, from which with the seed the randomness of the whole video follows.
        start: First frame of the chunk, counted in the frames of the video that are shown.
        stop: The frame behind its last one.
        lane: The lane that it belongs to.
    """

    index: int
    epoch: int
    start: int
    stop: int
    lane: int

    @property
    def resets(self) -> bool:
        """Whether it begins its video, so that the state of its lane begins anew."""
        return self.start == 0


class ChunkBatches(Epochs[Chunk]):
    """Batches of chunks, endlessly many epochs of equally many, resumable between any two batches.

    A lane is a row of videos, one after the other, each cut into chunks of `chunk_frames` of its frames, the last of which may
    be shorter. Batch s of an epoch holds the s-th chunk of every lane that has one, so that a lane's chunks follow upon each
    other::

        videos of 5, 2, 3, 1 frames in chunks of 2 frames: 3, 1, 2, 1 chunks; 2 lanes

                 batch 0   1    2    3
        lane 0   a01  a23  a4|  d0|         | ends a video: the next chunk of the lane resets
        lane 1   c01  c2|  b01|

    The videos are dealt once, the longest first, each to the lane with the fewest chunks so far: the lanes are of nearly the
    same length, and the epochs of exactly the same. An epoch shuffles the videos of equally many chunks among their places,
    and the places of every lane: a pure function of (seed, epoch).

    Several processes share the lanes, each has a slice of them, and all have equally many batches, some of which may be empty.

    Args:
        lengths: Frames of every video that are shown, (N,), each at least 1.
        chunk_frames: Frames of a chunk.
        num_lanes: Lanes of all processes together; of fewer videos there are no more lanes than videos.
        seed: Seed of the order; None: every epoch is as the videos were dealt.
        shard: Which process of how many.
    """

    def __init__(
        self,
        lengths: Sequence[int] | NDArray[np.int64],
        chunk_frames: int,
        num_lanes: int,
        seed: int | None,
        shard: Shard = ALONE,
    ) -> None:
        super().__init__()
        self.lengths = np.asarray(lengths, np.int64)
        self.chunk_frames = chunk_frames
        self.seed = seed
        self.num_chunks = -(-self.lengths // chunk_frames)
        self.dealt = deal_lanes(self.num_chunks, min(num_lanes, len(self.lengths)))
        self.own = range(*shard.of(0, len(self.dealt)))

    def __len__(self) -> int:
        return max((int(self.num_chunks[lane].sum()) for lane in self.dealt), default=0)

    def lanes(self, epoch: int) -> list[NDArray[np.int64]]:
        """Returns the videos of every lane in the order in which they come."""
        if self.seed is None:
            return self.dealt
        rng = np.random.default_rng([self.seed, epoch, _STREAM])
        shown = np.arange(len(self.lengths))  # place -> video
        for count in np.unique(self.num_chunks):
            alike = np.flatnonzero(self.num_chunks == count)
            shown[alike] = rng.permutation(alike)
        return [rng.permutation(shown[lane]) for lane in self.dealt]

    def batches(self, epoch: int, position: int) -> Iterator[list[Chunk]]:
        """Yields the batches of an epoch from a position on."""
        lanes = self.lanes(epoch)
        coming = [self._chunks(lanes[lane].tolist(), epoch, lane) for lane in self.own]
        for number in range(len(self)):
            chunks = [next(lane, None) for lane in coming]
            if number >= position:
                yield [chunk for chunk in chunks if chunk is not None]

    def _chunks(self, videos: Sequence[int], epoch: int, lane: int) -> Iterator[Chunk]:
        for index in videos:
            length = int(self.lengths[index])
            for start in range(0, length, self.chunk_frames):
                yield Chunk(index, epoch, start, min(start + self.chunk_frames, length), lane)


def deal_lanes(num_chunks: NDArray[np.int64], num_lanes: int) -> list[NDArray[np.int64]]:
    """Deals videos to lanes, the longest first, each to the lane with the fewest chunks so far.

        chunks of videos  3 1 2 1     2 lanes:   0 3 | 2 1

    Args:
        num_chunks: Chunks of every video, (N,).
        num_lanes: At most N.

    Returns:
        The videos of every lane.
    """
    loads = [(0, lane) for lane in range(num_lanes)]
    heapify(loads)
    lanes: list[list[int]] = [[] for _ in range(num_lanes)]
    for video in np.argsort(-num_chunks, kind="stable").tolist():
        load, lane = loads[0]
        lanes[lane].append(video)
        heapreplace(loads, (load + int(num_chunks[video]), lane))
    return [np.array(lane, np.int64) for lane in lanes]
