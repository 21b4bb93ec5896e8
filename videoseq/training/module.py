"""The training module: one step from a batch of uint8 clips to a loss."""

from collections.abc import Callable
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import ModuleDict, SyncBatchNorm
from torch.optim import Optimizer

from videoseq.errors import DataError
from videoseq.models.carried_state import CarriedState, joined_lanes
from videoseq.models.video_model import VideoModel
from videoseq.training import ranks
from videoseq.training.figures import EpochFigures
from videoseq.training.metrics import num_labelled, selection_score
from videoseq.training.optim import build_optimizer, build_scheduler
from videoseq.training.options import OptimizerOptions
from videoseq.training.phases import PhaseClock
from videoseq.training.tasks import AnyTask
from videoseq.types import derive_seed, plain_dict

LOG_EVERY_STEPS = 10
"""Optimiser steps from one point of the curves of a step to the next: each point makes a GPU wait."""


class Batch(Protocol):
    """What a step needs of a batch.

    Attributes:
        video: (B, T, C, H, W) uint8; None where the encoder has seen it already.
        features: (B, T, D) float, what the encoder has made of it; None where it is still to see it.
        lengths: (B,) int64 on the CPU.
        targets: What the task says of each clip, for the metrics and, where there are no soft ones, the loss.
        soft_targets: (B, K) float, the share of every class in each clip, for the loss; None where no clips are mixed.
        lanes: (B,) int64 on the CPU, the lane of whose state each row goes on; None where clips stand alone.
        resets: (B,) bool on the CPU, True where a row begins a video; None likewise.
    """

    video: Tensor | None
    features: Tensor | None
    lengths: Tensor
    targets: Tensor
    soft_targets: Tensor | None
    lanes: Tensor | None
    resets: Tensor | None

    def __len__(self) -> int: ...

    def frames(self, row: int) -> Tensor | None:
        """Returns the valid frames of a clip, (T, C, H, W) uint8; None where they cannot be read any more."""


class SequenceModule(pl.LightningModule):
    """Trains a video model on a task.

    Where batches hold chunks of videos, the state of the head goes from one batch to the next, and gradients stop there:
    truncated back-propagation through time (Williams and Peng 1990). A checkpoint holds it, so that a run that is continued in
    the middle of a video goes on as if it had not been stopped.

    Args:
        model: Encoder and head.
        task: Loss, answers and metrics.
        optimizer: How it is learned.
        monitor: Validation figure by which checkpoints are ranked, one of the task's `monitors`.
        payload: Plain values from which the checkpoint rebuilds its model.
        seed: Seed of dropout, together with epoch and batch.

    Attributes:
        clock: Times the phases of a training step.
        carried: What the lanes of training and validation carry on, by split.
    """

    def __init__(
        self,
        model: VideoModel,
        task: AnyTask,
        optimizer: OptimizerOptions,
        *,
        monitor: str,
        payload: dict[str, Any],
        seed: int,
    ) -> None:
        super().__init__()
        self.model = model
        self.task = task
        self.optimizer_options = optimizer
        self.monitor = monitor
        self.payload = payload
        self.seed = seed
        self.clock = PhaseClock()
        self.carried = {"train": CarriedState(), "val": CarriedState()}
        self.figures = ModuleDict({f"{split}_figures": EpochFigures(task) for split in ("train", "val")})
        self._num_clips = 0  # of a batch, of all processes
        self._num_labelled = {"batch": 0, "step": 0}  # clips of which something has a label, of all processes

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Any:
        """Sends a batch to the device, and times that in training, where all processes wait for the batches of the others."""
        if not self.trainer.training:
            return super().transfer_batch_to_device(batch, device, dataloader_idx)
        # Before the step begins: who waits for the batch of another process waits for data.
        self._num_clips = ranks.total(len(batch))
        self._num_labelled["batch"] = ranks.total(num_labelled(batch.targets) if len(batch) else 0)
        self.clock.start("transfer", device)
        moved = super().transfer_batch_to_device(batch, device, dataloader_idx)
        self.clock.start(None, device)
        return moved

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Makes the step's randomness a function of (seed, epoch, batch), so that a resumed run draws what it would have."""
        self.model.encoder.start_epoch(self.current_epoch)
        # The first process draws what it would alone: numpy takes a last 0 for nothing.
        _seed(derive_seed(self.seed, self.current_epoch, batch_idx, ranks.rank()), self.device)
        self._num_labelled["step"] += self._num_labelled["batch"]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Returns the mean loss of the batches of all processes; its gradient is this process's part, see `ranks.mean`."""
        if len(batch):
            loss = ranks.mean(*self._step(batch, "train")[1])
        else:  # the others count on this process, in their order: first the encoder, then the mean
            self.carried["train"].forget()
            no_gradient = self._no_gradient(batch)
            nothing = torch.zeros(0, device=self.device)
            loss = ranks.mean(nothing, nothing) + no_gradient
        if (self.global_step + 1) % LOG_EVERY_STEPS == 0:
            self.log("train/loss_step", loss)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor | None:
        """Adds a batch to the validation figures and returns its logits; None where none of its videos could be read."""
        if len(batch):
            return self._step(batch, "val")[0]
        self.carried["val"].forget()
        return None

    def _step(self, batch: Batch, split: str) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Returns the logits of a batch, (B, K) or (B, T, K), and the M losses of its clips or frames and their weights."""
        logits = self._logits(batch, self.carried[split])
        targets = batch.targets if batch.soft_targets is None else batch.soft_targets
        losses, weights = self.task.loss_terms(logits, targets)
        answers = self.task.answers(logits.detach())
        self.figures[f"{split}_figures"].update(losses.detach(), weights, answers, batch.targets)  # type: ignore[operator]
        return logits, (losses, weights)

    def _logits(self, batch: Batch, carried: CarriedState) -> Tensor:
        """Returns the logits of a batch, whose chunks go on where those of their lanes have stopped."""
        logits: Tensor
        state = None
        if batch.lanes is not None and batch.resets is not None:
            state = carried.before(batch.lanes, batch.resets, self.device)
        if batch.features is None:
            logits, state = self.model(batch.video, batch.lengths, state)
        else:
            logits, state = self.model.classify(batch.features, batch.lengths, state)
        if batch.lanes is not None:
            carried.keep(state, batch.lanes)
        return logits

    def _no_gradient(self, batch: Batch) -> Tensor:
        """Returns a zero that gives every parameter a gradient of zero, for the average that all processes take part in."""
        features = torch.zeros(0, device=self.device)
        # That of the others waits for this process. Where nobody has clips it would forget a part of its figures.
        if (
            batch.video is not None
            and self._num_clips
            and any(isinstance(module, SyncBatchNorm) for module in self.model.modules())
        ):
            clip = self.payload["clip"]
            features = self.model.encode(batch.video.new_zeros(0, 1, 3, clip["height"], clip["width"]))
        # After the encoder, so that the backward pass, which goes the other way, has the head's gradients ready before it, as
        # it is elsewhere: they are sent off among what synchronised BatchNorm sends.
        zero = torch.stack([parameter.sum() for parameter in self.model.parameters() if parameter.requires_grad]).sum() * 0
        return zero + features.sum()

    def optimizer_step(
        self, epoch: int, batch_idx: int, optimizer: Optimizer | Any, optimizer_closure: Callable[[], Any] | None = None
    ) -> None:
        """Makes a step, in which nothing moves where no process had a label in its batches, or a video that it could read."""

        def closure() -> Any:
            assert optimizer_closure is not None
            loss = optimizer_closure()
            if self._num_labelled["step"]:
                return loss
            optimizer.zero_grad()  # gradients of zero would leave momentum and decay to move the weights
            return None

        super().optimizer_step(epoch, batch_idx, optimizer, closure)
        self._num_labelled["step"] = 0

    def on_train_epoch_end(self) -> None:
        """Logs the training figures of the epoch."""
        self._log_figures("train")

    def on_validation_epoch_end(self) -> None:
        """Logs the validation figures and the score that ranks checkpoints.

        Raises:
            DataError: None of the validation videos that have a label could be read.
        """
        figures = self._log_figures("val")
        if not figures:
            raise DataError(
                "none of the validation videos with a label could be read, so no checkpoint can be chosen: bad_videos.csv in "
                "the run's folder names them; repair them, or run again, which leaves out what the scan finds bad"
            )
        self.log("val/selection_score", selection_score(self.monitor, figures))

    def _log_figures(self, split: str) -> dict[str, float]:
        figures: dict[str, float] = self.figures[f"{split}_figures"].take()  # type: ignore[operator]
        self.log_dict({f"{split}/{name}": value for name, value in figures.items()})
        return figures

    def configure_optimizers(self) -> Any:
        """Returns the optimiser and its per-step schedule."""
        optimizer = build_optimizer(self.model.encoder, self.model.head, self.optimizer_options)
        steps = int(self.trainer.estimated_stepping_batches)
        scheduler = build_scheduler(optimizer, self.optimizer_options.scheduler, steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what the checkpoint needs to rebuild its model, and the options that a resumed run must share."""
        checkpoint["videoseq"] = self.payload
        checkpoint["task"] = plain_dict(self.task.options)
        checkpoint["scheduler"] = plain_dict(self.optimizer_options.scheduler)
        checkpoint["training"] = {"monitor": self.monitor, "accumulate": self.trainer.accumulate_grad_batches}
        states = ranks.gathered([[tensor.cpu() for tensor in self.carried["train"].tensors]])
        checkpoint["carried_state"] = joined_lanes(states)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes what the lanes carried when the checkpoint was written."""
        self.carried["train"].tensors = tuple(checkpoint["carried_state"])


def _seed(seed: int, device: torch.device) -> None:
    """Seeds the host and one device: `torch.manual_seed` has a list that grows by every call, where no GPU is in use."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
