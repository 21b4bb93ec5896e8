"""Signals, sent for real to this very process."""

import os
import shutil
import signal
from dataclasses import replace

import pytest
import pytorch_lightning as pl

from tests.training.runs import DATA, HEAD, assert_same, load, scan
from videoseq.data.samplers import epoch_order
from videoseq.errors import DataError, Interrupted
from videoseq.training.options import TrainingOptions


class Kill(pl.Callback):
    """Sends signals to this process in the middle of a batch."""

    def __init__(self, epoch: int, batch: int, *numbers: int) -> None:
        self.place = (epoch, batch)
        self.numbers = numbers

    def on_before_optimizer_step(self, trainer, pl_module, optimizer) -> None:
        if (trainer.current_epoch, trainer.fit_loop.batch_idx) == self.place:
            for number in self.numbers:
                os.kill(os.getpid(), number)


class KillEarly(Kill):
    """Sends them before the forward pass, so also in batches without an optimiser step."""

    def on_before_optimizer_step(self, *args) -> None:
        return

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if (trainer.current_epoch, batch_idx) == self.place:
            for number in self.numbers:
                os.kill(os.getpid(), number)


class KillInValidation(pl.Callback):
    """Sends SIGTERM while validating the given epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_validation_start(self, trainer, pl_module) -> None:
        if trainer.current_epoch == self.epoch:
            os.kill(os.getpid(), signal.SIGTERM)


class Validations(pl.Callback):
    """Keeps the epochs that were validated."""

    def __init__(self) -> None:
        self.epochs = []

    def on_validation_end(self, trainer, pl_module) -> None:
        self.epochs.append(trainer.current_epoch)


@pytest.fixture(autouse=True)
def handlers_come_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_at_the_end_of_its_batch_and_the_run_goes_on_from_there(run, tmp_path, number):
    whole = replace(run, head=replace(HEAD, dropout=0.4), folder=tmp_path / "whole")
    whole.fit()
    stopped = replace(whole, folder=tmp_path / "stopped")
    message = r"^stopped after epoch 1, batch 2; saved .*last\.ckpt\. Continue with the same command and resume=auto$"
    with pytest.raises(Interrupted, match=message):
        stopped.fit([Kill(1, 1, number)])
    saved = load(stopped.last)
    assert (saved["epoch"], saved["global_step"]) == (1, 6)
    stopped.fit(resume=stopped.last)
    first, second = load(whole.last), load(stopped.last)
    for key in ("state_dict", "optimizer_states", "lr_schedulers", "global_step"):
        assert_same(first[key], second[key], key)


def test_gradients_that_wait_are_never_lost(run):
    accumulating = replace(run, training=TrainingOptions(max_epochs=2, accumulate=2))
    with pytest.raises(Interrupted, match=r"epoch 0, batch 2;"):
        accumulating.fit([KillEarly(0, 0, signal.SIGTERM)])
    assert load(run.last)["global_step"] == 1


def test_the_last_batch_of_an_epoch_steps_with_what_there_is(run):
    accumulating = replace(run, training=TrainingOptions(max_epochs=2, accumulate=3))
    with pytest.raises(Interrupted, match=r"epoch 0, batch 4;"):
        accumulating.fit([KillEarly(0, 3, signal.SIGTERM)])
    assert load(run.last)["global_step"] == 2


@pytest.mark.parametrize("numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT)])
def test_the_second_signal_stops_at_once(run, numbers):
    with pytest.raises(Interrupted, match=r"^stopped at once; continue from the last checkpoint with resume=auto$"):
        run.fit([Kill(1, 1, *numbers)])
    assert load(run.last)["global_step"] == 4  # the end of the first epoch


@pytest.mark.parametrize("kill", [Kill(0, 3, signal.SIGTERM), KillInValidation(0)], ids=["last_batch", "validation"])
def test_a_signal_at_the_end_of_an_epoch_stops_behind_its_validation(run, tmp_path, kill):
    before, after = Validations(), Validations()
    whole, stopped = (replace(run, folder=tmp_path / name) for name in ("whole", "stopped"))
    whole.fit()
    with pytest.raises(Interrupted, match=r"^stopped after epoch 0, batch 4; saved .*last\.ckpt\."):
        stopped.fit([kill, before])
    assert [load(path)["global_step"] for path in (stopped.best, stopped.last)] == [4, 4]
    stopped.fit([after], resume=stopped.last)
    assert (before.epochs, after.epochs) == ([0], [1])
    for name in ("best", "last"):
        first, second = load(getattr(whole, name)), load(getattr(stopped, name))
        for key in ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step"):
            assert_same(first[key], second[key], key)


def test_a_signal_in_the_last_batch_of_all_loses_no_run(run):
    short = replace(run, training=TrainingOptions(max_epochs=1))
    with pytest.raises(Interrupted, match=r"^stopped after the last epoch; continue with the same command and resume=auto"):
        short.fit([Kill(0, 3, signal.SIGTERM)])
    assert load(run.best)["epoch"] == 0
    report, _ = short.fit(resume=run.last)
    assert report.epochs == 1


def test_a_video_that_fails_in_the_batch_of_the_signal_is_listed(run, bars, tmp_path):
    shutil.copytree(bars, tmp_path / "bars")
    damaged = replace(run, manifest=scan(tmp_path / "bars", tmp_path / "cache"))
    position = epoch_order(16, seed=0, epoch=0)[4]  # the first of the second batch
    damaged.manifest.videos["train"][position].record.path.write_bytes(b"torn")
    with pytest.raises(Interrupted, match=r"epoch 0, batch 2;"):
        damaged.fit([Kill(0, 1, signal.SIGTERM)])
    assert [place[:2] for place in damaged.bad] == [("train", position)]


def test_a_signal_during_the_last_validation_loses_nothing(run):
    with pytest.raises(Interrupted, match=r"^stopped after the last epoch; continue with the same command and resume=auto"):
        run.fit([KillInValidation(1)])
    assert load(run.last)["global_step"] == 8
    report, _ = run.fit(resume=run.last)
    assert report.epochs == 2


def test_handlers_come_back_when_a_run_fails(run):
    class Failing(pl.Callback):
        def on_train_batch_end(self, *args) -> None:
            raise DataError("failed on purpose")

    with pytest.raises(DataError, match="failed on purpose"):
        run.fit([Failing()])


def test_workers_survive_the_signal_of_their_parent(run):
    with pytest.raises(Interrupted, match=r"epoch 0, batch 2;"):
        replace(run, data=replace(DATA, num_workers=2)).fit([Kill(0, 1, signal.SIGTERM)])
