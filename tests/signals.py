"""A callback of a user's own, as a configuration names it: something happens in the middle of training."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl


class SignalAt(pl.Callback):
    """Sends this process a signal after a number of training batches.

    Args:
        batches: After how many batches of the whole run.
        number: Which signal.
    """

    def __init__(self, batches: int, number: int = int(signal.SIGINT)) -> None:
        self.batches = batches
        self.number = number
        self._seen = 0

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any) -> None:
        """Counts, and sends."""
        self._seen += 1
        if self._seen == self.batches:
            os.kill(os.getpid(), self.number)


class RaiseAtStart(pl.Callback):
    """Has a bug.

    Args:
        message: What it says.
    """

    def __init__(self, message: str = "a bug") -> None:
        self.message = message

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Raises."""
        raise RuntimeError(self.message)


class SignalParentOnce(pl.Callback):
    """Sends the process that started this one a signal after a number of training batches, and waits until it has come back.

    Args:
        batches: After how many batches of the run.
        marker: A file that is made when it happens; where it is there, nothing happens.
        number: Which signal; SIGKILL ends this process too, as when a whole session is killed.
        place: Part of the path of the runs in which it happens.
    """

    def __init__(self, batches: int, marker: str, number: int = int(signal.SIGTERM), place: str = "") -> None:
        self.batches = batches
        self.marker = Path(marker)
        self.number = number
        self.place = place
        self._seen = 0

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any) -> None:
        """Counts, sends and waits."""
        self._seen += 1
        if self._seen != self.batches or self.place not in str(trainer.default_root_dir) or self.marker.exists():
            return
        self.marker.touch()
        os.kill(os.getppid(), self.number)
        if self.number == signal.SIGKILL:
            os.kill(os.getpid(), self.number)
        while not any(getattr(callback, "requested", False) for callback in trainer.callbacks):
            time.sleep(0.01)


class RaiseInSecondProcess(pl.Callback):
    """Has a bug that shows in the second of several processes alone.

    Args:
        batches: After how many training batches.
    """

    def __init__(self, batches: int) -> None:
        self.batches = batches
        self._seen = 0

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any) -> None:
        """Counts, and raises."""
        self._seen += 1
        if self._seen == self.batches and trainer.global_rank == 1:
            raise RuntimeError("a bug in one of them")
