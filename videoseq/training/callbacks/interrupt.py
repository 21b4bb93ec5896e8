"""Stopping on a signal without losing a step."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pytorch_lightning as pl

from videoseq.errors import Interrupted
from videoseq.training import ranks


class InterruptSaver(pl.Callback):
    """Saves at the next step's end after SIGINT or SIGTERM, then raises `Interrupted`; the second signal stops at once.

    After the last step of an epoch the epoch is finished first, validation and checkpoints included: Lightning takes a run
    that was saved before them for one that has them.

    Several processes stop together, whichever of them the signal was sent to: at every step's end they tell each other.

    Args:
        checkpoint: Where to save.
    """

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.requested = False
        self._previous: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Takes over the signals, Lightning's own handlers included: its SIGTERM would stop without saving."""
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._request) for number in (signal.SIGINT, signal.SIGTERM)}

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Gives the signals back; not in `teardown`, which comes after Lightning has given back its own."""
        self._restore()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Gives the signals back where a run fails."""
        self._restore()

    def _request(self, number: int, frame: FrameType | None) -> None:
        # Only a flag: saving inside a handler could run in the middle of an optimiser step.
        self.requested = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any) -> None:
        """Saves and stops at a step's end, where no gradients wait to be accumulated."""
        batches = self._num_batches(trainer)
        if batches % trainer.accumulate_grad_batches or batches == trainer.num_training_batches:
            return
        if ranks.any_of(self.requested):
            # Here `weights_only` says what is saved: the optimiser and the loops too. Left out, Lightning warns.
            trainer.save_checkpoint(self.checkpoint, weights_only=False)
            self._stop(trainer.current_epoch, batches)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stops behind a finished epoch, which is saved already; behind the last one the fit ends anyway."""
        batches = self._num_batches(trainer)  # still those of the epoch before; 0 at the start of a run
        if batches and ranks.any_of(self.requested):
            self._stop(trainer.current_epoch - 1, batches)

    def _num_batches(self, trainer: pl.Trainer) -> int:
        return trainer.fit_loop.epoch_loop.batch_progress.current.ready

    def _stop(self, epoch: int, batches: int) -> NoReturn:
        raise Interrupted(
            f"stopped after epoch {epoch}, batch {batches}; saved {self.checkpoint}. "
            "Continue with the same command and resume=auto"
        )
