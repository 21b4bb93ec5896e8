"""Average precision against values worked out by hand."""

import tracemalloc

import numpy as np
import pytest

from videoseq.reporting.average_precision import Rankings, average_precision, mean_of_classes


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
    found = Rankings(probs, targets, np.arange(6)).average_precision(weights.astype(float))
    assert found.shape == (5, 3)
    for row, counts in zip(found, weights, strict=True):
        repeated = average_precision(np.repeat(probs, counts, axis=0), np.repeat(targets, counts, axis=0))
        assert row == pytest.approx(repeated, nan_ok=True)


def test_the_memory_does_not_grow_with_the_number_of_draws():
    rng = np.random.default_rng(0)
    probs, targets, groups = rng.random((20_000, 2)), rng.random((20_000, 2)) > 0.9, rng.integers(0, 4, 20_000)
    rankings, weights = Rankings(probs, targets, groups), rng.integers(0, 3, (400, 4)).astype(float)
    tracemalloc.start()
    try:
        found = rankings.average_precision(weights)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60e6  # one weight for each video and draw alone: 64 MB
    assert found[[0, 399]] == pytest.approx(np.concatenate([rankings.average_precision(weights[[row]]) for row in (0, 399)]))
