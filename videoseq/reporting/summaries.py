"""Figures of several runs in one table."""

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any


def summarise(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Returns mean, standard deviation (0 for one run), minimum and maximum of every number that all runs have.

    Args:
        runs: Nested figures; a nested figure's name joins its keys with `/`, such as `test/accuracy`.
    """
    flat = [_flatten(run) for run in runs]
    names = [name for name in flat[0] if all(name in run for run in flat)]
    return {
        name: {
            "mean": fmean(values),
            "std": stdev(values) if len(values) > 1 else 0.0,
            "min": min(values),
            "max": max(values),
        }
        for name in names
        if (values := [run[name] for run in flat])
    }


def _flatten(content: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    flat: dict[str, float] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{prefix}{key}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            flat[prefix + key] = float(value)
    return flat
