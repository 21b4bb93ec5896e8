"""The training module: one step from a batch of uint8 clips to a loss."""

from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import ModuleDict

from videoseq.errors import DataError
from videoseq.models.video_model import VideoModel
from videoseq.training.metrics import selection_score
from videoseq.training.optim import build_optimizer, build_scheduler
from videoseq.training.options import OptimizerOptions
from videoseq.training.tasks import ClassificationTask
from videoseq.types import derive_seed


class Batch(Protocol):
    """What a step needs of a batch: `video` (B, T, C, H, W) uint8, `lengths` (B,), `targets` (B,)."""

    video: Tensor
    lengths: Tensor
    targets: Tensor

    def __len__(self) -> int: ...


class SequenceModule(pl.LightningModule):
    """Trains a video model on a task.

    Args:
        model: Encoder and head.
        task: Loss and metrics.
        optimizer: How it is learned.
        monitor: Validation figure by which checkpoints are ranked: `accuracy`, `f1_macro` or `loss`.
        payload: Plain values from which the checkpoint rebuilds its model.
        seed: Seed of dropout, together with epoch and batch.
        unfreeze_at_epoch: Epoch from which a frozen encoder is trained; None is never.
    """

    def __init__(
        self,
        model: VideoModel,
        task: ClassificationTask,
        optimizer: OptimizerOptions,
        *,
        monitor: str,
        payload: dict[str, Any],
        seed: int,
        unfreeze_at_epoch: int | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.task = task
        self.optimizer_options = optimizer
        self.monitor = monitor
        self.payload = payload
        self.seed = seed
        self.unfreeze_at_epoch = unfreeze_at_epoch
        self.metrics = ModuleDict({f"{split}_metrics": task.metrics() for split in ("train", "val")})

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Makes the step's randomness a function of (seed, epoch, batch), so that a resumed run draws what it would have."""
        if self.unfreeze_at_epoch is not None and self.current_epoch >= self.unfreeze_at_epoch:
            self.model.encoder.unfreeze()
        torch.manual_seed(derive_seed(self.seed, self.current_epoch, batch_idx))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor | None:
        """Returns the loss of a batch; None where none of its videos could be read."""
        result = self._step(batch, "train")
        return None if result is None else result[0]

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor | None:
        """Adds a batch to the validation figures and returns its logits (B, K)."""
        result = self._step(batch, "val")
        return None if result is None else result[1]

    def _step(self, batch: Batch, split: str) -> tuple[Tensor, Tensor] | None:
        if not len(batch):
            return None
        logits, _ = self.model(batch.video, batch.lengths)  # (B, K)
        loss = self.task.loss(logits, batch.targets)
        self.log(f"{split}/loss", loss, on_step=split == "train", on_epoch=True, batch_size=len(batch))
        self.metrics[f"{split}_metrics"].update(logits.detach().float(), batch.targets)  # type: ignore[operator]
        return loss, logits

    def on_train_epoch_end(self) -> None:
        """Logs the training figures of the epoch."""
        self._log_metrics("train")

    def on_validation_epoch_end(self) -> None:
        """Logs the validation figures and the score that ranks checkpoints.

        Raises:
            DataError: None of the validation videos could be read.
        """
        figures = self._log_metrics("val")
        if not figures:
            raise DataError(
                "none of the validation videos could be read, so no checkpoint can be chosen: bad_videos.csv in the run's "
                "folder names them; repair them, or run again, which leaves out what the scan finds bad"
            )
        loss = float(self.trainer.callback_metrics["val/loss"])
        score = -loss if self.monitor == "loss" else selection_score(figures[self.monitor], loss)
        self.log("val/selection_score", score)

    def _log_metrics(self, split: str) -> dict[str, float]:
        metrics = self.metrics[f"{split}_metrics"]
        if not metrics["accuracy"].update_called:  # type: ignore[index]
            return {}
        figures = {name: float(value) for name, value in metrics.compute().items()}  # type: ignore[operator]
        metrics.reset()  # type: ignore[operator]
        self.log_dict({f"{split}/{name}": value for name, value in figures.items()})
        return figures

    def configure_optimizers(self) -> Any:
        """Returns the optimiser and its per-step schedule."""
        optimizer = build_optimizer(self.model.encoder, self.model.head, self.optimizer_options)
        steps = int(self.trainer.estimated_stepping_batches)
        scheduler = build_scheduler(optimizer, self.optimizer_options.scheduler, steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what the checkpoint needs to rebuild its model."""
        checkpoint["videoseq"] = self.payload
