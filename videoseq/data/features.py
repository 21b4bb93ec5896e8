"""Training and validation on features that are there already: nothing is decoded, and the encoder does not run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from videoseq.data.batch import on_device
from videoseq.data.caching.shown import ShownClips
from videoseq.data.caching.store import ArrayStore
from videoseq.data.loading import Resumable
from videoseq.data.samplers import EpochBatches, SampleRequest
from videoseq.errors import DataError

Picked = Sequence[tuple[int, int]]
"""(position of the video, variant) of every clip of a batch."""


@dataclass(frozen=True)
class FeatureBatch:
    """Features of clips, padded to one length; what a `ClipBatch` is for clips.

    Attributes:
        features: (B, T, D) float32; zero behind a clip's length.
        lengths: (B,) int64 on the CPU, valid frames of each clip.
        targets: (B,) int64 class ids, (B,) float32 values, (B, K) float32 of 0 and 1, which classes occur, or for each frame
            (B, T), as in a `ClipBatch`.
        videos: Position of each clip's video in the data set's table.
        failures: (position in the table, why) of the videos that could not be read; they are not in the batch.
        read_frames: Reads the frames of a row again, (T, C, H, W) uint8; None where they cannot be read any more.
        video: None: there are only features.
        soft_targets: None: no clips are mixed.
        decode_seconds: 0: nothing was decoded.
        transform_seconds: Likewise.
        lanes: (B,) int64 on the CPU, the lane of whose state each row goes on; None where clips stand alone.
        resets: (B,) bool on the CPU, True where a row begins a video; None likewise.
    """

    features: Tensor
    lengths: Tensor
    targets: Tensor
    videos: tuple[int, ...]
    failures: tuple[tuple[int, str], ...] = ()
    read_frames: Callable[[int], Tensor | None] = field(default=lambda row: None, repr=False, compare=False)
    video: None = None
    soft_targets: None = None
    decode_seconds: float = 0.0
    transform_seconds: float = 0.0
    lanes: Tensor | None = None
    resets: Tensor | None = None

    def __len__(self) -> int:
        return len(self.videos)

    def frames(self, row: int) -> Tensor | None:
        """Returns the frames of a row, (T, C, H, W) uint8, read again; None where they cannot be read any more."""
        return self.read_frames(row)

    def to(self, device: torch.device | str) -> "FeatureBatch":
        """Returns the batch with its features and targets on a device; the lengths stay where packing needs them."""
        features, targets = (on_device(tensor, torch.device(device)) for tensor in (self.features, self.targets))
        return replace(self, features=features, targets=targets)


class FeatureClips:
    """The clips of a split, each by its features.

    Args:
        clips: The clips.
        store: Holds their features.
        failures: Name of a clip that could not be read -> why.
    """

    def __init__(self, clips: ShownClips, store: ArrayStore, failures: Mapping[str, str]) -> None:
        self.clips = clips
        self.store = store
        self.failures = failures

    def __len__(self) -> int:
        return len(self.clips.videos)

    def batch(self, picked: Picked) -> FeatureBatch:
        """Returns the batch of some clips.

        Raises:
            DataError: Features are damaged, or gone since the run has started.
        """
        names = [self.clips.name(index, variant) for index, variant in picked]
        rows = [row for row, name in enumerate(names) if name not in self.failures]
        failures = tuple((picked[row][0], self.failures[name]) for row, name in enumerate(names) if name in self.failures)
        with telling_of_lost_features(self.store):
            features, lengths = padded([self.store[names[row]] for row in rows])
        kept = [picked[row] for row in rows]
        videos = tuple(index for index, _ in kept)
        targets = self.clips.targets[[*videos], [variant for _, variant in kept]]  # (B,) or (B, K)
        return FeatureBatch(
            features, lengths, torch.from_numpy(targets), videos, failures, lambda row: self._read_frames(*kept[row])
        )

    def _read_frames(self, index: int, variant: int) -> Tensor | None:
        (sample,) = self.clips.samples(index, [variant])
        return None if sample.frames is None else sample.frames[0]


@contextmanager
def telling_of_lost_features(store: ArrayStore) -> Iterator[None]:
    """Says what has happened where features that a run has made are not found any more.

    Raises:
        DataError: Features are gone.
    """
    try:
        yield
    except KeyError as error:
        raise DataError(
            f"features are gone from {str(store.folder)!r} since the run started. Fix: run again, which makes them "
            "anew (resume=auto continues this run)"
        ) from error


def padded(arrays: Sequence[NDArray[np.float32]]) -> tuple[Tensor, Tensor]:
    """Returns the features of several clips, (T, D) each, as (B, T, D), zero behind their lengths, and the lengths, (B,)."""
    if not arrays:
        return torch.zeros(0, 1, 1), torch.zeros(0, dtype=torch.int64)
    lengths = np.array([len(array) for array in arrays], np.int64)
    features = np.zeros((len(arrays), lengths.max(), arrays[0].shape[1]), np.float32)
    for row, array in enumerate(arrays):
        features[row, : len(array)] = array
    return torch.from_numpy(features), torch.from_numpy(lengths)


class VariantOrder:
    """Says which variant of a video an epoch shows: a pure function of (seed, epoch, position, repeat).

    Every video begins with a variant of its own and shows the next one with every epoch, and with every time that it comes
    again within an epoch:

        num_variants=4, first variants 2 0 1:    epoch 0: 2 0 1    epoch 1: 3 1 2    epoch 2: 0 2 3

    Args:
        num_videos: N.
        num_variants: Variants of each video.
        seed: Seed of the run.
    """

    def __init__(self, num_videos: int, num_variants: int, seed: int) -> None:
        self.num_variants = num_variants
        # The last number keeps it apart from every (seed, epoch).
        self._first: NDArray[np.int64] = np.random.default_rng([seed, 0, 2]).integers(num_variants, size=num_videos)

    def of(self, request: SampleRequest) -> int:
        """Returns the variant that is shown, from 0."""
        return int(self._first[request.index] + request.epoch + request.repeat) % self.num_variants


class FeatureLoader:
    """A loader that gives every video's features once, in order; in this process.

    Args:
        clips: The data set, of one variant of each video.
        batches: Positions of the videos of every batch.
    """

    def __init__(self, clips: FeatureClips, batches: Sequence[Sequence[int]]) -> None:
        self.clips = clips
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[FeatureBatch]:
        """Yields batches.

        Raises:
            DataError: Features are damaged or gone.
        """
        for batch in self.batches:
            yield self.clips.batch([(index, 0) for index in batch])


class ResumableFeatureLoader(Resumable):
    """A training loader of features, in this process.

    Args:
        clips: The data set.
        seed: Seed of which variant of a video is shown when.
        batches: The videos of every batch.
        batches_done: Says how many batches were trained on, over all epochs; asked when a checkpoint is written.
        start: Batches, over all epochs, behind which the first epoch starts.
    """

    def __init__(
        self, clips: FeatureClips, seed: int, batches: EpochBatches, batches_done: Callable[[], int], start: int
    ) -> None:
        super().__init__(batches, batches_done, start)
        self.clips = clips
        self.variants = VariantOrder(len(clips), clips.clips.num_variants, seed)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[FeatureBatch]:
        """Yields the batches of the next epoch.

        Raises:
            DataError: Features are damaged or gone.
        """
        for requests in self.batches:
            yield self.clips.batch([(request.index, self.variants.of(request)) for request in requests])
