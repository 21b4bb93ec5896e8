"""Metrics, against figures made by hand."""

import math

import pytest
import torch

from videoseq.training.metrics import build_metrics, evaluate_probs, selection_score
from videoseq.types import TaskSpec


def test_figures_equal_those_made_by_hand():
    probs = torch.tensor([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
    targets = torch.tensor([0, 1, 1, 2])  # predicted 0, 0, 1, 2
    figures = evaluate_probs(probs, targets)
    assert figures["accuracy"] == pytest.approx(3 / 4)
    assert figures["top5_accuracy"] == 1.0
    # class 0: precision 1/2, recall 1; class 1: 1, 1/2; class 2: 1, 1
    assert figures["f1_macro"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert figures["loss"] == pytest.approx(-(math.log(0.7) + math.log(0.3) + math.log(0.8) + math.log(0.4)) / 4)
    # Each of the four lies alone in its bin: |1 - 0.7|, |0 - 0.6|, |1 - 0.8|, |1 - 0.4|
    assert figures["ece"] == pytest.approx((0.3 + 0.6 + 0.2 + 0.6) / 4)
    assert set(figures) == {"accuracy", "top5_accuracy", "f1_macro", "ece", "loss"}


def test_top5_looks_at_five_of_many():
    probs = torch.arange(7, 0, -1, dtype=torch.float32).repeat(7, 1) / 28  # class 0 is likeliest, class 6 least
    figures = evaluate_probs(probs, torch.arange(7))
    assert figures["accuracy"] == pytest.approx(1 / 7)
    assert figures["top5_accuracy"] == pytest.approx(5 / 7)


def test_batches_add_up_to_the_whole():
    torch.manual_seed(0)
    probs, targets = torch.rand(10, 4).softmax(1), torch.randint(4, (10,))
    metrics = build_metrics(TaskSpec(), 4)
    for part in (slice(0, 7), slice(7, 10)):
        metrics.update(probs[part], targets[part])
    whole = evaluate_probs(probs, targets)
    assert {name: float(value) for name, value in metrics.compute().items()} == pytest.approx(
        {name: value for name, value in whole.items() if name != "loss"}
    )


def test_a_probability_of_zero_is_no_infinite_loss():
    assert evaluate_probs(torch.tensor([[1.0, 0.0]]), torch.tensor([1]))["loss"] == pytest.approx(-math.log(1e-12))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((0.9, 5.0), (0.8, 0.1)),  # the figure decides
        ((0.9, 0.4), (0.9, 0.5)),  # the loss breaks a tie
        ((0.9, 3.0), (0.9, math.inf)),
    ],
)
def test_selection_orders_by_the_figure_and_then_by_the_loss(better, worse):
    scores = [
        selection_score("f1_macro", {"f1_macro": value, "loss": loss, "accuracy": 0.5}) for value, loss in (better, worse)
    ]
    assert scores[0] > scores[1]


def test_selection_by_a_figure_that_is_no_number_is_by_the_loss():
    scores = [selection_score("r2", {"r2": math.nan, "loss": loss}) for loss in (0.1, 0.2, 7.0)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("monitor", ["loss", "mae", "rmse"])
def test_selection_takes_the_least_error_whatever_else_there_is(monitor):
    others = dict.fromkeys(("loss", "mae", "rmse", "r2"), 0.5)
    scores = [selection_score(monitor, {**others, monitor: value}) for value in (0.1, 0.1001, 40.0)]
    assert scores == sorted(scores, reverse=True)


def test_metrics_that_agree_on_the_first_batch_stay_apart():
    """torchmetrics' groups would compute macro F1 and top-5 accuracy as one from then on."""
    metrics = build_metrics(TaskSpec(), 2)
    metrics.update(torch.tensor([[0.9, 0.1], [0.1, 0.9]]), torch.tensor([0, 1]))
    metrics.update(torch.tensor([[0.9, 0.1], [0.9, 0.1]]), torch.tensor([1, 1]))
    figures = metrics.compute()
    assert (float(figures["accuracy"]), float(figures["top5_accuracy"])) == (0.5, 1.0)
