"""Histograms of weights and gradients in TensorBoard, read back from the event file."""

from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.runs import ENCODER
from videoseq.training.options import TrainingOptions

ON = TrainingOptions(max_epochs=2, histograms=True)


def histograms(folder):
    """Returns tag -> histograms of a run, in the order of their steps."""
    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"histograms": 0})
    events.Reload()
    return {tag: events.Histograms(tag) for tag in events.Tags()["histograms"]}


class FirstSteps(pl.Callback):
    """Keeps weights and gradients as they are before the first optimiser step of every epoch."""

    def __init__(self) -> None:
        self.seen: dict[str, list[torch.Tensor]] = {}
        self._epochs = 0

    def on_before_optimizer_step(self, trainer, pl_module, optimizer) -> None:
        if trainer.current_epoch == self._epochs:
            self._epochs += 1
            for name, parameter in pl_module.model.named_parameters():
                self.seen.setdefault(f"weights/{name}", []).append(parameter.detach().clone())
                if parameter.grad is not None:
                    self.seen.setdefault(f"gradients/{name}", []).append(parameter.grad.clone())


def test_weights_and_gradients_of_encoder_and_head_are_there_once_an_epoch(run):
    kept = FirstSteps()
    run = replace(run, training=ON)
    run.fit([kept])
    found = histograms(run.folder)
    assert found.keys() == kept.seen.keys()
    for part in ("encoder.", "head."):
        assert any(tag.startswith(f"gradients/{part}") for tag in found)
    for tag, points in found.items():
        assert [point.step for point in points] == [0, 4]  # four steps an epoch
        for point, values in zip(points, kept.seen[tag], strict=True):
            shown = point.histogram_value
            assert shown.num == values.numel()
            assert (shown.min, shown.max) == pytest.approx((float(values.min()), float(values.max())), abs=1e-12)
            assert shown.sum_squares == pytest.approx(float(values.square().sum()), rel=1e-4)
        if tag.startswith("gradients/"):
            assert points[0].histogram_value.sum_squares > 0


def test_what_is_frozen_has_weights_but_no_gradients_until_it_is_trained(run):
    frozen = replace(run, training=ON, encoder=replace(ENCODER, freeze="all", unfreeze_at_epoch=1))
    frozen.fit()
    found = histograms(frozen.folder)
    steps = {tag: [point.step for point in points] for tag, points in found.items()}
    assert {tuple(those) for tag, those in steps.items() if tag.startswith("weights/")} == {(0, 4)}
    assert {tuple(those) for tag, those in steps.items() if tag.startswith("gradients/encoder.")} == {(4,)}
    assert {tuple(those) for tag, those in steps.items() if tag.startswith("gradients/head.")} == {(0, 4)}
    for tag, points in found.items():
        if tag.startswith("gradients/"):
            assert points[0].histogram_value.sum_squares > 0


def test_they_are_off_unless_asked_for(run):
    run.fit()
    assert histograms(run.folder) == {}


def test_gradients_that_are_not_finite_are_left_out(run):
    class Spoil(pl.Callback):
        def on_after_backward(self, trainer, pl_module) -> None:
            pl_module.model.head.classifier.bias.grad.fill_(float("nan"))
            pl_module.model.head.classifier.weight.grad[0] = float("inf")

    spoilt = replace(run, training=replace(ON, max_epochs=1, clip_norm=None))
    _, module = spoilt.fit([Spoil()])
    found = histograms(spoilt.folder)
    assert "gradients/head.classifier.bias" not in found
    assert found["gradients/head.classifier.weight"][0].histogram_value.num == module.model.head.classifier.weight[1:].numel()
