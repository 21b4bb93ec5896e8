"""The clips of a data set that a feature cache holds: their names, how they are made, and which of them an epoch shows."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from videoseq.data.augment_options import Augmentation
from videoseq.data.batch import ClipSample
from videoseq.data.caching.feature_keys import augmentation_digest, content_names, variant_name, variant_seed, view_name
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.videos import Video
from videoseq.errors import DataError


class ShownClips(ABC):
    """The clips of a split, `num_variants` of every video.

    Attributes:
        videos: The videos.
        reading: How their frames are read.
        num_variants: Clips of each.
        targets: (N, num_variants) int64 class ids, what each clip shows.
    """

    videos: Sequence[Video]
    reading: Reading
    num_variants: int
    targets: NDArray[np.int64]

    @abstractmethod
    def name(self, index: int, variant: int) -> str:
        """Returns the name of a clip's features."""

    @abstractmethod
    def samples(self, index: int, variants: Sequence[int]) -> list[ClipSample]:
        """Returns clips of one video, one crop each, or why it could not be read."""


class CentreViews(ShownClips):
    """The one view of every video that validation sees, also for training where nothing varies.

    Args:
        clips: The data set, with one clip of one crop for each video.
    """

    num_variants = 1

    def __init__(self, clips: EvalClips) -> None:
        self.clips = clips
        self.videos = clips.videos
        self.reading = clips.reading
        self.targets = _targets(clips.videos)[:, None]  # (N, 1)
        self._contents = content_names(clips.videos)

    def name(self, index: int, variant: int) -> str:
        """Returns the name of a view's features."""
        return view_name(self._contents[index])

    def samples(self, index: int, variants: Sequence[int]) -> list[ClipSample]:
        """Returns the view of a video."""
        return [self.clips[index] for _ in variants]


class AugmentedVariants(ShownClips):
    """Augmented clips of every training video; what they are depends on the video and the augmentation, not on a run's seed.

    Args:
        clips: The data set.
        augmentation: How its clips are varied.
        num_variants: Clips of each video.
    """

    def __init__(self, clips: TrainClips, augmentation: Augmentation, num_variants: int) -> None:
        self.clips = clips
        self.videos = clips.videos
        self.reading = clips.reading
        self.num_variants = num_variants
        self._contents = content_names(clips.videos)
        self._digests = [augmentation_digest(augmentation, is_reversed=is_reversed) for is_reversed in (False, True)]
        self.targets = np.repeat(_targets(clips.videos)[:, None], num_variants, axis=1)  # (N, num_variants)
        self._is_reversed = np.isin(self.targets[:, 0], list(clips.temporal.reversed_targets))
        for index in np.flatnonzero(self._is_reversed).tolist():
            self.targets[index] = [self._shown_target(index, variant) for variant in range(num_variants)]

    def name(self, index: int, variant: int) -> str:
        """Returns the name of a variant's features."""
        return variant_name(self._contents[index], variant, self._digests[int(self._is_reversed[index])])

    def samples(self, index: int, variants: Sequence[int]) -> list[ClipSample]:
        """Returns variants of a video."""
        return self.clips.samples(index, [variant_seed(self.videos[index], variant) for variant in variants])

    def _shown_target(self, index: int, variant: int) -> int:
        video = self.videos[index]
        try:
            return self.clips.drawn(index, variant_seed(video, variant))[1]
        except DataError:  # the labelled part holds no frame: the clip is a failure, whose target nobody sees
            return video.target


def _targets(videos: Sequence[Video]) -> NDArray[np.int64]:
    return np.fromiter((video.target for video in videos), np.int64, len(videos))
