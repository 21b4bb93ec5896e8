"""Figures and bootstrap intervals against hand-computed values, closed forms and simulated coverage."""

from math import comb

import numpy as np
import pytest

from videoseq.reporting.scores import class_figures, class_sums
from videoseq.reporting.statistics import (
    Interval,
    compare_sentence,
    evidence_of_sums,
    intervals,
    mean_and_std,
    paired_intervals,
)


def sums_of(groups, targets, preds, num_groups, prob=0.8):
    """Sums of two classes; the predicted class has the probability `prob`."""
    preds = np.array(preds)
    probs = np.where(np.arange(2) == preds[:, None], prob, 1 - prob)
    return of_classes(np.array(groups), np.array(targets), probs, num_groups)


def of_classes(groups, targets, probs, num_groups):
    return evidence_of_sums(groups, class_sums(targets, probs), num_groups, class_figures)


def of_hits(hits):
    """Sums of groups of one prediction each, right or wrong."""
    return sums_of(np.arange(len(hits)), np.zeros(len(hits), int), np.where(hits, 0, 1), len(hits))


def binomial_percentile(share: float, trials: int, percent: float) -> float:
    """The smallest k / n with P(X <= k) >= percent for X of Binomial(n, share)."""
    total = 0.0
    for k in range(trials + 1):
        total += comb(trials, k) * share**k * (1 - share) ** (trials - k)
        if total >= percent / 100:
            return k / trials
    return 1.0


def test_two_groups_one_right_one_wrong():
    # 1/4 of the draws are both wrong, 1/4 both right: the percentiles are 0 and 1.
    assert intervals(of_hits(np.array([True, False])))["accuracy"] == Interval(0.5, 0, 1)
    # 12.5 % and 87.5 % cut the outer quarters in half.
    assert intervals(of_hits(np.array([True, False])), level=0.25)["accuracy"] == Interval(0.5, 0.5, 0.5)


@pytest.mark.parametrize(("hits", "groups"), [(20, 40), (36, 40), (9, 10)])
def test_groups_of_one_video_follow_the_binomial_law(hits, groups):
    found = intervals(of_hits(np.arange(groups) < hits))["accuracy"]
    assert found.value == hits / groups
    # One step of the law: with 10 000 draws the percentile lies between two neighbouring values of k / n.
    assert found.low == pytest.approx(binomial_percentile(hits / groups, groups, 2.5), abs=1.01 / groups)
    assert found.high == pytest.approx(binomial_percentile(hits / groups, groups, 97.5), abs=1.01 / groups)


def test_whole_groups_are_drawn():
    """Ten equal videos in each group are no more evidence than one."""
    right = np.arange(20) % 4 > 0
    one = intervals(of_hits(right))["accuracy"]
    ten = sums_of(np.repeat(np.arange(20), 10), np.zeros(200, int), np.repeat(~right, 10).astype(int), 20)
    assert intervals(ten)["accuracy"] == one
    apart = sums_of(np.arange(200), np.zeros(200, int), np.repeat(~right, 10).astype(int), 200)
    narrow = intervals(apart)["accuracy"]
    assert narrow.value == one.value
    assert narrow.high - narrow.low < 0.4 * (one.high - one.low)  # about 1 / sqrt(10)


def test_all_right_leaves_no_doubt_about_these_groups():
    assert intervals(of_hits(np.ones(12, bool)))["accuracy"] == Interval(1, 1, 1)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        ability = rng.beta(8, 2, 40)  # each group's own share of right videos; 0.8 in the mean
        hits = rng.binomial(5, ability)
        wrong = (np.arange(5) >= hits[:, None]).astype(int).ravel()
        found = intervals(sums_of(np.repeat(np.arange(40), 5), np.zeros(200, int), wrong, 40))["accuracy"]
        covered += found.low <= 0.8 <= found.high
    assert 0.88 <= covered / 200 <= 0.99


def test_the_seed_decides():
    probs = np.random.default_rng(1).dirichlet(np.ones(2), 15)
    sums = of_classes(np.arange(15), np.zeros(15, int), probs, 15)
    assert intervals(sums) == intervals(sums)
    assert intervals(sums)["loss"].value == intervals(sums, seed=1)["loss"].value
    assert intervals(sums)["loss"].low != intervals(sums, seed=1)["loss"].low


@pytest.mark.parametrize("groups", [[0, 0, 0], [2, 2, 2]])
def test_one_group_gives_no_interval(groups):
    sums = sums_of(groups, [0, 0, 1], [0, 1, 1], 3)
    assert intervals(sums) is None
    assert paired_intervals(sums, sums) is None


def test_a_paired_difference_by_hand():
    # Of 4 groups the second is right on two more, wrong on one: differences 1, 1, -1, 0.
    first, second = of_hits(np.array([0, 0, 1, 1], bool)), of_hits(np.array([1, 1, 0, 1], bool))
    found = paired_intervals(first, second)["accuracy"]
    assert found.value == 0.25
    # Sums of 4 draws from (1, 1, -1, 0): P(-4) = 1/256, P(<= -3) = 5/256 = 2.0 %, P(<= -2) = 19/256 = 7.4 %; P(4) = 6.3 %.
    assert (found.low, found.high) == (-0.5, 1)
    assert not found.excludes_zero
    reverse = paired_intervals(second, first)["accuracy"]
    assert (reverse.value, reverse.low, reverse.high) == (-0.25, -1, 0.5)


def test_pairing_removes_what_both_share():
    rng = np.random.default_rng(3)
    first = rng.random(200) < 0.6
    second = first.copy()
    second[np.flatnonzero(~first)[:10]] = True  # right wherever the first is, and ten times more
    paired = paired_intervals(of_hits(first), of_hits(second))["accuracy"]
    alone = intervals(of_hits(second))["accuracy"]
    assert paired.value == pytest.approx(0.05)
    assert paired.excludes_zero
    assert paired.high - paired.low < 0.6 * (alone.high - alone.low)


def test_a_group_that_one_side_lacks_is_left_out_of_the_pair():
    first, second = of_hits(np.array([0, 0, 1, 1, 1], bool)), of_hits(np.array([1, 1, 0, 1, 0], bool))
    rows = class_sums(np.zeros(4, int), np.array([[0.2, 0.8]] * 2 + [[0.8, 0.2]] * 2))
    lacking = evidence_of_sums(np.arange(4), rows, 5, class_figures)
    four = of_hits(np.array([0, 0, 1, 1], bool)), of_hits(np.array([1, 1, 0, 1], bool))
    found = paired_intervals(lacking, second)["accuracy"]
    assert found == paired_intervals(*four)["accuracy"] != paired_intervals(first, second)["accuracy"]


@pytest.mark.parametrize(
    ("interval", "groups", "level", "sentence"),
    [
        (
            Interval(0.031, 0.004, 0.059), 40, 0.95,
            "B is 3.1 points better than A (95 % interval 0.4 to 5.9 over 40 groups): the difference is real",
        ),
        (
            Interval(-0.031, -0.059, -0.004), 40, 0.99,
            "B is 3.1 points worse than A (99 % interval 0.4 to 5.9 over 40 groups): the difference is real",
        ),
        (
            Interval(0.012, -0.008, 0.031), 40, 0.95,
            "B is 1.2 points better than A (95 % interval -0.8 to 3.1 over 40 groups), but the interval contains 0: on this "
            "data they cannot be told apart",
        ),
        (
            Interval(0.0, 0.0, 0.0), 40, 0.975,
            "B is 0.0 points better than A (97.5 % interval 0.0 to 0.0 over 40 groups), but the interval contains 0: on this "
            "data they cannot be told apart",
        ),
        (
            Interval(0.5, 0.25, 0.75), 4, 0.95,
            "B is 50.0 points better than A (95 % interval 25.0 to 75.0 over 4 groups), but fewer than 10 groups are too few "
            "to call the difference real",
        ),
        (None, 1, 0.95, "B and A were measured on one group: whether a difference is real cannot be said"),
    ],
)  # fmt: skip
def test_the_sentence_says_whether_a_difference_is_real(interval, groups, level, sentence):
    assert compare_sentence("A", "B", "accuracy", interval, groups, level, higher_is_better=True) == sentence


@pytest.mark.parametrize("interval", [Interval(np.nan, np.nan, np.nan), Interval(0.5, np.nan, np.nan)])
def test_what_has_no_figure_cannot_be_compared(interval):
    sentence = compare_sentence("A", "B", "map", interval, 12, 0.95, higher_is_better=True)
    assert sentence == "B and A have no map to compare: whether a difference is real cannot be said"


def test_mean_and_standard_deviation():
    mean, std = mean_and_std([{"accuracy": 0.5, "loss": 1.0}, {"accuracy": 0.7, "loss": 1.0}])
    assert mean == pytest.approx({"accuracy": 0.6, "loss": 1.0})
    assert std == pytest.approx({"accuracy": 0.02**0.5, "loss": 0.0})
    assert mean_and_std([{"accuracy": 0.5}]) == ({"accuracy": 0.5}, {"accuracy": 0.0})
