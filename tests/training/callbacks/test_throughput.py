"""The speed of a run."""

import time
from dataclasses import replace

import pytest
import pytorch_lightning as pl

from videoseq.training.callbacks.throughput import Throughput
from videoseq.training.options import TrainingOptions


class Slow(pl.Callback):
    """Makes every step last longer."""

    def on_before_optimizer_step(self, *args) -> None:
        time.sleep(0.05)


class Figures(pl.Callback):
    """Keeps what was logged of each epoch."""

    def __init__(self) -> None:
        self.epochs = []

    def on_train_end(self, trainer, pl_module) -> None:
        self.epochs.append({k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("throughput/")})


def test_clips_and_time_are_counted(run):
    throughput, logged = Throughput(), Figures()
    started = time.perf_counter()
    report, _ = run.fit([throughput, logged])
    elapsed = time.perf_counter() - started
    assert throughput.clips == 2 * 16
    assert 0 < throughput.wait_seconds < throughput.seconds < elapsed
    assert throughput.clips_per_second == pytest.approx(32 / throughput.seconds)
    assert 0 < throughput.data_wait_fraction < 1
    assert report.clips_per_second == pytest.approx(throughput.clips_per_second, rel=0.5)
    (last,) = logged.epochs
    assert set(last) == {"throughput/clips_per_second", "throughput/data_wait_fraction"}
    assert 0 <= last["throughput/data_wait_fraction"] <= 1
    assert last["throughput/clips_per_second"] > 0


def test_slow_steps_are_no_waiting(run):
    throughput = Throughput()
    replace(run, training=TrainingOptions(max_epochs=1)).fit([throughput, Slow()])
    assert throughput.seconds - throughput.wait_seconds > 4 * 0.05


def test_a_run_that_did_nothing_has_no_speed():
    assert (Throughput().clips_per_second, Throughput().data_wait_fraction) == (0.0, 0.0)
