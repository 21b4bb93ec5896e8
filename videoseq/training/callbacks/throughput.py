"""How fast a run is, how much of it waits for data, and where the time goes."""

import time
from dataclasses import replace
from typing import Any

import pytorch_lightning as pl
from torch import Tensor
from torch.optim import Optimizer

from videoseq.training import ranks
from videoseq.training.phases import PhaseClock
from videoseq.training.speed import Speed


class Throughput(pl.Callback):
    """Logs clips per second, the share of waiting and of padding, and the times of clips and steps of every training epoch.

    Clips are those of all processes, times those of this one, which steps together with the others; so its waiting is that
    for the slowest of them.

    Args:
        clock: Is told when a phase of a step begins; the module, which alone knows when a batch crosses to the device, has it.

    Attributes:
        speed: Of the whole run, up to the last epoch that was finished.
    """

    def __init__(self, clock: PhaseClock) -> None:
        self.clock = clock
        self.speed = Speed()
        self._now = Speed()  # up to the last step
        self._last = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock."""
        self._last = time.perf_counter()

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any) -> None:
        """Counts the time since the last step as waiting, that for the batches of other processes included."""
        if self._last == 0.0:  # resumed in the middle of an epoch
            self._last = time.perf_counter()
        wait = self._seconds()
        self._now = replace(self._now, seconds=self._now.seconds + wait, wait_seconds=self._now.wait_seconds + wait)
        self.clock.start("forward", pl_module.device)

    def on_before_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor) -> None:
        """Ends the forward pass."""
        self.clock.start("backward", pl_module.device)

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Ends the backward pass; behind some there is no step of the optimiser."""
        self.clock.start(None, pl_module.device)

    def on_before_optimizer_step(self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer) -> None:
        """Begins the step of the optimiser, clipping included."""
        self.clock.start("optimizer", pl_module.device)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        """Counts the step."""
        self.clock.start(None, pl_module.device)
        now, lengths = self._now, batch.lengths.tolist()  # they lie on the CPU
        self._now = replace(
            now,
            seconds=now.seconds + self._seconds(),
            steps=now.steps + 1,
            own_clips=now.own_clips + len(batch),
            frames=now.frames + sum(lengths),
            slots=now.slots + len(lengths) * max(lengths, default=0),
            decode_seconds=now.decode_seconds + batch.decode_seconds,
            transform_seconds=now.transform_seconds + batch.transform_seconds,
        )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Logs the epoch's figures."""
        self.clock.finish()
        now, before = self._now, self.speed
        clips = before.clips + ranks.total(now.own_clips - before.own_clips)
        self.speed = self._now = replace(now, clips=clips, phases=dict(self.clock.seconds))
        epoch = self.speed.since(before)
        if not epoch.seconds:
            return
        for name in ("clips_per_second", "data_wait_fraction", "padding_fraction"):
            pl_module.log(f"throughput/{name}", getattr(epoch, name))
        pl_module.log_dict({f"time/{name}": value for name, value in epoch.times.items()})

    def _seconds(self) -> float:
        """Returns the seconds since the last call."""
        last, self._last = self._last, time.perf_counter()
        return self._last - last
