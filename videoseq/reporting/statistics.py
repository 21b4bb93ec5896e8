"""How sure figures are: a bootstrap over groups of videos, for one model and for the difference of two; plain numpy.

Videos of one group (a recording, a person) resemble each other, so they are no independent evidence. The groups are: whole
groups are drawn with replacement, as many as there are, and the figures are computed anew, many times; the percentiles of
what comes out are the interval (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapters 8 and 13). It says
how far the figures of the same models would move on other groups.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEW_GROUPS = 10
"""Below so many groups a bootstrap interval is too narrow to be believed."""

_RESAMPLES = 10_000
_CHUNK = 4_000_000


@dataclass(frozen=True)
class Interval:
    """Where a figure lies.

    Attributes:
        value: The figure.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Evidence:
    """Predictions, and the figures that they come to.

    Attributes:
        counts: Predictions of each of G groups, (G,).
        figures: From how often every group counts, (R, G), to the figures by name, (R,) each.
    """

    counts: NDArray[np.int64]
    figures: Callable[[Floats], dict[str, Floats]]

    def together(self) -> dict[str, float]:
        """Returns the figures of all predictions, each counted once."""
        return {name: float(value[0]) for name, value in self.figures(np.ones((1, len(self.counts)))).items()}


def evidence_of_sums(
    groups: NDArray[np.int64], rows: Floats, num_groups: int, figures: Callable[[Floats], dict[str, Floats]]
) -> Evidence:
    """Returns the evidence of predictions whose figures follow from sums.

    Args:
        groups: (N,) group of every prediction, in [0, num_groups).
        rows: (N, S), what each prediction adds.
        num_groups: G.
        figures: From sums (R, S) to the figures.
    """
    sums = np.zeros((num_groups, rows.shape[1]))
    np.add.at(sums, groups, rows)  # (N, S) -> (G, S)
    return Evidence(np.bincount(groups, minlength=num_groups), lambda weights: figures(weights @ sums))


def intervals(evidence: Evidence, *, seed: int = 0, level: float = 0.95) -> dict[str, Interval] | None:
    """Returns the figures of all groups with their bootstrap intervals; None where there are fewer than two groups.

    Args:
        evidence: The predictions; groups without any are left out.
        seed: Decides which groups are drawn.
        level: Share of the resampled figures that lies inside, in (0, 1).
    """
    return _intervals(evidence.counts > 0, evidence.figures, seed, level)


def paired_intervals(first: Evidence, second: Evidence, *, seed: int = 0, level: float = 0.95) -> dict[str, Interval] | None:
    """Returns the figures of `second` minus those of `first` with intervals, both on the same drawn groups each time.

    Args:
        first: Predictions.
        second: Others, of the same groups in the same order; a group that either lacks is left out.
        seed: Decides which groups are drawn.
        level: Share of the resampled differences that lies inside, in (0, 1).

    Returns:
        The differences; None where there are fewer than two groups.
    """

    def difference(weights: Floats) -> dict[str, Floats]:
        before, after = first.figures(weights), second.figures(weights)
        return {name: after[name] - before[name] for name in before}

    return _intervals((first.counts > 0) & (second.counts > 0), difference, seed, level)


def compare_sentence(
    first: str, second: str, name: str, difference: Interval | None, num_groups: int, level: float, *, higher_is_better: bool
) -> str:
    """Returns in plain words whether one model is better than another.

    Args:
        first: Name of the model that the other is compared with.
        second: Name of the other.
        name: The figure that they are compared by; accuracies are told in points, hundredths of all videos.
        difference: That of the other minus that of the first; None where no interval can be had, NaN where one has no figure.
        num_groups: Groups that were drawn from.
        level: Level of the interval.
        higher_is_better: Whether a larger figure is the better one.
    """
    if difference is None:
        return f"{second} and {first} were measured on one group: whether a difference is real cannot be said"
    if np.isnan([difference.value, difference.low, difference.high]).any():
        return f"{second} and {first} have no {name} to compare: whether a difference is real cannot be said"
    better = (difference.value >= 0) == higher_is_better
    low, high = (difference.low, difference.high) if difference.value >= 0 else (-difference.high, -difference.low)
    if name == "accuracy":
        size, ends = f"{100 * abs(difference.value):.1f} points", f"{100 * low:.1f} to {100 * high:.1f}"
    else:
        size, ends = f"{abs(difference.value):.4g} in {name}", f"{low:.4g} to {high:.4g}"
    said = (
        f"{second} is {size} {'better' if better else 'worse'} than {first} "
        f"({100 * level:.3g} % interval {ends} over {num_groups} groups)"
    )
    if not difference.excludes_zero:
        return f"{said}, but the interval contains 0: on this data they cannot be told apart"
    if num_groups < FEW_GROUPS:
        return f"{said}, but fewer than {FEW_GROUPS} groups are too few to call the difference real"
    return f"{said}: the difference is real"


def mean_and_std(rows: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Returns mean and standard deviation (of a sample; 0 for one row) of every figure that all rows have."""
    names = [name for name in rows[0] if all(name in row for row in rows)]
    table = np.array([[row[name] for name in names] for row in rows])  # (rows, figures)
    stds = table.std(axis=0, ddof=1) if len(rows) > 1 else np.zeros(table.shape[1])
    return dict(zip(names, table.mean(axis=0).tolist(), strict=True)), dict(zip(names, stds.tolist(), strict=True))


def _intervals(
    counts: NDArray[np.bool_], figures: Callable[[Floats], dict[str, Floats]], seed: int, level: float
) -> dict[str, Interval] | None:
    """Returns figures with their intervals over the groups that count, (G,)."""
    if counts.sum() < 2:
        return None
    parts = [figures(weights) for weights in _drawn(counts, seed)]
    drawn = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}  # (R,) each
    values = figures(counts[None].astype(float))
    return {name: Interval(float(value[0]), *_ends(drawn[name], level)) for name, value in values.items()}


def _ends(drawn: Floats, level: float) -> tuple[float, float]:
    """Returns the ends of the interval; draws for which there is no figure are left out."""
    known = drawn[~np.isnan(drawn)]
    low, high = np.percentile(known, (50 * (1 - level), 50 * (1 + level))) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def _drawn(counts: NDArray[np.bool_], seed: int) -> Iterator[Floats]:
    """Yields how often each group is drawn, (r, G), as many as there are that count, with replacement: R rows in all."""
    rng = np.random.default_rng(seed)
    which = np.flatnonzero(counts)
    num_groups = len(which)
    at_once = max(1, _CHUNK // num_groups)
    for start in range(0, _RESAMPLES, at_once):
        count = min(at_once, _RESAMPLES - start)
        drawn = rng.integers(num_groups, size=(count, num_groups)) + num_groups * np.arange(count)[:, None]
        weights = np.zeros((count, len(counts)))
        weights[:, which] = np.bincount(drawn.ravel(), minlength=count * num_groups).reshape(count, num_groups)
        yield weights
