"""Small real runs: a manifest of encoded bars, a tiny model, and a fit of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.datamodule import VideoDataModule
from videoseq.data.manifest import Manifest, build_manifest
from videoseq.data.options import DataOptions
from videoseq.data.split_options import SplitOptions
from videoseq.errors import Interrupted
from videoseq.models.checkpoint import ModelConfig, build_model, checkpoint_payload
from videoseq.models.options import RecurrentHeadOptions, SimpleEncoderOptions
from videoseq.reporting.progress import progress_bar
from videoseq.training.callbacks.bad_videos import BadVideoLog
from videoseq.training.fitting import FitReport, fit
from videoseq.training.module import SequenceModule
from videoseq.training.options import OptimizerOptions, TrainerOptions, TrainingOptions
from videoseq.training.task_options import ClassificationOptions, TaskOptions
from videoseq.training.tasks import build_task
from videoseq.types import ClipSpec

CLIP = ClipSpec(num_frames=4, height=16, width=16)
ENCODER = SimpleEncoderOptions(channels=(4,), spatial=(2, 2))
HEAD = RecurrentHeadOptions(hidden_size=8)
DATA = DataOptions(batch_size=4, num_workers=0, split=SplitOptions(val_fraction=0.17, test_fraction=0.17))
"""With the 24 bars: 16 train in 4 batches, 4 validate."""


def scan(root: Path, cache: Path, options: DataOptions = DATA) -> Manifest:
    """Returns the manifest of a folder."""
    return build_manifest(replace(options, root=str(root)), cache, progress_bar)


@dataclass(frozen=True)
class Run:
    """What a run is made from; `replace` it to change an option."""

    manifest: Manifest
    folder: Path
    clip: ClipSpec = CLIP
    encoder: Any = ENCODER
    head: Any = HEAD
    data: DataOptions = DATA
    augment: AugmentOptions = field(default_factory=lambda: AugmentOptions("light"))
    task: TaskOptions = field(default_factory=ClassificationOptions)
    optimizer: OptimizerOptions = field(default_factory=lambda: OptimizerOptions(lr=0.01))
    training: TrainingOptions = field(default_factory=lambda: TrainingOptions(max_epochs=2))
    trainer: TrainerOptions = field(default_factory=lambda: TrainerOptions(accelerator="cpu"))
    seed: int = 0
    max_bad_fraction: float = 1.0
    bad: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def config(self) -> ModelConfig:
        """What the model is built from."""
        return ModelConfig(self.encoder, self.head, self.manifest.class_names, self.clip, task=self.task.spec)

    def module(self) -> SequenceModule:
        """Returns a fresh training module."""
        pl.seed_everything(self.seed, verbose=False)
        return SequenceModule(
            build_model(self.config, channels_last=self.training.channels_last),
            build_task(self.task, self.config.task, self.datamodule().class_counts, len(self.manifest.videos["train"])),
            self.optimizer,
            monitor=self.training.monitor or self.task.spec.headline,
            payload=checkpoint_payload(self.config),
            seed=self.seed,
        )

    def datamodule(self) -> VideoDataModule:
        """Returns fresh loaders."""
        tbptt_frames, carries_state = self.training.tbptt_frames, self.head.is_causal
        return VideoDataModule(
            self.manifest, self.clip, self.augment, self.data, self.seed, tbptt_frames, carries_state=carries_state
        )

    def fit(
        self,
        callbacks: Sequence[pl.Callback] = (),
        *,
        resume: Path | None = None,
        module: SequenceModule | None = None,
        datamodule: pl.LightningDataModule | None = None,
    ) -> tuple[FitReport, SequenceModule]:
        """Trains a fresh module and returns it with the report."""
        module = self.module() if module is None else module
        log = BadVideoLog(
            lambda split, position, reason: self.bad.append((split, position, reason)),
            self.manifest.num_videos,
            len(self.manifest.bad),
            self.max_bad_fraction,
        )
        report = fit(
            module,
            self.datamodule() if datamodule is None else datamodule,
            self.folder,
            self.training,
            self.trainer,
            class_names=self.manifest.class_names,
            bad_videos=log,
            callbacks=callbacks,
            resume=resume,
        )
        return report, module

    @property
    def best(self) -> Path:
        return self.folder / "checkpoints" / "best.ckpt"

    @property
    def last(self) -> Path:
        return self.folder / "checkpoints" / "last.ckpt"


class Repeated(pl.LightningDataModule):
    """One batch, many times; validated on it, or on another one."""

    def __init__(self, batch, count: int, val=None) -> None:
        super().__init__()
        self.batch = batch
        self.count = count
        self.val = batch if val is None else val

    def train_dataloader(self):
        return DataLoader([self.batch] * self.count, batch_size=None, num_workers=0)

    def val_dataloader(self):
        return DataLoader([self.val], batch_size=None, num_workers=0)


class StopAfter(pl.Callback):
    """Saves and stops at the end of a batch, counted from 0 within its epoch."""

    def __init__(self, checkpoint: Path, epoch: int, batch: int) -> None:
        self.checkpoint = checkpoint
        self.place = (epoch, batch)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        if (trainer.current_epoch, batch_idx) == self.place:
            trainer.save_checkpoint(self.checkpoint)
            raise Interrupted("stopped by the test")


class Losses(pl.Callback):
    """Keeps the loss of every training batch."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.values.append(float(outputs["loss"]))


def load(path: Path) -> dict[str, Any]:
    """Returns the content of a checkpoint."""
    return torch.load(path, map_location="cpu", weights_only=True)


def assert_same(first: Any, second: Any, where: str = "") -> None:
    """Compares nested values bit by bit."""
    if isinstance(first, torch.Tensor):
        assert torch.equal(first, second), where
    elif isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key, value in first.items():
            assert_same(value, second[key], f"{where}/{key}")
    elif isinstance(first, list | tuple):
        assert len(first) == len(second), where
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            assert_same(one, other, f"{where}/{number}")
    else:
        assert first == second, where


def weights_of(module: SequenceModule) -> dict[str, torch.Tensor]:
    """Returns copies of all tensors of a module's model."""
    return {name: tensor.detach().clone() for name, tensor in module.model.state_dict().items()}


def differs(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Says whether any tensor differs."""
    return any(not torch.equal(tensor, second[name]) for name, tensor in first.items())
