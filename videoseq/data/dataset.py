"""Clips of labelled videos as samples."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.batch import ClipSample, Collate, collate
from videoseq.data.decoding import read_frames
from videoseq.data.mixing import MixedCollate
from videoseq.data.samplers import SampleRequest
from videoseq.data.sampling import available_frames, sample_clip
from videoseq.data.temporal import TemporalAugment
from videoseq.data.transforms import TrainTransform, decode_size, eval_transform
from videoseq.data.videos import Video
from videoseq.errors import DataError, DecodeError
from videoseq.types import ClipSpec, Limits, derive_seed


@dataclass(frozen=True)
class Reading:
    """How frames are read.

    Attributes:
        decoder: Name of the reader, or `auto`.
        limits: What one file may ask of the machine.
        bad_videos: `skip`: a video that cannot be read becomes a failure of its batch; `error`: the loader raises.
    """

    decoder: str = "auto"
    limits: Limits = field(default_factory=Limits)
    bad_videos: str = "skip"


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
    frames = read_frames(video.info, positions, size=size, reader=reading.decoder, limits=reading.limits)
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
        video = self.videos[request.index]
        seed = derive_seed(self.seed, request.epoch, request.index + request.repeat * len(self))
        rng = np.random.default_rng(seed)
        try:
            frames, target = self.temporal.vary(timeline(video, self.spec), video.target, rng)
            chosen = frames[sample_clip(len(frames), self.spec, rng=rng)]
            clip = read_clip(video, self.temporal.lose(chosen, rng), self.spec, self.reading)
        except (DecodeError, DataError) as error:
            return ClipSample(None, video.target, request.index, str(error))
        crops = self.transform(clip, seed)[None]  # (T, C, H, W) -> (1, T, C, H, W)
        return ClipSample(crops, target, request.index, seed=seed)


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
        try:
            frames = timeline(video, self.spec)
            chosen = sample_clip(len(frames), self.spec, rng=None, view=view, num_views=self.num_clips)
            clip = read_clip(video, frames[chosen], self.spec, self.reading)
        except (DecodeError, DataError) as error:
            return ClipSample(None, video.target, index, str(error))
        return ClipSample(eval_transform(clip, self.spec, self.num_crops), video.target, index)  # (V, T, C, H, W)
