"""The average of the weights: what it is, what is validated and saved with it, and that a run goes on with both."""

import signal
from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch

from tests.signals import SignalAt
from tests.training.runs import ENCODER, HEAD, StopAfter, assert_same, differs, load, weights_of
from videoseq.errors import CheckpointError, Interrupted
from videoseq.models.checkpoint import load_checkpoint
from videoseq.training.options import TrainingOptions

RAW = "current_model_state"
"""Where Lightning keeps the weights that training goes on with."""


class Steps(pl.Callback):
    """Keeps the weights after every optimiser step."""

    def __init__(self) -> None:
        self.weights = []

    def on_train_batch_end(self, trainer, pl_module, *args) -> None:
        if trainer.global_step > len(self.weights):
            self.weights.append(weights_of(pl_module))


class Validated(pl.Callback):
    """Keeps the weights that are in the model while it is validated, and those when that is over."""

    def on_validation_batch_start(self, trainer, pl_module, *args) -> None:
        self.during = weights_of(pl_module)

    def on_validation_end(self, trainer, pl_module) -> None:
        self.after = weights_of(pl_module)


def averaged(run, decay=0.9, **changes):
    return replace(run, training=TrainingOptions(ema=decay, **{"max_epochs": 2, **changes}))


def model_of(state):
    return {name.removeprefix("model."): value for name, value in state.items() if name.startswith("model.")}


def assert_close(found, expected):
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert torch.allclose(value.double(), expected[name], atol=1e-6), name


def closed_form(steps, decays):
    """Returns sum_k (1 - d_k) * d_(k+1) * … * d_n * w_k of the weights w_k after each step; counters as they are."""
    total = {name: torch.zeros_like(value, dtype=torch.float64) for name, value in steps[0].items()}
    for number, weights in enumerate(steps):
        factor = 1 - decays[number]
        for decay in decays[number + 1 :]:
            factor *= decay
        for name, value in weights.items():
            total[name] += factor * value.double()
    return {name: total[name] if value.is_floating_point() else value.double() for name, value in steps[-1].items()}


@pytest.mark.parametrize(
    ("decay", "decays"),
    [
        # below 1/10 the decay rules alone: (1 - d) * d^k, and d^7 for the first step's weights
        (0.1, (0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)),
        (0.25, (0, 1 / 10, 2 / 11, 3 / 12, 0.25, 0.25, 0.25, 0.25)),
        (0.999, (0, 1 / 10, 2 / 11, 3 / 12, 4 / 13, 5 / 14, 6 / 15, 7 / 16)),
    ],
)
def test_the_average_is_the_closed_form(run, decay, decays):
    steps = Steps()
    _, module = averaged(run, decay).fit([steps])
    assert len(steps.weights) == 8
    expected = closed_form(steps.weights, decays)
    assert_close(weights_of(module), expected)
    last = load(run.last)
    assert_close(model_of(last["state_dict"]), expected)
    assert differs(model_of(last["state_dict"]), steps.weights[-1])
    assert not differs(model_of(last[RAW]), steps.weights[-1])


def test_running_figures_of_batchnorm_are_averaged_and_its_counter_is_not(run):
    steps = Steps()
    averaged(run).fit([steps])
    state = model_of(load(run.last)["state_dict"])
    assert int(state["encoder.trunk.0.1.num_batches_tracked"]) == 8
    assert not torch.equal(state["encoder.trunk.0.1.running_mean"], steps.weights[-1]["encoder.trunk.0.1.running_mean"])


def test_the_average_is_what_is_validated_and_loaded_and_training_goes_on_without_it(run):
    validated, steps = Validated(), Steps()
    _, module = averaged(run, max_epochs=1).fit([validated, steps])
    assert differs(validated.during, steps.weights[-1])
    assert not differs(validated.after, steps.weights[-1])
    for path in (run.best, run.last):
        assert not differs(validated.during, load_checkpoint(path).model.state_dict())
    assert not differs(validated.during, weights_of(module))


def test_the_average_changes_no_step(run, tmp_path):
    with_average, without = Steps(), Steps()
    averaged(replace(run, folder=tmp_path / "with")).fit([with_average])
    replace(run, folder=tmp_path / "without").fit([without])
    assert_same(with_average.weights, without.weights)


def test_off_nothing_is_averaged_or_saved(run):
    steps = Steps()
    _, module = run.fit([steps])
    last = load(run.last)
    assert not differs(weights_of(module), steps.weights[-1])
    assert not differs(model_of(last["state_dict"]), steps.weights[-1])
    assert last.keys().isdisjoint({RAW, "averaging_state"})
    assert not any("Average" in name for name in last["callbacks"])


def test_a_frozen_encoder_stays_bit_by_bit_as_it_is(run):
    frozen = averaged(replace(run, encoder=replace(ENCODER, freeze="all")))
    before = frozen.module().model.encoder.state_dict()
    _, module = frozen.fit()
    assert_same(dict(module.model.encoder.state_dict()), dict(before))


def test_the_average_moves_once_per_step_where_batches_accumulate(run):
    steps = Steps()
    _, module = averaged(run, 0.1, accumulate=2).fit([steps])
    assert len(steps.weights) == 4
    assert_close(weights_of(module), closed_form(steps.weights, (0, 0.1, 0.1, 0.1)))


CASES = {
    # name: (changes, further options of training, epoch and batch after which the run stops)
    "middle_of_epoch": ({}, {}, (1, 1)),
    "first_step": ({}, {}, (0, 0)),
    "last_batch_of_epoch": ({}, {}, (1, 3)),
    "accumulate": ({}, {"accumulate": 2}, (1, 1)),
    "unfrozen": ({"encoder": replace(ENCODER, freeze="all", unfreeze_at_epoch=1)}, {}, (1, 1)),
    "before_unfreezing": ({"encoder": replace(ENCODER, freeze="all", unfreeze_at_epoch=2)}, {}, (1, 2)),
}


@pytest.mark.parametrize("case", CASES)
def test_resuming_equals_never_stopping(run, tmp_path, case):
    changes, training, place = CASES[case]
    dropout = replace(run, head=replace(HEAD, dropout=0.4), **changes)
    whole = averaged(replace(dropout, folder=tmp_path / "whole"), max_epochs=3, **training)
    whole.fit()
    stopped = replace(whole, folder=tmp_path / "stopped")
    with pytest.raises(Interrupted, match="stopped by the test"):
        stopped.fit([StopAfter(stopped.last, *place)])
    assert_same_end(whole, stopped)


def test_resuming_after_a_signal_equals_never_stopping(run, tmp_path):
    whole = averaged(replace(run, folder=tmp_path / "whole"))
    whole.fit()
    stopped = replace(whole, folder=tmp_path / "stopped")
    with pytest.raises(Interrupted, match=r"^stopped after epoch 1, batch 2; saved"):
        stopped.fit([SignalAt(6, signal.SIGTERM)])
    assert_same_end(whole, stopped)


def assert_same_end(whole, stopped):
    _, module = stopped.fit(resume=stopped.last)
    first, second = load(whole.last), load(stopped.last)
    for key in ("state_dict", RAW, "averaging_state", "optimizer_states", "global_step"):
        assert_same(first[key], second[key], key)
    assert differs(first["state_dict"], first[RAW])
    assert not differs(weights_of(module), model_of(first["state_dict"]))


@pytest.mark.parametrize(("before", "now"), [(None, 0.9), (0.9, None), (0.9, 0.99)], ids=str)
def test_a_run_with_another_average_is_not_continued(run, before, now):
    averaged(run, before, max_epochs=1).fit()
    with pytest.raises(CheckpointError, match=rf"^cannot continue.*: training\.ema was {before}, is {now}; resume needs"):
        averaged(run, now).fit(resume=run.last)
