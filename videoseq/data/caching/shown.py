"""The clips of a data set that a feature cache holds: their names, how they are made, and which of them an epoch shows."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.data.augment_options import Augmentation
from videoseq.data.batch import ClipSample
from videoseq.data.caching.choosing import varies_pixels
from videoseq.data.caching.feature_keys import augmentation_digest, content_names, variant_name, variant_seed, view_name
from videoseq.data.dataset import EvalClips, Reading, TrainClips, timeline
from videoseq.data.sampling import sample_clip
from videoseq.data.tracks import Tracks
from videoseq.data.videos import Video, Videos
from videoseq.errors import DataError


class KeptClips(ABC):
    """What a feature cache keeps of a split: places, each in `num_variants` variants.

    Attributes:
        reading: How the frames are read.
        num_variants: Variants of each place.
    """

    reading: Reading
    num_variants: int

    @abstractmethod
    def __len__(self) -> int:
        """Returns how many places there are."""

    @abstractmethod
    def name(self, index: int, variant: int) -> str:
        """Returns the name of the features of a variant of a place."""

    @abstractmethod
    def num_frames(self, index: int, variant: int) -> int:
        """Returns the frames of it.

        Raises:
            DataError: The labelled part of the video holds no frame.
        """

    @abstractmethod
    def samples(self, index: int, variants: Sequence[int]) -> list[ClipSample]:
        """Returns variants of one place, one crop each, or why it could not be read."""


class ShownClips(KeptClips):
    """The clips of a split, `num_variants` of every video.

    Attributes:
        videos: The videos.
        targets: What each clip shows: (N, num_variants) int64 class ids or float32 values, or (N, num_variants, K) float32.
    """

    videos: Sequence[Video]
    targets: NDArray[Any]

    def __len__(self) -> int:
        return len(self.videos)


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

    def num_frames(self, index: int, variant: int) -> int:
        """Returns the frames of a view.

        Raises:
            DataError: The labelled part of the video holds no frame.
        """
        spec = self.clips.spec
        return len(sample_clip(len(timeline(self.videos[index], spec)), spec, rng=None))

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
        self._varies_pixels = varies_pixels(augmentation)
        self._first_alike = np.full((len(clips.videos), num_variants), -1, np.int32)
        self._digests = [augmentation_digest(augmentation, is_reversed=is_reversed) for is_reversed in (False, True)]
        self.targets = np.repeat(_targets(clips.videos)[:, None], num_variants, axis=1)  # (N, num_variants)
        ids = [*clips.temporal.reversed_targets]
        self._is_reversed = np.isin(self.targets[:, 0], ids) if ids else np.zeros(len(clips.videos), bool)
        for index in np.flatnonzero(self._is_reversed).tolist():
            self.targets[index] = [self._shown_target(index, variant) for variant in range(num_variants)]

    def name(self, index: int, variant: int) -> str:
        """Returns the name of a variant's features: that of the first variant that shows the same."""
        if not self._varies_pixels:
            if self._first_alike[index, 0] < 0:
                self._first_alike[index] = self._find_alike(index)
            variant = int(self._first_alike[index, variant])
        return variant_name(self._contents[index], variant, self._digests[int(self._is_reversed[index])])

    def num_frames(self, index: int, variant: int) -> int:
        """Returns the frames of a variant.

        Raises:
            DataError: The labelled part of the video holds no frame.
        """
        return len(self.clips.drawn(index, variant_seed(self.videos[index], variant))[0])

    def samples(self, index: int, variants: Sequence[int]) -> list[ClipSample]:
        """Returns variants of a video."""
        return self.clips.samples(index, [variant_seed(self.videos[index], variant) for variant in variants])

    def _find_alike(self, index: int) -> list[int]:
        """Returns the first variant of a video that shows the same frames, for each of its variants."""
        video, first = self.videos[index], dict[bytes, int]()
        try:
            drawn = [self.clips.drawn(index, variant_seed(video, variant))[0] for variant in range(self.num_variants)]
        except DataError:  # the labelled part holds no frame: they fail alike
            return [0] * self.num_variants
        return [first.setdefault(frames.tobytes(), variant) for variant, frames in enumerate(drawn)]

    def _shown_target(self, index: int, variant: int) -> int:
        video = self.videos[index]
        try:
            return int(self.clips.drawn(index, variant_seed(video, variant))[1])
        except DataError:  # the labelled part holds no frame: the clip is a failure, whose target nobody sees
            return int(self.targets[index, variant])


def _targets(videos: Sequence[Video]) -> NDArray[Any]:
    targets = Videos.of(videos).targets
    assert not isinstance(targets, Tracks), "targets of frames are those of whole videos: VideoPieces"
    return targets.astype(np.float32) if targets.dtype.kind == "f" else targets
