"""Average precision against values worked out by hand."""

import numpy as np
import pytest

from videoseq.reporting.average_precision import average_precision, mean_of_classes


def column(*values):
    return np.array(values, float)[:, None]


@pytest.mark.parametrize(
    ("probs", "targets", "expected"),
    [
        ((0.9, 0.8, 0.7, 0.6), (1, 0, 1, 0), (1 + 2 / 3) / 2),
        ((0.9, 0.8, 0.7, 0.6), (1, 1, 0, 0), 1.0),
        ((0.9, 0.8, 0.7, 0.6), (0, 0, 0, 1), 0.25),
        ((0.6, 0.7, 0.8, 0.9), (1, 0, 1, 0), (1 / 2 + 2 / 4) / 2),  # the order of the videos says nothing
        ((0.5, 0.5, 0.5, 0.5), (1, 0, 0, 0), 0.25),  # equals are claimed together, wherever the right one stands
        ((0.5, 0.5, 0.5, 0.5), (0, 0, 0, 1), 0.25),
        ((0.9, 0.5, 0.5, 0.1), (1, 1, 0, 1), (1 + 2 / 3 + 3 / 4) / 3),
    ],
)
def test_values_by_hand(probs, targets, expected):
    assert average_precision(column(*probs), column(*targets) > 0) == pytest.approx([expected])


def test_a_class_that_no_video_has_has_none_and_is_left_out_of_the_mean():
    probs = np.array([[0.9, 0.2, 0.4], [0.3, 0.1, 0.6]])
    targets = np.array([[1, 0, 1], [0, 0, 0]]) > 0
    found = average_precision(probs, targets)
    assert found[0] == 1
    assert np.isnan(found[1])
    assert found[2] == 0.5
    assert mean_of_classes(found) == 0.75
    assert np.isnan(mean_of_classes(np.array([np.nan])))


def test_a_weight_is_that_many_videos():
    rng = np.random.default_rng(0)
    probs, targets = rng.random((6, 3)).round(1), rng.random((6, 3)) > 0.4
    weights = rng.integers(0, 3, (5, 6))
    found = average_precision(probs, targets, weights.astype(float))
    assert found.shape == (5, 3)
    for row, counts in zip(found, weights, strict=True):
        repeated = average_precision(np.repeat(probs, counts, axis=0), np.repeat(targets, counts, axis=0))
        assert row == pytest.approx(repeated, nan_ok=True)
