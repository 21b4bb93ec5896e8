"""Union-find and the dealing of units, with literal tables."""

from collections import Counter

import pytest

from videoseq.data.stratify import connected_units, deal_units, missing_classes


@pytest.mark.parametrize(
    ("keys", "units"),
    [
        ([], []),
        ([[], []], [[0], [1]]),
        ([["a"], ["a"]], [[0, 1]]),
        ([["a"], ["b"], ["a", "c"], ["c"]], [[0, 2, 3], [1]]),
        ([["a"], ["b"], ["c"], ["c", "b"], ["b", "a"]], [[0, 1, 2, 3, 4]]),
    ],
)
def test_connected_units(keys: list[list[str]], units: list[list[int]]) -> None:
    assert connected_units(keys) == units


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        # units of one class: (train, val, test) at 0.7, 0.15, 0.15
        (3, (1, 1, 1)),
        (4, (2, 1, 1)),
        (5, (3, 1, 1)),
        (7, (5, 1, 1)),
        (10, (7, 2, 1)),
        (12, (8, 2, 2)),
        (20, (14, 3, 3)),
        (100, (70, 15, 15)),
    ],
)
def test_units_of_one_record_get_their_shares(number: int, expected: tuple[int, int, int]) -> None:
    counts = Counter(deal_units([["a"]] * number, (0.7, 0.15, 0.15), seed=0))
    assert (counts[0], counts[1], counts[2]) == expected


def test_odd_units_even_out_over_the_classes() -> None:
    labels = [[f"class {index // 10}"] for index in range(1000)]  # 100 classes, 1.5 units each for val and for test
    counts = Counter(deal_units(labels, (0.7, 0.15, 0.15), seed=0))
    assert counts == {0: 700, 1: 150, 2: 150}


def test_large_units_go_where_they_fit() -> None:
    labels = [["a"] * 70, ["a"] * 15, ["a"] * 15]
    for seed in range(10):
        parts = deal_units(labels, (0.7, 0.15, 0.15), seed)
        assert parts[0] == 0
        assert sorted(parts) == [0, 1, 2]


def test_units_of_several_classes_still_reach_every_part() -> None:
    labels = [["a", "b"], ["a"], ["a"], ["b"], ["b", "c"], ["c"], ["c"]]
    for seed in range(20):
        parts = deal_units(labels, (0.7, 0.15, 0.15), seed)
        assert missing_classes(labels, parts, 3) == []


def test_missing_classes() -> None:
    labels = [["a", "b"], ["a"], ["b"]]
    assert missing_classes(labels, [0, 1, 1], 2) == []
    assert missing_classes(labels, [0, 1, 0], 2) == ["b"]
    assert missing_classes(labels, [0, 0, 0], 2) == ["a", "b"]


def test_the_impossible_is_dealt_and_reported_as_missing() -> None:
    labels = [["a", "b"], ["b", "c"], ["a", "c"]]  # an odd circle cannot be dealt to two parts
    assert missing_classes(labels, deal_units(labels, (0.5, 0.5), seed=0), 2) != []
