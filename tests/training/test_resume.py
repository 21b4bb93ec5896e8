"""A run that was stopped and continued ends where one that was never stopped ends, bit by bit."""

from dataclasses import replace

import pytest

from tests.training.runs import DATA, HEAD, ENCODER, StopAfter, assert_same, load
from videoseq.errors import CheckpointError, Interrupted
from videoseq.models.options import MeanHeadOptions
from videoseq.training.options import OptimizerOptions, TrainingOptions

DROPOUT = replace(HEAD, dropout=0.4)
CASES = {
    # name: (changes, epoch and batch after which the run stops)
    "middle_of_epoch": ({}, (1, 1)),
    "first_batch_of_all": ({}, (0, 0)),
    "last_batch_of_epoch": ({}, (1, 3)),
    "workers": ({"data": replace(DATA, num_workers=2)}, (1, 1)),
    "accumulate": ({"training": TrainingOptions(max_epochs=3, accumulate=2)}, (1, 1)),
    "unfrozen": ({"encoder": replace(ENCODER, freeze="all", unfreeze_at_epoch=1)}, (1, 1)),
    "before_unfreezing": ({"encoder": replace(ENCODER, freeze="all", unfreeze_at_epoch=2)}, (1, 2)),
}


def assert_same_end(whole, continued):
    first, second = load(whole.last), load(continued.last)
    for key in ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step"):
        assert_same(first[key], second[key], key)


@pytest.fixture
def longer(run, tmp_path):
    return replace(run, head=DROPOUT, training=TrainingOptions(max_epochs=3), folder=tmp_path / "whole")


@pytest.mark.parametrize("case", CASES)
def test_resuming_equals_never_stopping(longer, tmp_path, case):
    changes, place = CASES[case]
    whole = replace(longer, **changes)
    whole.fit()
    stopped = replace(whole, folder=tmp_path / "stopped")
    with pytest.raises(Interrupted, match="stopped by the test"):
        stopped.fit([StopAfter(stopped.last, *place)])
    report, _ = stopped.fit(resume=stopped.last)
    assert report.epochs == 3
    assert_same_end(whole, stopped)


@pytest.mark.parametrize("name", ["last", "best"])
def test_resuming_behind_an_epoch_equals_never_stopping(longer, tmp_path, name):
    longer.fit()
    short = replace(longer, folder=tmp_path / "short")
    with pytest.raises(Interrupted, match="stopped by the test"):
        short.fit([StopAfter(tmp_path / "unused.ckpt", 1, 0)])
    assert load(getattr(short, name))["global_step"] == 4
    short.fit(resume=getattr(short, name))
    assert_same_end(longer, short)
