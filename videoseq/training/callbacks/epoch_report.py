"""One line per epoch where no terminal shows a bar."""

import logging
import time

import pytorch_lightning as pl

logger = logging.getLogger(__name__)


class EpochReport(pl.Callback):
    """Logs losses, the watched figure and the time of every epoch."""

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
        self._report(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Logs the line of the last epoch."""
        self._report(trainer)

    def _report(self, trainer: pl.Trainer) -> None:
        if self._finished is None:
            return
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        shown = "  ".join(
            f"{name} {figures[name]:.3f}"
            for name in ("train/loss", "train/accuracy", "val/loss", "val/accuracy")
            if name in figures
        )
        seconds = time.perf_counter() - self._started
        logger.info("epoch %d/%s  %s  %.0f s", self._finished, trainer.max_epochs, shown, seconds)
        self._finished = None
