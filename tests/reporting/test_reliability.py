"""The bins of a reliability diagram and the expected calibration error, made by hand."""

import math

import pytest
import torch

from videoseq.reporting.reliability import NUM_BINS, Reliability, reliability


def confident(*confidences: float) -> torch.Tensor:
    """Probabilities of two classes, the first predicted with these confidences."""
    first = torch.tensor(confidences)
    return torch.stack([first, 1 - first], 1)


def test_the_error_is_the_weighted_gap_of_the_bins():
    # Bins of 1/15: 0.95 and 0.97 in (0.933, 1], 0.70, 0.71 and 0.72 in (0.667, 0.733].
    bins = reliability(confident(0.95, 0.97, 0.70, 0.71, 0.72), torch.tensor([0, 1, 0, 0, 1]))
    assert bins.counts.tolist() == [0] * 10 + [3] + [0] * 3 + [2]
    assert bins.accuracy.tolist() == pytest.approx([0] * 10 + [2 / 3] + [0] * 3 + [1 / 2])
    assert float(bins.ece) == pytest.approx(3 / 5 * abs(2 / 3 - 0.71) + 2 / 5 * abs(1 / 2 - 0.96))


@pytest.mark.parametrize(
    ("confidence", "place"),
    [(9 / 15, 8), (9 / 15 + 1e-4, 9), (12 / 15, 11), (14 / 15, 13), (1.0, 14)],
)
def test_a_bin_holds_its_upper_border_and_not_its_lower_one(confidence, place):
    bins = reliability(confident(confidence), torch.tensor([0]))
    assert int(bins.counts.argmax()) == place
    assert int(bins.counts.sum()) == 1


def test_who_is_right_as_often_as_he_is_sure_has_no_error():
    probs = confident(*[0.75] * 4, *[1.0] * 3)
    assert float(reliability(probs, torch.tensor([0, 0, 1, 0, 0, 0, 0])).ece) == pytest.approx(0)
    assert float(reliability(confident(1.0, 1.0), torch.tensor([1, 1])).ece) == pytest.approx(1)


def test_the_class_that_is_predicted_gives_the_confidence_whichever_it_is():
    probs = torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
    assert float(reliability(probs, torch.tensor([2, 1])).ece) == pytest.approx((0.3 + 0.5) / 2)


def test_the_bins_of_batches_add_up():
    torch.manual_seed(0)
    probs, targets = torch.randn(50, 4).softmax(1), torch.randint(4, (50,))
    whole = reliability(probs, targets)
    parts = [reliability(probs[part], targets[part]).sums for part in (slice(0, 11), slice(11, 50))]
    torch.testing.assert_close(parts[0] + parts[1], whole.sums)
    assert whole.sums.shape == (NUM_BINS, 3)


def test_probabilities_that_are_no_numbers_have_no_error_and_no_video_neither():
    assert math.isnan(reliability(torch.full((2, 2), math.nan), torch.tensor([0, 1])).ece)
    assert math.isnan(Reliability(torch.zeros(NUM_BINS, 3)).ece)
