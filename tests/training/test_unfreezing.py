"""Runs whose encoder is unfrozen stage by stage: what moves, and that a resumed one ends where one that went through ends."""

from dataclasses import replace
from itertools import pairwise

import pytest
import pytorch_lightning as pl

from tests.training.runs import ENCODER, Run, StopAfter, assert_same, differs, load, weights_of
from videoseq.errors import Interrupted
from videoseq.training.options import OptimizerOptions, TrainingOptions

DEEP = replace(ENCODER, channels=(4, 4, 4), freeze="all")
STAGES = {1: "2", 2: "1", 3: "all"}
FOUR_EPOCHS = TrainingOptions(max_epochs=4)
DECAYED = OptimizerOptions(lr=0.01, layer_decay=0.7)
PLACES = {
    # name: epoch and batch after which the run stops
    "before_the_first_stage": (0, 1),
    "end_of_an_epoch_before_a_stage": (0, 3),
    "first_batch_of_a_stage": (1, 0),
    "in_a_stage": (2, 1),
    "in_the_last_stage": (3, 2),
}
CHANGES = {
    "momentum": {"optimizer": replace(DECAYED, name="sgd")},
    "without_layer_decay": {"optimizer": replace(DECAYED, layer_decay=1.0)},
    "frozen_batch_norm": {"encoder": replace(DEEP, unfreeze_at_epoch=STAGES, freeze_batchnorm=True)},
    "accumulate": {"training": replace(FOUR_EPOCHS, accumulate=2)},
}


class Weights(pl.Callback):
    """Keeps the weights at the start and after every epoch."""

    def __init__(self) -> None:
        self.kept = []

    def on_train_start(self, trainer, pl_module) -> None:
        self.kept.append(weights_of(pl_module))

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        self.kept.append(weights_of(pl_module))


def stage_of(weights, number):
    return {name: value for name, value in weights.items() if name.startswith(f"encoder.trunk.{number}.")}


@pytest.fixture(scope="module")
def whole(manifest, tmp_path_factory):
    """A run that nothing stopped, and the weights that it had."""
    encoder = replace(DEEP, unfreeze_at_epoch=STAGES)
    run = Run(manifest, tmp_path_factory.mktemp("whole"), encoder=encoder, optimizer=DECAYED, training=FOUR_EPOCHS)
    weights = Weights()
    run.fit([weights])
    return run, weights.kept


def test_every_stage_moves_from_its_epoch_on(whole):
    _, kept = whole
    moved = [
        [number for number in range(3) if differs(stage_of(before, number), stage_of(after, number))]
        for before, after in pairwise(kept)
    ]
    assert moved == [[], [2], [1, 2], [0, 1, 2]]


def test_frozen_batch_norm_stays_as_it_is_through_all_stages(whole, tmp_path):
    weights = Weights()
    replace(whole[0], **CHANGES["frozen_batch_norm"], folder=tmp_path).fit([weights])
    first, last = weights.kept[0], weights.kept[-1]
    norms = {name for name in first if name.startswith("encoder.trunk.") and name.split(".")[3] == "1"}
    assert {name.rpartition(".")[2] for name in norms} == {
        *("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
    }
    assert not differs({name: first[name] for name in norms}, last)
    assert all(differs({name: first[name]}, last) for name in first if name.endswith(".0.weight") and "trunk" in name)


def assert_stopping_changes_nothing(whole, folder, place):
    """Stops a run like `whole` and continues it."""
    stopped = replace(whole, folder=folder)
    with pytest.raises(Interrupted, match="stopped by the test"):
        stopped.fit([StopAfter(stopped.last, *place)])
    report, _ = stopped.fit(resume=stopped.last)
    assert report.epochs == 4
    first, second = load(whole.last), load(stopped.last)
    for key in ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step"):
        assert_same(first[key], second[key], key)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_resuming_anywhere_equals_never_stopping(whole, tmp_path, place):
    assert_stopping_changes_nothing(whole[0], tmp_path, place)


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_resuming_other_optimisers_equals_never_stopping(whole, tmp_path, changes):
    changed = replace(whole[0], **changes, folder=tmp_path / "whole")
    changed.fit()
    assert_stopping_changes_nothing(changed, tmp_path / "stopped", (2, 1))
