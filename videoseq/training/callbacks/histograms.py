"""Histograms of weights and gradients for TensorBoard."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor
from torch.optim import Optimizer


class Histograms(pl.Callback):
    """Writes the weights of encoder and head, and the gradients of those that are trained, once in every epoch.

    It happens right before the first optimiser step of the epoch that has gradients, which are not clipped yet.
    """

    def __init__(self) -> None:
        self._due = False

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Waits for the first step."""
        self._due = True

    def on_before_optimizer_step(self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer) -> None:
        """Writes them."""
        parameters = dict(pl_module.model.named_parameters())  # type: ignore[union-attr]
        gradients = {name: value.grad for name, value in parameters.items() if value.grad is not None}
        if not self._due or not gradients or not isinstance(trainer.logger, TensorBoardLogger):
            return
        self._due = False
        for kind, tensors in (("weights", parameters), ("gradients", gradients)):
            for name, tensor in tensors.items():
                _add_histogram(trainer.logger.experiment, f"{kind}/{name}", tensor.detach(), trainer.global_step)


def _add_histogram(writer: Any, tag: str, values: Tensor, step: int) -> None:
    finite = values[values.isfinite()]  # of half precision some gradients are not, and such a step is passed over
    if len(finite):
        writer.add_histogram(tag, finite, step)
