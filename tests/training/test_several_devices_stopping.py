"""Two processes stop together and go on as if they had not."""

import shutil
import signal
from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from torch import distributed

from tests.signals import SignalAt
from tests.training.pairs import run_pair
from tests.training.runs import DATA, ENCODER, HEAD, Run, assert_same, load
from videoseq.errors import CheckpointError, Interrupted
from videoseq.training.options import TrainingOptions
from videoseq.types import derive_seed


class FirstBatch(pl.Callback):
    """Keeps the place and the videos of the first batch that is trained on, and from which seed its dropout is drawn."""

    def __init__(self) -> None:
        self.batch = None
        self.seed = None

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        self.batch = self.batch or (trainer.current_epoch, batch_idx, batch.videos)

    def on_before_backward(self, trainer, pl_module, loss) -> None:
        self.seed = self.seed or torch.initial_seed()


def stop_and_go(rank, run, folder):
    """Trains without a stop; then stops in the middle of the second epoch, on a signal to one process, and continues."""
    replace(run, folder=folder / "whole").fit()
    stopped = replace(run, folder=folder / "stopped")
    with pytest.raises(Interrupted) as told:
        stopped.fit([SignalAt(6, signal.SIGTERM)] if rank == 1 else [])
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    if rank == 0:
        shutil.copytree(stopped.folder, folder / "kept")
    distributed.barrier()
    first = FirstBatch()
    stopped.fit([first], resume=stopped.last)
    return str(told.value), handlers == [signal.default_int_handler, signal.SIG_DFL], first


@pytest.fixture
def two(manifest, tmp_path) -> Run:
    """A run that draws: two devices of two clips."""
    dropout = replace(HEAD, dropout=0.4)
    return Run(manifest, tmp_path, head=dropout, data=replace(DATA, batch_size=2), training=TrainingOptions(max_epochs=2))


def assert_same_end(folder):
    whole, continued = (load(folder / name / "checkpoints" / "last.ckpt") for name in ("whole", "stopped"))
    for key in ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step"):
        assert_same(whole[key], continued[key], key)


def test_a_signal_to_one_of_them_stops_both_and_the_run_goes_on_bit_by_bit(two, tmp_path):
    results = run_pair(stop_and_go, tmp_path / "results", two, tmp_path)
    told = (
        f"stopped after epoch 1, batch 2; saved {tmp_path / 'stopped'}/checkpoints/last.ckpt. Continue with the same command "
    )
    assert [message for message, _, _ in results] == [told + "and resume=auto"] * 2
    assert all(handlers_came_back for _, handlers_came_back, _ in results)
    assert [first.seed for _, _, first in results] == [derive_seed(0, 1, 2), derive_seed(0, 1, 2, 1)]
    assert_same_end(tmp_path)

    # One device with as many clips in a batch goes on with the same videos.
    one = replace(two, data=replace(DATA, batch_size=4), folder=tmp_path / "stopped")
    shutil.rmtree(one.folder)
    shutil.move(tmp_path / "kept", one.folder)
    alone = FirstBatch()
    report, _ = one.fit([alone], resume=one.last)
    assert report.epochs == 2
    assert alone.batch == (1, 2, sum((first.batch[2] for _, _, first in results), ()))
    with pytest.raises(CheckpointError, match=r"data\.batch_size × devices was 4, is 2, so the batches of an epoch are others"):
        replace(two, folder=one.folder).fit(resume=one.last)


def test_a_run_that_accumulates_in_the_epoch_of_an_unfreezing_goes_on_bit_by_bit(two, tmp_path):
    stages = replace(ENCODER, channels=(4, 4, 4), freeze="all", unfreeze_at_epoch=1)
    changed = replace(two, encoder=stages, training=TrainingOptions(max_epochs=2, accumulate=2))
    run_pair(stop_and_go, tmp_path / "results", changed, tmp_path)
    assert_same_end(tmp_path)
