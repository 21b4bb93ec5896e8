"""The videos of a run as Lightning asks for them."""

import hashlib
from typing import Any

import pytorch_lightning as pl

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.loading import ClipLoader, ResumableLoader, evaluation_loader
from videoseq.data.manifest import Manifest
from videoseq.data.options import DataOptions
from videoseq.errors import CheckpointError
from videoseq.types import ClipSpec


class VideoDataModule(pl.LightningDataModule):
    """Training and validation loaders over a manifest.

    Args:
        manifest: The videos.
        clip: How clips are cut.
        augment: How training clips are varied.
        options: Batch size, workers, reader.
        seed: Seed of sample order and augmentation.
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

    def train_dataloader(self) -> ResumableLoader:
        """Returns the shuffled, augmented, resumable loader of the training split."""
        clips = TrainClips(self.manifest.videos["train"], self.clip, self.augment, self.reading, self.seed)
        return ResumableLoader(clips, self.options.batch_size, self.options.workers, self._batches_done, self._start)

    def val_dataloader(self) -> ClipLoader:
        """Returns the deterministic loader of the validation split."""
        clips = EvalClips(self.manifest.videos["val"], self.clip, self.reading)
        return evaluation_loader(clips, self.options.batch_size, self.options.workers)

    def state_dict(self) -> dict[str, int | str]:
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
            if state_dict[name] != now:
                raise CheckpointError(
                    f"cannot continue: {name} was {state_dict[name]}, is {now}, so the batches of an epoch are others; resume "
                    "needs the data and the options that the run was started with; to start a new run from its weights: "
                    "init_from=PATH"
                )
        self._start = state_dict["batches_done"]

    def _epoch(self) -> dict[str, int | str]:
        """Returns what decides which batches an epoch has."""
        videos = self.manifest.videos["train"]
        digest = hashlib.sha256(" ".join(video.identity for video in videos).encode()).hexdigest()[:8]
        return {
            "training videos": f"{len(videos)} (digest {digest})",
            "data.batch_size": self.options.batch_size,
            "seed": self.seed,
        }

    def _batches_done(self) -> int:
        if self.trainer is None:
            return 0
        return self.trainer.fit_loop.epoch_loop.batch_progress.total.ready
