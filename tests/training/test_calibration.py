"""What is fitted on validation videos, against figures made by hand."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from videoseq.models.answers import answers_of
from videoseq.training.calibration import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    MIN_FRAMES,
    MIN_VIDEOS,
    MOST_FRAMES,
    fit_calibration,
    fit_label_temperature,
    fit_temperature,
    fit_thresholds,
)
from videoseq.types import TaskSpec

MULTILABEL, FRAMES = TaskSpec("multilabel"), TaskSpec("frames", per_frame=True)


def two_classes(right: int, wrong: int, margin: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits that say class 0 by a margin, of videos that are of class 0 (`right`) or 1 (`wrong`)."""
    logits = torch.tensor([[margin, 0.0]]).repeat(right + wrong, 1)
    return logits, torch.tensor([0] * right + [1] * wrong)


def likelihood(logits, targets, temperature):
    return float(-(logits.double() / temperature).log_softmax(1)[torch.arange(len(targets)), targets].mean())


@pytest.mark.parametrize(("right", "wrong", "margin"), [(3, 1, 4.0), (15, 5, 1.5), (90, 10, 8.0), (9, 1, 1.0)])
def test_one_margin_has_the_temperature_of_the_closed_form(right, wrong, margin):
    # softmax([m / T, 0])[0] = right / n at the optimum, so T = m / log(right / wrong).
    expected = margin / math.log(right / wrong)
    assert fit_temperature(*two_classes(right, wrong, margin)) == pytest.approx(expected, rel=1e-6)


def test_no_other_temperature_is_likelier():
    torch.manual_seed(0)
    targets = torch.randint(5, (200,))
    logits = 3 * (torch.nn.functional.one_hot(targets, 5) + torch.randn(200, 5))
    best = fit_temperature(logits, targets)
    assert 1.5 < best < 6
    for factor in (0.5, 0.9, 0.999, 1.001, 1.1, 2.0):
        assert likelihood(logits, targets, best) < likelihood(logits, targets, best * factor)
    assert fit_temperature(logits * 2, targets) == pytest.approx(2 * best, rel=1e-6)
    assert fit_temperature(logits + torch.randn(200, 1), targets) == pytest.approx(best, rel=1e-4)


def test_without_an_error_probabilities_are_never_sharpened():
    assert fit_temperature(*two_classes(30, 0, 2.0)) == 1.0
    logits, targets = two_classes(29, 1, 2.0)
    assert fit_temperature(logits, targets) == pytest.approx(2.0 / math.log(29))


def test_the_temperature_is_bounded():
    # Worse than chance, and almost without an error at a tiny margin: both optima lie at the end of the world.
    assert fit_temperature(*two_classes(10, 20, 2.0)) == HIGHEST_TEMPERATURE
    assert fit_temperature(*two_classes(10, 10, 2.0)) == HIGHEST_TEMPERATURE
    assert fit_temperature(*two_classes(99, 1, 0.1)) == LOWEST_TEMPERATURE


def test_logits_too_large_for_an_exponential_are_fitted_all_the_same():
    assert fit_temperature(*two_classes(3, 1, 5.0e3)) == HIGHEST_TEMPERATURE
    assert fit_temperature(*two_classes(30, 0, 5.0e3)) == 1.0


def test_few_videos_and_figures_that_are_no_numbers_fit_nothing():
    logits, targets = two_classes(MIN_VIDEOS - 2, 1, 2.0)
    assert fit_calibration(logits, targets, TaskSpec()) is None
    logits, targets = two_classes(MIN_VIDEOS - 1, 1, 2.0)
    assert fit_calibration(logits, targets, TaskSpec()) is not None
    logits[3, 1] = math.nan
    assert fit_calibration(logits, targets, TaskSpec()) is None


def test_thresholds_are_those_of_the_calibrated_probabilities():
    logits, targets = two_classes(15, 5, 3.0)
    logits[15:] = torch.tensor([1.0, 0.0])
    fitted = fit_calibration(logits, targets, TaskSpec())
    assert fitted is not None
    assert fitted.thresholds == fit_thresholds(answers_of(logits, TaskSpec(), fitted), one_hot(targets, 2) > 0)
    sure, unsure = (float(torch.tensor(margin / fitted.temperature).sigmoid()) for margin in (3.0, 1.0))
    # Class 0 is claimed between the two, class 1 likewise from the other side.
    assert fitted.thresholds == pytest.approx(((sure + unsure) / 2, 1 - (sure + unsure) / 2), abs=1e-6)


def test_labels_have_a_temperature_and_thresholds():
    torch.manual_seed(0)
    targets = (torch.rand(300, 3) > 0.6).float()
    logits = 4 * (targets - 0.3 + 0.5 * torch.randn(300, 3))
    fitted = fit_calibration(logits, targets, MULTILABEL)
    assert fitted is not None

    def loss(temperature: float) -> float:
        return float(binary_cross_entropy_with_logits(logits.double() / temperature, targets.double()))

    assert fitted.temperature > 1.1
    for factor in (0.5, 0.99, 1.01, 2.0):
        assert loss(fitted.temperature) < loss(fitted.temperature * factor)
    probs = (logits / fitted.temperature).sigmoid()
    assert fitted.thresholds == fit_thresholds(probs, targets > 0.5)
    assert all(threshold != pytest.approx(0.5, abs=0.01) for threshold in fitted.thresholds)


def test_labels_that_are_all_right_are_not_sharpened():
    targets = (torch.arange(60).view(30, 2) % 3 == 0).float()
    assert fit_label_temperature(2 * targets - 1, targets) == 1.0
    wrong = targets.clone()
    wrong[0] = 1 - wrong[0]
    # One of 30 is wrong at a margin of 1: sigmoid(1 / T) = 29 / 30.
    assert fit_label_temperature(2 * targets - 1, wrong) == pytest.approx(1 / math.log(29))


def test_frames_have_a_temperature_alone_of_no_more_than_enough_of_them():
    logits, targets = two_classes(3 * MIN_FRAMES, MIN_FRAMES, 2.0)
    fitted = fit_calibration(logits, targets, FRAMES)
    assert fitted is not None
    assert (fitted.temperature, fitted.thresholds) == (pytest.approx(2.0 / math.log(3)), ())
    assert fit_calibration(logits[: MIN_FRAMES - 1], targets[: MIN_FRAMES - 1], FRAMES) is None
    many = 2 * MOST_FRAMES + 2  # of which every third is taken
    logits, targets = torch.zeros(many, 2), torch.arange(many) % 2
    logits[::3, 0] = 1.0
    targets[::3], targets[::30] = 0, 1
    fitted = fit_calibration(logits, targets, FRAMES)
    assert fitted is not None
    assert fitted.temperature == pytest.approx(1 / math.log(9), rel=1e-3)


def test_values_have_no_calibration():
    assert fit_calibration(torch.zeros(100, 1), torch.zeros(100), TaskSpec("regression")) is None


@pytest.mark.parametrize(
    ("probs", "is_class", "expected"),
    [
        # Separated: the middle of the gap.
        ([0.9, 0.8, 0.3, 0.1], [1, 1, 0, 0], 0.55),
        # F1 of the first 1, 2, 3, 4: 2/3, 1/2, 4/5, 2/3.
        ([0.9, 0.7, 0.6, 0.2], [1, 0, 1, 0], 0.4),
        # F1 of the first 1, 2, 3: 2/3, 1/2, 4/5: all are claimed.
        ([0.9, 0.7, 0.6], [1, 0, 1], 0.0),
        # F1 2/3 for the first alone and for the first four: the highest threshold.
        ([0.9, 0.8, 0.7, 0.6, 0.5], [1, 0, 0, 1, 0], 0.85),
        # Between equal probabilities there is no threshold: F1 of the first 2 and 4 is 1/2 and 2/3.
        ([0.6, 0.6, 0.4, 0.4], [1, 0, 1, 0], 0.0),
        # Every video is of the class.
        ([0.4, 0.6], [1, 1], 0.0),
        # No video is of the class.
        ([0.4, 0.6], [0, 0], None),
    ],
)
def test_the_threshold_of_a_class_is_this(probs, is_class, expected):
    column = torch.tensor(probs)
    targets = 1 - torch.tensor(is_class)
    for order in (torch.arange(len(probs)), torch.arange(len(probs) - 1, -1, -1)):
        found, _ = fit_thresholds(torch.stack([column, 1 - column], 1)[order], one_hot(targets, 2)[order] > 0)
        assert found == (None if expected is None else pytest.approx(expected))


def test_the_threshold_has_the_largest_f1_of_all():
    torch.manual_seed(1)
    probs, targets = torch.randn(60, 3).softmax(1), torch.randint(3, (60,))
    for k, threshold in enumerate(fit_thresholds(probs, one_hot(targets, 3) > 0)):
        assert threshold is not None

        def f1(limit: float, k: int = k) -> float:
            claimed = probs[:, k].double() >= limit
            return float(2 * (claimed & (targets == k)).sum() / (claimed.sum() + (targets == k).sum()))

        assert f1(threshold) == max(f1(step / 1000) for step in range(1001))
