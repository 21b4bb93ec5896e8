"""A callback of a user's own, as a configuration names it: something happens in the middle of training."""

import os
import signal
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
