"""Figures from sums, against values worked out by hand and those of a run."""

import numpy as np
import pytest
import torch

from videoseq.reporting.scores import (
    class_figures,
    class_sums,
    frame_figures,
    label_figures,
    label_sums,
    segment_figures,
    value_figures,
    value_sums,
)
from videoseq.training.metrics import evaluate_probs


def test_sums_of_classes_by_hand():
    # a as a, a as b, b as b
    probs = np.array([[0.8, 0.2], [0.2, 0.8], [0.2, 0.8]])
    sums = class_sums(np.array([0, 0, 1]), probs)
    right, wrong = -np.log(0.8), -np.log(0.2)
    assert sums == pytest.approx(
        np.array([[1, right, 1, 0, 1, 0, 1, 0], [1, wrong, 0, 0, 0, 1, 1, 0], [1, right, 0, 1, 0, 1, 0, 1]])
    )
    whole = class_figures(sums.sum(axis=0))
    assert whole["accuracy"] == pytest.approx(2 / 3)
    assert whole["f1_macro"] == pytest.approx(2 / 3)  # of a: 2/3, precision 1, recall 1/2; of b: the reverse
    assert whole["loss"] == pytest.approx((2 * right + wrong) / 3)


@pytest.mark.parametrize("num_classes", [2, 5])
def test_figures_of_classes_are_those_of_a_run(num_classes):
    rng = np.random.default_rng(num_classes)
    probs = rng.dirichlet(np.ones(num_classes), 40)
    probs[:, -1] = 0  # a class that is never predicted
    targets = rng.integers(0, num_classes - 1, 40)  # and never there
    found = class_figures(class_sums(targets, probs).sum(axis=0))
    expected = evaluate_probs(torch.from_numpy(probs), torch.from_numpy(targets))
    assert {name: float(value) for name, value in found.items()} == pytest.approx(
        {name: expected[name] for name in ("accuracy", "f1_macro", "loss")}, abs=1e-6
    )


def test_figures_of_labels_by_hand():
    targets = np.array([[1, 0, 0], [1, 1, 0]]) > 0
    claims = np.array([[1, 1, 0], [0, 1, 0]]) > 0
    probs = np.array([[0.9, 0.6, 0.1], [0.4, 0.7, 0.2]])
    found = label_figures(label_sums(targets, claims, probs).sum(axis=0))
    # a: 1 hit, 1 claim, 2 there: 2/3; b: 1 hit, 2 claims, 1 there: 2/3; c is neither and counts in no mean
    assert found["f1_macro"] == pytest.approx(2 / 3)
    assert found["f1_micro"] == pytest.approx(2 * 2 / (3 + 3))
    likelihoods = [0.9, 0.4, 0.9, 0.4, 0.7, 0.8]
    assert found["loss"] == pytest.approx(-np.log(likelihoods).mean())


def test_nothing_claimed_and_nothing_there_is_no_number_to_divide_by():
    found = label_figures(label_sums(np.zeros((2, 2), bool), np.zeros((2, 2), bool), np.full((2, 2), 0.1)).sum(axis=0))
    assert (found["f1_macro"], found["f1_micro"]) == (0, 0)


def test_figures_of_values_by_hand():
    found = value_figures(value_sums(np.array([1.0, 2, 3]), np.array([1.0, 3, 1])).sum(axis=0))
    assert found["mae"] == 1
    assert found["rmse"] == pytest.approx((5 / 3) ** 0.5)
    assert found["r2"] == pytest.approx(1 - 5 / 2)


def test_values_that_are_all_equal_have_no_r2():
    found = value_figures(value_sums(np.full(5, 0.1), np.full(5, 0.2)).sum(axis=0))
    assert np.isnan(found["r2"])
    assert found["mae"] == pytest.approx(0.1)


def test_segments_are_averaged_by_video_or_counted_together():
    # edit score; then true and false positives and false negatives at 10, 25 and 50 %
    videos = np.array([[1, 0.5, 2, 0, 0, 1, 1, 1, 0, 2, 2], [1, 1.0, 4, 0, 0, 4, 0, 0, 4, 0, 0]])
    found = segment_figures(videos.sum(axis=0))
    assert found["edit"] == 0.75
    assert found["f1_10"] == 1
    assert found["f1_25"] == pytest.approx(10 / 12)
    assert found["f1_50"] == pytest.approx(8 / 12)


def test_figures_of_frames_are_those_of_both():
    probs = np.array([[0.8, 0.2], [0.2, 0.8], [0.2, 0.8]])
    of_frames = class_sums(np.array([0, 0, 1]), probs).sum(axis=0)
    of_segments = np.array([1, 0.5, 1, 0, 0, 1, 0, 0, 1, 0, 0])
    found = frame_figures(np.concatenate([of_frames, of_segments]))
    assert list(found) == ["accuracy", "f1_macro", "edit", "f1_10", "f1_25", "f1_50", "loss"]
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert (found["edit"], found["f1_50"]) == (0.5, 1)
