"""The videos of a run as Lightning asks for them."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytorch_lightning as pl

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.caching.frames import FrameCache
from videoseq.data.chunk_features import ChunkFeatureLoader, ChunkFeatures, ResumableChunkFeatureLoader
from videoseq.data.chunk_order import ChunkBatches
from videoseq.data.chunks import ResumableChunkLoader, evaluation_chunks, longest_chunks, shown_lengths, training_chunks
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.features import FeatureClips, FeatureLoader, ResumableFeatureLoader
from videoseq.data.loading import ClipLoader, ResumableLoader, evaluation_loader
from videoseq.data.manifest import Manifest
from videoseq.data.options import DataOptions
from videoseq.data.ordering import training_order
from videoseq.data.samplers import ALONE, EpochBatches, Shard, batches_in_order
from videoseq.data.shown_labels import check_shown_labels
from videoseq.data.targets import targets_digest
from videoseq.data.temporal import shown_counts
from videoseq.errors import CheckpointError
from videoseq.types import ClipSpec, plain_dict


class VideoDataModule(pl.LightningDataModule):
    """Training and validation loaders over a manifest, in each of several processes those of its part of every batch.

    Args:
        manifest: The videos.
        clip: How clips are cut.
        augment: How training clips are varied.
        options: Batch size, workers, reader.
        seed: Seed of sample order and augmentation.
        tbptt_frames: Training goes over whole videos in chunks of so many frames; None: over clips.
        carries_state: Whether the head goes on from chunk to chunk, so that validation may choose their length.

    Raises:
        ConfigError: `augment` names a class that is none of the data set's.
        DataError: Frames are labelled, but none of those that are shown.
    """

    def __init__(
        self,
        manifest: Manifest,
        clip: ClipSpec,
        augment: AugmentOptions,
        options: DataOptions,
        seed: int,
        tbptt_frames: int | None = None,
        *,
        carries_state: bool = False,
    ) -> None:
        super().__init__()
        check_shown_labels(manifest, clip, augment.resolved().temporal)
        self.manifest = manifest
        self.clip = clip
        self.augment = augment
        self.options = options
        self.seed = seed
        self.tbptt_frames = tbptt_frames
        self.carries_state = carries_state
        self._start = 0
        self._features: dict[str, FeatureClips | ChunkFeatures] = {}
        self.reading = Reading(options.decoder, options.limits, options.bad_videos, options.skip_loop_filter)
        videos = manifest.videos["train"]
        self.train_clips = TrainClips(videos, clip, augment, self.reading, seed, manifest.class_names)

    @property
    def class_counts(self) -> dict[str, float]:
        """Class name -> clips that an epoch of `shuffled` order shows on average, in the order of the class ids."""
        return shown_counts(self.manifest.class_counts, self.train_clips.temporal.options)

    def use_frames(self, frames: FrameCache) -> None:
        """Gives the loaders decoded frames, which they read where a video has them."""
        self.reading = replace(self.reading, frames=frames)
        self.train_clips.reading = self.reading

    def use_features(self, train: FeatureClips | ChunkFeatures, val: FeatureClips | ChunkFeatures) -> None:
        """Gives the loaders features in place of clips, or of chunks where they go over whole videos."""
        self._features = {"train": train, "val": val}

    def train_dataloader(
        self,
    ) -> ResumableLoader | ResumableFeatureLoader | ResumableChunkLoader | ResumableChunkFeatureLoader:
        """Returns the augmented, resumable loader of the training split."""
        videos, batch_size, kept = self.manifest.videos["train"], self._sizes()[0], self._features.get("train")
        if self.tbptt_frames is not None:
            lengths = shown_lengths(videos, self.clip)
            dealt = ChunkBatches(lengths, self.tbptt_frames, batch_size, self.seed, self._shard())
            if isinstance(kept, ChunkFeatures):
                return ResumableChunkFeatureLoader(kept, self.seed, dealt, self._batches_done, self._start)
            chunks = training_chunks(videos, self.clip, self.augment, self.reading, self.seed)
            return ResumableChunkLoader(chunks, dealt, self._sizes()[1], self._batches_done, self._start)
        order = training_order(videos, videos.targets, self.clip, self.options, batch_size, self.seed)
        if isinstance(kept, FeatureClips):
            batches = EpochBatches(len(videos), batch_size, self.seed, order, self._shard())
            return ResumableFeatureLoader(kept, self.seed, batches, self._batches_done, self._start)
        return ResumableLoader(self.train_clips, *self._sizes(), self._batches_done, self._start, order, self._shard())

    def val_dataloader(self) -> ClipLoader | FeatureLoader | ChunkFeatureLoader:
        """Returns the deterministic loader of the validation split: where every frame has an answer, of its whole videos."""
        videos, batch_size, kept = self.manifest.videos["val"], self._sizes()[0], self._features.get("val")
        if isinstance(kept, FeatureClips):
            return FeatureLoader(kept, batches_in_order(len(kept), batch_size, self._shard()))
        chunk_frames, num_lanes = self.clip.most_frames, batch_size
        if self.carries_state:
            chunk_frames, num_lanes = longest_chunks(len(videos), self.options.batch_size, self._shard().world_size)
        if isinstance(kept, ChunkFeatures):
            dealt = ChunkBatches(shown_lengths(videos, self.clip), chunk_frames, num_lanes, None, self._shard())
            return ChunkFeatureLoader(kept, dealt)
        if self.manifest.task.per_frame:
            return evaluation_chunks(
                videos,
                self.clip,
                self.reading,
                chunk_frames=chunk_frames,
                num_lanes=num_lanes,
                num_workers=self._sizes()[1],
                shard=self._shard(),
            )
        return evaluation_loader(EvalClips(videos, self.clip, self.reading), *self._sizes(), self._shard())

    def state_dict(self) -> dict[str, Any]:
        """Returns what a resumed run needs to go on with the next batch."""
        num_variants = self._features["train"].clips.num_variants if self._features else None
        return {**self._epoch(), "batches_done": self._batches_done(), "num_variants": num_variants}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Lets the training loader start where the saved run stood.

        Lightning restores the loader itself only in the middle of an epoch, and too late for one whose length the
        learning-rate schedule has asked for; the data module is restored before any loader is made.

        Raises:
            CheckpointError: The saved run had other epochs.
        """
        for name, now in self._epoch().items():
            if state_dict.get(name) != now:
                raise CheckpointError(
                    f"cannot continue: {name} was {state_dict.get(name)}, is {now}, so the batches of an epoch are others; "
                    "resume needs the data and the options that the run was started with; to start a new run from its weights: "
                    "init_from=PATH"
                )
        self._start = state_dict["batches_done"]

    def _epoch(self) -> dict[str, Any]:
        """Returns what decides which batches an epoch has, and what their clips look like."""
        videos = self.manifest.videos["train"]
        digest = hashlib.sha256(videos.identities.tobytes()).hexdigest()[:8]
        return {
            "training videos": f"{len(videos)} (digest {digest})",
            "labels of the training videos": f"digest {targets_digest(videos.targets)}",
            "data.batch_size × devices": self._sizes()[0],
            "data.sampler": self.options.sampler,
            "training.tbptt_frames": self.tbptt_frames,
            "data.bucketing": "length" if self.tbptt_frames is None and self.options.is_bucketed(self.clip) else "none",
            "seed": self.seed,
            "data.skip_loop_filter": self.options.skip_loop_filter,
            **_flat("augment", plain_dict(self.augment.resolved())),
            # Decoded frames that are kept are those of the videos; features are of variants that every epoch goes through.
            "data.cache": "features" if self._features else "none or frames",
            "data.cache_variants": self.options.cache_variants if self._features else None,
        }

    def _shard(self) -> Shard:
        return ALONE if self.trainer is None else Shard(self.trainer.global_rank, self.trainer.world_size)

    def _sizes(self) -> tuple[int, int]:
        """Returns the clips of a batch of all processes, and the workers that decode for this one."""
        devices_here = 1 if self.trainer is None else self.trainer.num_devices
        return self.options.batch_size * self._shard().world_size, self.options.workers_of(devices_here)

    def _batches_done(self) -> int:
        if self.trainer is None:
            return 0
        return self.trainer.fit_loop.epoch_loop.batch_progress.total.ready


def _flat(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns nested values by their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(f"{prefix}.{name}", value) if isinstance(value, Mapping) else {f"{prefix}.{name}": value}
    return flat
