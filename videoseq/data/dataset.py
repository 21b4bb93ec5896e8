"""Clips of labelled videos as samples."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.batch import ClipSample, Collate, collate
from videoseq.data.decoding import read_frames
from videoseq.data.mixing import MixedCollate
from videoseq.data.samplers import SampleRequest
from videoseq.data.sampling import available_frames, sample_clip
from videoseq.data.temporal import TemporalAugment
from videoseq.data.tracks import Track
from videoseq.data.transforms import TrainTransform, decode_size, eval_transform
from videoseq.data.videos import Video
from videoseq.errors import DataError, DecodeError
from videoseq.types import ClipSpec, Limits, derive_seed

if TYPE_CHECKING:
    from videoseq.data.caching.frames import FrameCache


@dataclass(frozen=True)
class Reading:
    """How frames are read.

    Attributes:
        decoder: Name of the reader, or `auto`.
        limits: What one file may ask of the machine.
        bad_videos: `skip`: a video that cannot be read becomes a failure of its batch; `error`: the loader raises.
        skip_loop_filter: Whether frames are decoded faster and not exactly, as `read_frames` tells.
        frames: Decoded frames on disk, which are read where a video has them; None decodes all.
    """

    decoder: str = "auto"
    limits: Limits = field(default_factory=Limits)
    bad_videos: str = "skip"
    skip_loop_filter: bool = False
    frames: "FrameCache | None" = None

    @property
    def pixels(self) -> str:
        """What decides the pixels of a video's frames, in a few words, for the keys of caches."""
        return f"{self.decoder} without loop filter" if self.skip_loop_filter else self.decoder


def read_clip(video: Video, positions: np.ndarray, spec: ClipSpec, reading: Reading) -> Tensor:
    """Reads frames of a video at the size from which its crops are cut.

    Args:
        video: The video.
        positions: (T,) indices of source frames.
        spec: The clip's size.
        reading: How frames are read.

    Returns:
        (T, C, h, w) uint8 RGB, the aspect kept.

    Raises:
        DecodeError: The video cannot be read exactly.
    """
    size = decode_size(video.info.height, video.info.width, spec)
    frames = None if reading.frames is None else reading.frames.read(video, positions, size)
    if frames is None:
        frames = read_frames(
            video.info,
            positions,
            size=size,
            reader=reading.decoder,
            limits=reading.limits,
            skip_loop_filter=reading.skip_loop_filter,
        )
    return torch.from_numpy(frames).permute(0, 3, 1, 2)  # (T, h, w, C) -> (T, C, h, w)


def timeline(video: Video, spec: ClipSpec) -> np.ndarray:
    """Returns the source frames that a video's clips are sampled from, (n,) int64.

    Raises:
        DataError: The labelled part of the video holds no frame.
    """
    record = video.record
    return available_frames(
        video.info, start_seconds=record.start_seconds, end_seconds=record.end_seconds, target_fps=spec.target_fps
    )


def clip_target(video: Video, frames: NDArray[np.int64]) -> Tensor:
    """Returns what a clip of a video is to be recognised as.

    Args:
        video: The video.
        frames: The source frames that the clip shows, (T,), in any order.

    Returns:
        () int64 class id, () float32 value or (K,) float32; of a track (T,) int64 class ids or float32 values.
    """
    if isinstance(video.target, Track):
        return torch.from_numpy(video.target.at(video.info.frame_seconds[frames]))
    return torch.as_tensor(video.target)


class TrainClips(Dataset[ClipSample]):
    """One augmented clip per video and epoch, asked for by `SampleRequest`.

    Args:
        videos: The videos.
        spec: How clips are cut.
        augment: How they are varied.
        reading: How frames are read.
        seed: Seed of all randomness, together with epoch and position.
        class_names: Class id -> name.

    Attributes:
        collate: Makes a batch of samples, mixed where `augment` says so.

    Raises:
        ConfigError: `augment` names a class that is none of the data set's.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        spec: ClipSpec,
        augment: AugmentOptions,
        reading: Reading,
        seed: int,
        class_names: Sequence[str],
    ) -> None:
        self.videos = videos
        self.spec = spec
        self.reading = reading
        self.seed = seed
        options = augment.resolved()
        self.temporal = TemporalAugment(options.temporal, spec, class_names)
        self.transform = TrainTransform(spec, augment)
        mixes = options.mixup > 0 or options.cutmix > 0
        self.collate: Collate = MixedCollate(options.mixup, options.cutmix, len(class_names)) if mixes else collate

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, request: SampleRequest) -> ClipSample:
        seed = derive_seed(self.seed, request.epoch, request.index + request.repeat * len(self))
        return self.samples(request.index, [seed])[0]

    def samples(self, index: int, seeds: Sequence[int]) -> list[ClipSample]:
        """Returns clips of one video, each varied as its seed decides; frames that several of them show are read once."""
        read: dict[bytes, Tensor] = {}
        return [self._sample(index, seed, read) for seed in seeds]

    def drawn(self, index: int, seed: int) -> tuple[np.ndarray, Tensor]:
        """Returns the frames that a clip shows, (T,) int64 indices of source frames, and what it is to be recognised as.

        Raises:
            DataError: The labelled part of the video holds no frame.
        """
        rng = np.random.default_rng(seed)
        video = self.videos[index]
        frames, target = self.temporal.vary(timeline(video, self.spec), video.target, rng)
        chosen = self.temporal.lose(frames[sample_clip(len(frames), self.spec, rng=rng)], rng)
        return chosen, clip_target(replace(video, target=target), chosen)

    def _sample(self, index: int, seed: int, read: dict[bytes, Tensor]) -> ClipSample:
        video = self.videos[index]
        started = time.perf_counter()
        try:
            frames, target = self.drawn(index, seed)
            if frames.tobytes() not in read:
                read[frames.tobytes()] = read_clip(video, frames, self.spec, self.reading)
        except (DecodeError, DataError) as error:
            return _failed(video, index, error)
        decoded = time.perf_counter()
        crops = self.transform(read[frames.tobytes()], seed)[None]  # (T, C, H, W) -> (1, T, C, H, W)
        seconds = decoded - started, time.perf_counter() - decoded
        return ClipSample(crops, target, index, "", seed, *seconds)


class EvalClips(Dataset[ClipSample]):
    """Every video as `num_clips` evenly spread clips of `num_crops` crops each, deterministic.

    Item i is clip `i % num_clips` of video `i // num_clips`.

    Args:
        videos: The videos.
        spec: How clips are cut.
        reading: How frames are read.
        num_clips: Clips of a video.
        num_crops: Crops of a clip.
    """

    collate: Collate = staticmethod(collate)

    def __init__(
        self, videos: Sequence[Video], spec: ClipSpec, reading: Reading, num_clips: int = 1, num_crops: int = 1
    ) -> None:
        self.videos = videos
        self.spec = spec
        self.reading = reading
        self.num_clips = num_clips
        self.num_crops = num_crops

    def __len__(self) -> int:
        return len(self.videos) * self.num_clips

    def __getitem__(self, item: int) -> ClipSample:
        index, view = divmod(item, self.num_clips)
        video = self.videos[index]
        started = time.perf_counter()
        try:
            frames = timeline(video, self.spec)
            shown = frames[sample_clip(len(frames), self.spec, rng=None, view=view, num_views=self.num_clips)]
            clip = read_clip(video, shown, self.spec, self.reading)
        except (DecodeError, DataError) as error:
            return _failed(video, index, error)
        decoded = time.perf_counter()
        crops = eval_transform(clip, self.spec, self.num_crops)  # (V, T, C, H, W)
        seconds = decoded - started, time.perf_counter() - decoded
        return ClipSample(crops, clip_target(video, shown), index, "", 0, *seconds)


def _failed(video: Video, index: int, error: Exception) -> ClipSample:
    return ClipSample(None, clip_target(video, np.zeros(0, np.int64)), index, str(error))
