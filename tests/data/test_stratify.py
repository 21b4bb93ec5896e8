"""Union-find and the dealing of units, with literal tables."""

from collections import Counter

import numpy as np
import pytest

from videoseq.data.columns import Words
from videoseq.data.stratify import Units, connected_units, deal_units, missing_classes


def units_of(labels: list[list[str]]) -> Units:
    """Returns units by the labels of their records."""
    of_record = np.repeat(np.arange(len(labels)), [len(unit) for unit in labels])
    return Units(of_record, Words.of(label for unit in labels for label in unit).codes)


@pytest.mark.parametrize(
    ("keys", "units"),
    [
        ([""], []),
        (["  "], [0, 1]),
        (["aa"], [0, 0]),
        (["aba ", "  cc"], [0, 1, 0, 0]),
        (["a a a", " b b "], [0, 1, 0, 1, 0]),
        (["a a a", " b  b", "  cc "], [0, 0, 0, 0, 0]),
        (["aabbccddee", " bbccddeea"], [0] * 10),
        (["aabbccddee", " bb  ddee "], [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]),
        (["abcdefgh", "hgfedcba"], [0, 1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_connected_units(keys: list[str], units: list[int]) -> None:
    """A string for each kind of key, a letter for each record, a blank where it has none."""
    codes = [np.array([-1 if letter == " " else ord(letter) - ord("a") for letter in kind], np.int64) for kind in keys]
    assert connected_units(codes, len(keys[0])).tolist() == units


def test_a_long_chain_in_any_order_is_one_unit() -> None:
    num_records = 100_000
    place = np.random.default_rng(0).permutation(num_records)  # of each record in the chain
    assert connected_units([place // 2, (place + 1) // 2], num_records).max() == 0
    broken = np.where(place == num_records // 2, -1, place // 2)
    assert connected_units([broken, (place + 1) // 2], num_records).max() == 1


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
    counts = Counter(deal_units(units_of([["a"]] * number), (0.7, 0.15, 0.15), seed=0).tolist())
    assert (counts[0], counts[1], counts[2]) == expected


def test_odd_units_even_out_over_the_classes() -> None:
    labels = [[f"class {index // 10}"] for index in range(1000)]  # 100 classes, 1.5 units each for val and for test
    counts = Counter(deal_units(units_of(labels), (0.7, 0.15, 0.15), seed=0).tolist())
    assert counts == {0: 700, 1: 150, 2: 150}


def test_large_units_go_where_they_fit() -> None:
    labels = [["a"] * 70, ["a"] * 15, ["a"] * 15]
    for seed in range(10):
        parts = deal_units(units_of(labels), (0.7, 0.15, 0.15), seed)
        assert parts[0] == 0
        assert sorted(parts) == [0, 1, 2]


def test_units_of_several_classes_still_reach_every_part() -> None:
    labels = [["a", "b"], ["a"], ["a"], ["b"], ["b", "c"], ["c"], ["c"]]
    for seed in range(20):
        parts = deal_units(units_of(labels), (0.7, 0.15, 0.15), seed)
        assert len(missing_classes(units_of(labels), parts, 3)) == 0


@pytest.mark.parametrize(("parts", "num_parts", "missing"), [([0, 1, 1], 2, []), ([0, 1, 0], 2, [1]), ([0, 0, 0], 2, [0, 1])])
def test_missing_classes(parts: list[int], num_parts: int, missing: list[int]) -> None:
    units = units_of([["a", "b"], ["a"], ["b"]])
    assert missing_classes(units, np.array(parts), num_parts).tolist() == missing


def test_the_impossible_is_dealt_and_reported_as_missing() -> None:
    units = units_of([["a", "b"], ["b", "c"], ["a", "c"]])  # an odd circle cannot be dealt to two parts
    assert len(missing_classes(units, deal_units(units, (0.5, 0.5), seed=0), 2))
