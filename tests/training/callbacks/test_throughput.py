"""The speed of a run."""

import time
from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch

from tests.training.runs import Repeated
from videoseq.data.batch import ClipSample, collate
from videoseq.training.callbacks.throughput import Throughput
from videoseq.training.options import TrainingOptions


class Slow(pl.Callback):
    """Makes every step last longer."""

    def on_before_optimizer_step(self, *args) -> None:
        time.sleep(0.05)


class Figures(pl.Callback):
    """Keeps what was logged of the last epoch."""

    def __init__(self) -> None:
        self.logged = {}

    def on_train_end(self, trainer, pl_module) -> None:
        self.logged = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith(("throughput/", "time/"))}


TIMES = {
    "decode_seconds_per_clip",
    "transform_seconds_per_clip",
    "transfer_seconds_per_step",
    "forward_seconds_per_step",
    "backward_seconds_per_step",
    "optimizer_seconds_per_step",
}


def test_clips_steps_and_time_are_counted(run):
    module, logged = run.module(), Figures()
    throughput = Throughput(module.clock)
    started = time.perf_counter()
    report, _ = run.fit([throughput, logged], module=module)
    elapsed = time.perf_counter() - started
    speed = throughput.speed
    assert (speed.clips, speed.own_clips, speed.steps, speed.frames, speed.slots) == (32, 32, 8, 32 * 4, 32 * 4)
    assert 0 < speed.wait_seconds < speed.seconds < elapsed
    assert 0 < speed.decode_seconds + speed.transform_seconds < speed.wait_seconds  # there are no workers
    assert min(speed.phases.values()) > 0
    assert sum(speed.phases.values()) < speed.seconds
    assert 0 < report.data_wait_fraction < 1
    assert report.clips_per_second > 0
    assert report.padding_fraction == 0
    assert set(report.times) == TIMES
    assert set(logged.logged) == {
        *(f"time/{name}" for name in TIMES),
        *(f"throughput/{name}" for name in ("clips_per_second", "data_wait_fraction", "padding_fraction")),
    }
    assert 0 <= logged.logged["throughput/data_wait_fraction"] <= 1
    assert logged.logged["time/backward_seconds_per_step"] > 0


def test_slow_steps_are_no_waiting_but_time_of_the_optimizer(run):
    usual, slow = (
        replace(run, folder=run.folder / name, training=TrainingOptions(max_epochs=1)).fit(callbacks)[0]
        for name, callbacks in (("usual", []), ("slow", [Slow()]))
    )
    assert slow.times["optimizer_seconds_per_step"] > 0.05
    assert slow.data_wait_fraction < usual.data_wait_fraction


def test_padding_is_counted_from_the_lengths(run):
    batch = collate(
        [ClipSample(torch.zeros(1, length, 3, 16, 16, dtype=torch.uint8), torch.tensor(0), 0) for length in (4, 1, 3)]
    )
    report, _ = run.fit(datamodule=Repeated(batch, 3))
    assert report.padding_fraction == pytest.approx(1 - 8 / 12)


def test_steps_without_the_optimizer_are_steps(run):
    module = run.module()
    throughput = Throughput(module.clock)
    replace(run, training=TrainingOptions(max_epochs=1, accumulate=4)).fit([throughput], module=module)
    assert throughput.speed.steps == 4
    assert throughput.speed.phases["optimizer"] < throughput.speed.phases["backward"] + throughput.speed.phases["forward"]
