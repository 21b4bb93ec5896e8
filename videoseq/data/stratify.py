"""Dealing units of records into parts, each part with its share of every class; pure arithmetic."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np


def connected_units(keys: Sequence[Iterable[Hashable]]) -> list[list[int]]:
    """Joins items that share a key, directly or through others (union-find).

    Args:
        keys: The keys of each item.

    Returns:
        The units: lists of item numbers, each ascending, in the order of their first items.

    Examples:
        >>> connected_units([["a"], ["b"], ["a", "c"], ["c"]])
        [[0, 2, 3], [1]]
    """
    parent = list(range(len(keys)))

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    owner: dict[Hashable, int] = {}
    for item, own_keys in enumerate(keys):
        for key in own_keys:
            parent[find(item)] = find(owner.setdefault(key, item))
    units: dict[int, list[int]] = {}
    for item in range(len(keys)):
        units.setdefault(find(item), []).append(item)
    return sorted(units.values())


def deal_units(labels: Sequence[Sequence[str]], shares: Sequence[float], seed: int) -> list[int]:
    """Deals units to parts so that each part gets its share of every class.

    Greedy: the largest units first, equal ones in a seeded random order, each to the part that still lacks most of the
    unit's classes. Every part gets a unit of every class: once a class has no more units left than there are parts
    without it, its units go to those parts only. Units of several classes can make that impossible; then other random
    orders are tried, and the last one is returned.

    Args:
        labels: The labels of each unit's records.
        shares: The share of each part; their sum is 1.
        seed: Decides the order of equal units.

    Returns:
        The part of each unit.
    """
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng([seed, attempt])
        order = [int(index) for index in rng.permutation(len(labels))]
        if attempt < _ATTEMPTS // 2:
            order.sort(key=lambda unit: -len(labels[unit]))
        parts = _deal_once(labels, shares, order)
        if not missing_classes(labels, parts, len(shares)):
            break
    return parts


_ATTEMPTS = 40


def missing_classes(labels: Sequence[Sequence[str]], parts: Sequence[int], num_parts: int) -> list[str]:
    """Returns the classes, sorted, that at least one part holds no unit of."""
    present = {(label, part) for unit, part in zip(labels, parts, strict=True) for label in unit}
    names = {label for unit in labels for label in unit}
    return sorted(name for name in names if any((name, part) not in present for part in range(num_parts)))


def _deal_once(labels: Sequence[Sequence[str]], shares: Sequence[float], order: Sequence[int]) -> list[int]:
    counts = [Counter(unit) for unit in labels]
    totals = Counter(label for unit in labels for label in unit)
    units_left = Counter(label for count in counts for label in count)
    need = {label: [share * total for share in shares] for label, total in totals.items()}
    overall = [share * sum(totals.values()) for share in shares]
    lacking = {label: set(range(len(shares))) for label in totals}
    parts = [0] * len(labels)
    for unit in order:
        allowed = set(range(len(shares)))
        # The class with the fewest units left is heard first: another class's wish must not take its last chance.
        for label in sorted(counts[unit], key=lambda name: (units_left[name] - len(lacking[name]), name)):
            if units_left[label] <= len(lacking[label]) and allowed & lacking[label]:
                allowed &= lacking[label]

        def wish(part: int, count: Counter[str] = counts[unit]) -> tuple[float, float, int]:
            wanted = sum(number * need[label][part] / totals[label] for label, number in count.items())
            return round(wanted, 9), round(overall[part], 9), -part

        chosen = max(allowed, key=wish)
        parts[unit] = chosen
        overall[chosen] -= len(labels[unit])
        for label, number in counts[unit].items():
            need[label][chosen] -= number
            units_left[label] -= 1
            lacking[label].discard(chosen)
    return parts
