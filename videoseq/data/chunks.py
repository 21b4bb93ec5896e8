"""Whole videos in contiguous chunks as batches: each row of a batch goes on where its lane has stopped in the one before."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.batch import ClipBatch, ClipSample, collate
from videoseq.data.chunk_order import Chunk, ChunkBatches
from videoseq.data.dataset import Reading, clip_target, read_clip, timeline
from videoseq.data.loading import ClipLoader, Resumable
from videoseq.data.samplers import ALONE, Shard
from videoseq.data.transforms import TrainTransform, eval_transform
from videoseq.data.videos import Video
from videoseq.errors import DataError, DecodeError
from videoseq.types import ClipSpec, derive_seed

Transform = Callable[[Tensor, int], Tensor]
"""Makes (T, C, H, W) of what was read, (T, C, h, w), as a seed decides."""

_FRAMES_IN_BATCH = 512
"""Frames of the chunks of a batch where no gradients are kept."""

_MOST_LANES = 4
"""Videos that are read side by side there: a chunk is decoded from the keyframe before it, so that few long ones cost less than
many short ones."""


def shown_frames(video: Video, spec: ClipSpec) -> NDArray[np.int64]:
    """Returns the source frames of a whole video that its chunks show, (n,) int64: every `frame_stride`-th of its timeline.

    Raises:
        DataError: The labelled part of the video holds no frame.
    """
    return timeline(video, spec)[:: spec.frame_stride]


def shown_lengths(videos: Sequence[Video], spec: ClipSpec) -> NDArray[np.int64]:
    """Returns how many frames `shown_frames` gives of every video, (N,) int64; nothing is decoded.

    Raises:
        DataError: The labelled part of a video holds no frame.
    """
    return np.array([len(shown_frames(video, spec)) for video in videos], np.int64)


class ChunkClips(Dataset[tuple[Chunk, ClipSample]]):
    """Chunks of videos, asked for by `Chunk`.

    All chunks of a video in an epoch are varied by one draw: the same crop, flip and colours from its first frame to its last.

    Args:
        videos: The videos.
        spec: The size of the frames, their rate and their step.
        reading: How frames are read.
        transform: Makes what the model sees of what was read.
        seed: Seed of all randomness, together with epoch and video.
    """

    def __init__(self, videos: Sequence[Video], spec: ClipSpec, reading: Reading, transform: Transform, seed: int = 0) -> None:
        self.videos = videos
        self.spec = spec
        self.reading = reading
        self.transform = transform
        self.seed = seed

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, chunk: Chunk) -> tuple[Chunk, ClipSample]:
        seed = derive_seed(self.seed, chunk.epoch, chunk.index)
        return chunk, self.samples(chunk.index, chunk.start, chunk.stop, [seed])[0]

    def samples(self, index: int, start: int, stop: int, seeds: Sequence[int]) -> list[ClipSample]:
        """Returns a part of a video, varied as each seed decides; its frames are read once.

        Args:
            index: Position of the video.
            start: First frame of the part, counted in the frames of the video that are shown.
            stop: The frame behind its last one.
            seeds: At least one.
        """
        video = self.videos[index]
        started = time.perf_counter()
        try:
            frames = shown_frames(video, self.spec)[start:stop]
            read = read_clip(video, frames, self.spec, self.reading)
        except (DecodeError, DataError) as error:
            return [ClipSample(None, clip_target(video, np.zeros(0, np.int64)), index, str(error)) for _ in seeds]
        samples = []
        for seed in seeds:
            decoded = time.perf_counter()
            shown = self.transform(read, seed)[None]  # (T, C, H, W) -> (1, T, C, H, W)
            seconds = decoded - started, time.perf_counter() - decoded
            samples.append(ClipSample(shown, clip_target(video, frames), index, "", seed, *seconds))
            started = time.perf_counter()
        return samples

    @staticmethod
    def collate(samples: Sequence[tuple[Chunk, ClipSample]]) -> ClipBatch:
        """Makes a batch of chunks, each of which knows its lane."""
        lanes, resets = lanes_of([chunk for chunk, sample in samples if sample.frames is not None])
        return replace(collate([sample for _, sample in samples]), lanes=lanes, resets=resets)


def lanes_of(chunks: Sequence[Chunk]) -> tuple[Tensor, Tensor]:
    """Returns the lane of every chunk, (B,) int64, and whether it begins a video, (B,) bool."""
    lanes = torch.tensor([chunk.lane for chunk in chunks], dtype=torch.int64)
    return lanes, torch.tensor([chunk.resets for chunk in chunks], dtype=torch.bool)


class ResumableChunkLoader(Resumable, ClipLoader):
    """A training loader of chunks whose state is the number of batches that were trained on.

    Args:
        clips: The data set.
        batches: The chunks of every batch.
        num_workers: Processes that decode.
        batches_done: Says how many batches were trained on, over all epochs; asked when a checkpoint is written.
        start: Batches, over all epochs, behind which the first epoch starts.
    """

    def __init__(
        self, clips: ChunkClips, batches: ChunkBatches, num_workers: int, batches_done: Callable[[], int], start: int
    ) -> None:
        Resumable.__init__(self, batches, batches_done, start)
        ClipLoader.__init__(self, clips, num_workers, batch_sampler=batches)


def training_chunks(
    videos: Sequence[Video], spec: ClipSpec, augment: AugmentOptions, reading: Reading, seed: int
) -> ChunkClips:
    """Returns the chunks of training videos, each video varied anew in every epoch; not in time.

    Args:
        videos: The videos.
        spec: The size of the frames, their rate and their step.
        augment: How videos are varied.
        reading: How frames are read.
        seed: Seed of all randomness.
    """
    return ChunkClips(videos, spec, reading, TrainTransform(spec, augment), seed)


def longest_chunks(num_videos: int, batch_size: int, world_size: int = 1) -> tuple[int, int]:
    """Returns the length of chunks where only the memory bounds it, and in how many lanes they come.

    Args:
        num_videos: How many videos there are.
        batch_size: The most lanes of a process.
        world_size: How many processes share the lanes.
    """
    lanes = max(min(batch_size, _MOST_LANES, num_videos), 1)  # of a process
    return _FRAMES_IN_BATCH // lanes, lanes * world_size


def evaluation_chunks(
    videos: Sequence[Video],
    spec: ClipSpec,
    reading: Reading,
    *,
    chunk_frames: int,
    num_lanes: int,
    num_workers: int,
    shard: Shard = ALONE,
) -> ClipLoader:
    """Returns a loader that gives every frame of every video once, in chunks; nothing is random.

    Args:
        videos: The videos.
        spec: The size of the frames, their rate and their step.
        reading: How frames are read.
        chunk_frames: Frames of a chunk.
        num_lanes: Videos that are read side by side, by all processes that evaluate together.
        num_workers: Processes that decode.
        shard: Which part of the lanes is this process's.

    Raises:
        DataError: The labelled part of a video holds no frame.
    """
    batches = ChunkBatches(shown_lengths(videos, spec), chunk_frames, num_lanes, None, shard)
    return ClipLoader(centre_chunks(videos, spec, reading), num_workers, batch_sampler=batches)


def centre_chunks(videos: Sequence[Video], spec: ClipSpec, reading: Reading) -> ChunkClips:
    """Returns the chunks of videos as validation sees them; nothing is random.

    Args:
        videos: The videos.
        spec: The size of the frames, their rate and their step.
        reading: How frames are read.
    """
    return ChunkClips(videos, spec, reading, partial(_centre, spec=spec))


def _centre(read: Tensor, seed: int, spec: ClipSpec) -> Tensor:
    return eval_transform(read, spec)[0]  # (T, C, h, w) -> (T, C, H, W)
