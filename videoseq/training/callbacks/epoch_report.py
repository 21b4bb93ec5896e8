"""One line per epoch where no terminal shows a bar."""

import logging
import time

import pytorch_lightning as pl

from videoseq.training.module import SequenceModule

logger = logging.getLogger(__name__)


class EpochReport(pl.Callback):
    """Logs losses, the figure that says most about the task, and the time of every epoch."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._finished: int | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock."""
        self._started = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Notes that there is something to tell: the module logs its training figures only after this hook."""
        self._finished = trainer.current_epoch + 1

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Logs the line of the epoch before."""
        self._report(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Logs the line of the last epoch."""
        self._report(trainer, pl_module)

    def _report(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if self._finished is None:
            return
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        assert isinstance(module, SequenceModule)
        headline = module.task.spec.headline
        names = ("train/loss", f"train/{headline}", "val/loss", f"val/{headline}")
        shown = "  ".join(f"{name} {figures[name]:.3f}" for name in names if name in figures)
        seconds = time.perf_counter() - self._started
        logger.info("epoch %d/%s  %s  %.0f s", self._finished, trainer.max_epochs, shown, seconds)
        self._finished = None
