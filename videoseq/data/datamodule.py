"""The videos of a run as Lightning asks for them."""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytorch_lightning as pl

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.balancing import balanced_order
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.loading import ClipLoader, ResumableLoader, evaluation_loader
from videoseq.data.manifest import Manifest
from videoseq.data.options import DataOptions
from videoseq.data.samplers import ALONE, Shard
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

    Raises:
        ConfigError: `augment` names a class that is none of the data set's.
    """

    def __init__(self, manifest: Manifest, clip: ClipSpec, augment: AugmentOptions, options: DataOptions, seed: int) -> None:
        super().__init__()
        self.manifest = manifest
        self.clip = clip
        self.augment = augment
        self.options = options
        self.seed = seed
        self._start = 0
        self.reading = Reading(options.decoder, options.limits, options.bad_videos)
        videos = manifest.videos["train"]
        self.train_clips = TrainClips(videos, clip, augment, self.reading, seed, manifest.class_names)

    @property
    def class_counts(self) -> dict[str, float]:
        """Class name -> clips that an epoch of `shuffled` order shows on average, in the order of the class ids."""
        return shown_counts(self.manifest.class_counts, self.train_clips.temporal.options)

    def train_dataloader(self) -> ResumableLoader:
        """Returns the shuffled or balanced, augmented, resumable loader of the training split."""
        targets = [video.target for video in self.manifest.videos["train"]]
        order = partial(balanced_order, targets, self.seed) if self.options.sampler == "balanced" else None
        return ResumableLoader(self.train_clips, *self._sizes(), self._batches_done, self._start, order, self._shard())

    def val_dataloader(self) -> ClipLoader:
        """Returns the deterministic loader of the validation split."""
        clips = EvalClips(self.manifest.videos["val"], self.clip, self.reading)
        return evaluation_loader(clips, *self._sizes(), self._shard())

    def state_dict(self) -> dict[str, Any]:
        """Returns what a resumed run needs to go on with the next batch."""
        return {**self._epoch(), "batches_done": self._batches_done()}

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
        digest = hashlib.sha256(" ".join(video.identity for video in videos).encode()).hexdigest()[:8]
        return {
            "training videos": f"{len(videos)} (digest {digest})",
            "data.batch_size × devices": self._sizes()[0],
            "data.sampler": self.options.sampler,
            "seed": self.seed,
            **_flat("augment", plain_dict(self.augment.resolved())),
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
