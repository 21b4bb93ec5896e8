"""Whole videos in chunks on features that are there already: batches as of decoded chunks, without decoding or encoding."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from torch import Tensor

from videoseq.data.batch import stack_targets
from videoseq.data.caching.pieces import VideoPieces
from videoseq.data.caching.store import ArrayStore
from videoseq.data.chunk_order import Chunk, ChunkBatches
from videoseq.data.chunks import lanes_of, shown_frames
from videoseq.data.dataset import clip_target
from videoseq.data.features import FeatureBatch, VariantOrder, padded, telling_of_lost_features
from videoseq.data.loading import Resumable
from videoseq.data.samplers import SampleRequest


class ChunkFeatures:
    """The chunks of the videos of a split, each by its features, which are read from the disk as they are asked for.

    Args:
        clips: The videos.
        store: Holds their features.
        failures: Name of a piece that could not be read -> why; a chunk with a part of it is a failure.
    """

    def __init__(self, clips: VideoPieces, store: ArrayStore, failures: Mapping[str, str]) -> None:
        self.clips = clips
        self.store = store
        self.failures = failures

    def batch(self, picked: Sequence[tuple[Chunk, int]]) -> FeatureBatch:
        """Returns the batch of some chunks, each with the variant of its video that is shown.

        Raises:
            DataError: Features are damaged, or gone since the run has started.
        """
        parts = [
            [(self.clips.name(piece, variant), its) for piece, its in self.clips.parts(chunk.index, chunk.start, chunk.stop)]
            for chunk, variant in picked
        ]
        reasons = [next((self.failures[name] for name, _ in named if name in self.failures), None) for named in parts]
        failures = tuple(
            (chunk.index, reason) for (chunk, _), reason in zip(picked, reasons, strict=True) if reason is not None
        )
        rows = [row for row, reason in enumerate(reasons) if reason is None]
        with telling_of_lost_features(self.store):
            features, lengths = padded([np.concatenate([self.store[name][its] for name, its in parts[row]]) for row in rows])
        kept = [picked[row] for row in rows]
        chunks = [chunk for chunk, _ in kept]
        lanes, resets = lanes_of(chunks)
        return FeatureBatch(
            features,
            lengths,
            stack_targets([self._target(chunk) for chunk in chunks], features.shape[1]) if chunks else lengths,
            tuple(chunk.index for chunk in chunks),
            failures,
            lambda row: self._read_frames(*kept[row]),
            lanes=lanes,
            resets=resets,
        )

    def _target(self, chunk: Chunk) -> Tensor:
        video = self.clips.chunks.videos[chunk.index]
        return clip_target(video, shown_frames(video, self.clips.chunks.spec)[chunk.start : chunk.stop])

    def _read_frames(self, chunk: Chunk, variant: int) -> Tensor | None:
        seed = self.clips.seed(chunk.index, variant)
        (sample,) = self.clips.chunks.samples(chunk.index, chunk.start, chunk.stop, [seed])
        return None if sample.frames is None else sample.frames[0]


class ChunkFeatureLoader:
    """A loader that gives the features of every frame of every video once, in chunks; in this process.

    Args:
        features: The data set, of one variant of each video.
        batches: The chunks of every batch.
    """

    def __init__(self, features: ChunkFeatures, batches: ChunkBatches) -> None:
        self.features = features
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[FeatureBatch]:
        """Yields batches.

        Raises:
            DataError: Features are damaged or gone.
        """
        for chunks in self.batches:
            yield self.features.batch([(chunk, 0) for chunk in chunks])


class ResumableChunkFeatureLoader(Resumable):
    """A training loader of features of chunks, in this process; a video shows one variant from its first chunk to its last.

    Args:
        features: The data set.
        seed: Seed of which variant of a video is shown when.
        batches: The chunks of every batch.
        batches_done: Says how many batches were trained on, over all epochs; asked when a checkpoint is written.
        start: Batches, over all epochs, behind which the first epoch starts.
    """

    def __init__(
        self, features: ChunkFeatures, seed: int, batches: ChunkBatches, batches_done: Callable[[], int], start: int
    ) -> None:
        super().__init__(batches, batches_done, start)
        self.features = features
        self.variants = VariantOrder(features.clips.num_videos, features.clips.num_variants, seed)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[FeatureBatch]:
        """Yields the batches of the next epoch.

        Raises:
            DataError: Features are damaged or gone.
        """
        for chunks in self.batches:
            shown = [(chunk, self.variants.of(SampleRequest(chunk.index, chunk.epoch))) for chunk in chunks]
            yield self.features.batch(shown)
