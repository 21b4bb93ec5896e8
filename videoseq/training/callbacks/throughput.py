"""How fast a run is, and how much of it waits for data."""

import time
from typing import Any

import pytorch_lightning as pl

from videoseq.training import ranks


class Throughput(pl.Callback):
    """Logs `throughput/clips_per_second` and `throughput/data_wait_fraction` of every training epoch.

    Clips are those of all processes, times those of this one, which steps together with the others.
    """

    def __init__(self) -> None:
        self.clips = 0
        self._own_clips = 0
        self.seconds = 0.0
        self.wait_seconds = 0.0
        self._epoch = (0, 0.0, 0.0)
        self._last = 0.0

    @property
    def clips_per_second(self) -> float:
        """Training clips per second of the whole run, validation not counted."""
        return self.clips / self.seconds if self.seconds else 0.0

    @property
    def data_wait_fraction(self) -> float:
        """Share of the training time that was spent waiting for the loader, in [0, 1]."""
        return self.wait_seconds / self.seconds if self.seconds else 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock."""
        self._last = time.perf_counter()
        self._epoch = (self.clips, self.seconds, self.wait_seconds)

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any) -> None:
        """Counts the time since the last step as waiting."""
        if self._last == 0.0:  # resumed in the middle of an epoch
            self._last = time.perf_counter()
        now = time.perf_counter()
        self.wait_seconds += now - self._last
        self.seconds += now - self._last
        self._last = now

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        """Counts the step."""
        now = time.perf_counter()
        self.seconds += now - self._last
        self._own_clips += len(batch)
        self._last = now

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Logs the epoch's figures."""
        self.clips += ranks.total(self._own_clips)
        self._own_clips = 0
        clips, seconds, wait = (
            now - before for now, before in zip((self.clips, self.seconds, self.wait_seconds), self._epoch, strict=True)
        )
        if seconds:
            pl_module.log("throughput/clips_per_second", clips / seconds)
            pl_module.log("throughput/data_wait_fraction", wait / seconds)
