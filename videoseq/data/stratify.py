"""Dealing units of records into parts, each part with its share of every class; pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer]
"""A number for each of N records, (N,); -1 where there is none."""


def connected_units(keys: Sequence[Codes], num_records: int) -> NDArray[np.int64]:
    """Joins records that share a key, directly or through others.

    Every record has the number of a head, at first its own. Heads take the least head with which a record of theirs shares
    a key, and all records the head of their head, until no head changes any more:

        files     - - 0 0      groups  0 1 0 -
        numbers   0 1 2 3  ->  0 1 0 2  ->  0 1 0 0

    The heads learn it, not only the records, so that a chain of them, whatever its order, is joined in a few rounds.

    Args:
        keys: The keys of the records, those of one kind in each.
        num_records: N.

    Returns:
        The unit of each record, (N,) int64, numbered in the order of their first records.
    """
    numbers = np.arange(num_records)
    before = None
    while before is None or (numbers != before).any():
        before = numbers
        numbers = before.copy()
        for codes in keys:
            has_key = codes >= 0
            least = np.full(int(codes.max(initial=-1)) + 1, num_records)
            np.minimum.at(least, codes[has_key], numbers[has_key])
            np.minimum.at(numbers, before[has_key], least[codes[has_key]])
        while (numbers != numbers[numbers]).any():
            numbers = numbers[numbers]
    return np.unique(numbers, return_inverse=True)[1]


@dataclass(frozen=True)
class Units:
    """Records that stay together.

    Attributes:
        of_record: The unit of each record, (N,) int64, numbered in the order of their first records.
        classes: The class of each record, (N,); the order of the numbers is that of the names.
    """

    of_record: NDArray[np.int64]
    classes: Codes

    def __len__(self) -> int:
        return int(self.of_record.max(initial=-1)) + 1

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Records of each unit."""
        return np.bincount(self.of_record)

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Every unit with every class that it holds, by the first record of each pair in a unit: unit, class, records."""
        key = self.of_record * (int(self.classes.max(initial=-1)) + 1) + self.classes
        _, first, counts = np.unique(key, return_index=True, return_counts=True)
        order = np.lexsort((first, self.of_record[first]))
        return self.of_record[first][order], self.classes[first][order].astype(np.int64), counts[order]

    def per_class(self) -> NDArray[np.int64]:
        """Returns how many units hold each class."""
        return np.bincount(self.pairs[1], minlength=int(self.classes.max(initial=-1)) + 1)

    def some(self, chosen: NDArray[np.bool_]) -> "Units":
        """Returns the units of some records, numbered anew.

        Args:
            chosen: Which records, (N,) bool; none of them shares a unit with one that is not chosen.
        """
        return Units(np.unique(self.of_record[chosen], return_inverse=True)[1], self.classes[chosen])


def deal_units(units: Units, shares: Sequence[float], seed: int) -> NDArray[np.int64]:
    """Deals units to parts so that each part gets its share of every class.

    Greedy: the largest units first, equal ones in a seeded random order, each to the part that still lacks most of the
    unit's classes. Every part gets a unit of every class: once a class has no more units left than there are parts
    without it, its units go to those parts only. Units of several classes can make that impossible; then other random
    orders are tried, and the last one is returned.

    Args:
        units: The units.
        shares: The share of each part; their sum is 1.
        seed: Decides the order of equal units.

    Returns:
        The part of each unit, (number of units,) int64.
    """
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng([seed, attempt])
        order = rng.permutation(len(units))
        if attempt < _ATTEMPTS // 2:
            order = order[np.argsort(-units.sizes[order], kind="stable")]
        parts = np.array(_deal_once(units, shares, order.tolist()), np.int64)
        if not len(missing_classes(units, parts, len(shares))):
            break
    return parts


_ATTEMPTS = 40


def missing_classes(units: Units, parts: NDArray[np.int64], num_parts: int) -> NDArray[np.int64]:
    """Returns the classes, ascending, that at least one part holds no unit of.

    Args:
        units: The units.
        parts: The part of each unit.
        num_parts: How many parts there are.
    """
    unit, target, _ = units.pairs
    held = np.zeros((int(target.max(initial=-1)) + 1, num_parts), bool)
    held[target, parts[unit]] = True
    return np.intersect1d(np.flatnonzero(~held.all(1)), target)


def _deal_once(units: Units, shares: Sequence[float], order: Sequence[int]) -> list[int]:
    # Lists, for a single number of an array costs more than all that is done with it.
    unit, target, number = units.pairs
    starts = np.searchsorted(unit, np.arange(len(units) + 1)).tolist()
    classes, numbers, sizes = target.tolist(), number.tolist(), units.sizes.tolist()
    totals = np.bincount(units.classes).tolist()
    units_left = units.per_class().tolist()
    everywhere = set(range(len(shares)))
    need = [[share * total for share in shares] for total in totals]
    overall = [share * len(units.classes) for share in shares]
    lacking = [set(everywhere) for _ in totals]
    parts = [0] * len(units)
    for one in order:
        mine = range(starts[one], starts[one + 1])
        allowed = everywhere
        # The class with the fewest units left is heard first: another class's wish must not take its last chance.
        heard = [classes[place] for place in mine if units_left[classes[place]] <= len(lacking[classes[place]])]
        for name in sorted(heard, key=lambda name: (units_left[name] - len(lacking[name]), name)):
            if allowed & lacking[name]:
                allowed = allowed & lacking[name]
        wanted = {
            part: round(sum(numbers[place] * need[classes[place]][part] / totals[classes[place]] for place in mine), 9)
            for part in allowed
        }
        most = max(wanted.values())
        equal = [part for part in allowed if wanted[part] == most]
        chosen = max(equal, key=lambda part: (round(overall[part], 9), -part)) if len(equal) > 1 else equal[0]
        parts[one] = chosen
        overall[chosen] -= sizes[one]
        for place in mine:
            name = classes[place]
            need[name][chosen] -= numbers[place]
            units_left[name] -= 1
            lacking[name].discard(chosen)
    return parts
