"""How sure figures are: a bootstrap over groups of videos, for one model and for the difference of two; plain numpy.

Videos of one group (a recording, a person) resemble each other, so they are no independent evidence. The groups are: whole
groups are drawn with replacement, as many as there are, and the figures are computed anew, many times; the percentiles of
what comes out are the interval (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapters 8 and 13). It says
how far the figures of the same models would move on other groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEW_GROUPS = 10
"""Below so many groups a bootstrap interval is too narrow to be believed."""

_RESAMPLES = 10_000
_SMALLEST_PROB = 1e-12
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


def group_sums(groups: NDArray[np.int64], targets: NDArray[np.int64], probs: Floats, num_groups: int) -> Floats:
    """Returns what the figures of any set of groups are computed from.

    Args:
        groups: (N,) group of every prediction, in [0, num_groups).
        targets: (N,) class ids.
        probs: (N, K).
        num_groups: G.

    Returns:
        (G, 2 + 3 K): predictions, summed negative log-likelihood, and for every class its hits, predictions and targets.
    """
    classes = np.arange(probs.shape[1])
    is_target, is_pred = (ids[:, None] == classes for ids in (targets, probs.argmax(axis=1)))  # (N, K) each
    loss = -np.log(np.maximum(probs[is_target], _SMALLEST_PROB))  # (N,)
    rows = [np.ones_like(loss)[:, None], loss[:, None], is_target & is_pred, is_pred, is_target]
    sums = np.zeros((num_groups, 2 + 3 * len(classes)))
    np.add.at(sums, groups, np.concatenate(rows, axis=1))  # (N, 2 + 3 K) -> (G, 2 + 3 K)
    return sums


def figures(sums: Floats) -> dict[str, Floats]:
    """Returns `accuracy`, `f1_macro` (of the classes that are a target or a prediction) and `loss`, each (...,).

    Args:
        sums: (..., 2 + 3 K), rows of `group_sums` or sums of them.
    """
    rows, loss, rest = sums[..., 0], sums[..., 1], sums[..., 2:]
    hits, predicted, present = np.split(rest, 3, axis=-1)  # (..., K) each
    seen = predicted + present
    f1 = 2 * hits / np.maximum(seen, 1)  # 0 where a class is neither a target nor a prediction
    return {
        "accuracy": hits.sum(axis=-1) / rows,
        "f1_macro": f1.sum(axis=-1) / (seen > 0).sum(axis=-1),
        "loss": loss / rows,
    }


def intervals(sums: Floats, *, seed: int = 0, level: float = 0.95) -> dict[str, Interval] | None:
    """Returns the figures of all groups with their bootstrap intervals; None where there are fewer than two groups.

    Args:
        sums: (G, 2 + 3 K) of `group_sums`; groups without a prediction are left out.
        seed: Decides which groups are drawn.
        level: Share of the resampled figures that lies inside, in (0, 1).
    """
    sums = sums[sums[:, 0] > 0]
    if len(sums) < 2:
        return None
    return _intervals(figures(sums.sum(axis=0)), figures(_resample(sums, seed)), level)


def paired_intervals(first: Floats, second: Floats, *, seed: int = 0, level: float = 0.95) -> dict[str, Interval] | None:
    """Returns the figures of `second` minus those of `first` with intervals, both on the same drawn groups each time.

    Args:
        first: (G, 2 + 3 K) of `group_sums`.
        second: (G, 2 + 3 K), the same groups in the same order; a group that either lacks is left out.
        seed: Decides which groups are drawn.
        level: Share of the resampled differences that lies inside, in (0, 1).

    Returns:
        The differences; None where there are fewer than two groups.
    """
    both = (first[:, 0] > 0) & (second[:, 0] > 0)
    if both.sum() < 2:
        return None
    pair = np.concatenate([first[both], second[both]], axis=1)  # (G, 2 (2 + 3 K))
    return _intervals(_difference(pair.sum(axis=0)), _difference(_resample(pair, seed)), level)


def compare_sentence(first: str, second: str, accuracy: Interval | None, num_groups: int, level: float) -> str:
    """Returns in plain words whether one model is better than another.

    Args:
        first: Name of the model that the other is compared with.
        second: Name of the other.
        accuracy: Its accuracy minus that of the first; None where no interval can be had.
        num_groups: Groups that were drawn from.
        level: Level of the interval.
    """
    if accuracy is None:
        return f"{second} and {first} were measured on one group: whether a difference is real cannot be said"
    better = accuracy.value >= 0
    low, high = (accuracy.low, accuracy.high) if better else (-accuracy.high, -accuracy.low)
    said = (
        f"{second} is {100 * abs(accuracy.value):.1f} points {'better' if better else 'worse'} than {first} "
        f"({100 * level:.3g} % interval {100 * low:.1f} to {100 * high:.1f} over {num_groups} groups)"
    )
    if not accuracy.excludes_zero:
        return f"{said}, but the interval contains 0: on this data they cannot be told apart"
    if num_groups < FEW_GROUPS:
        return f"{said}, but fewer than {FEW_GROUPS} groups are too few to call the difference real"
    return f"{said}: the difference is real"


def mean_and_std(rows: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Returns mean and standard deviation (of a sample; 0 for one row) of every figure."""
    table = np.array([[row[name] for name in rows[0]] for row in rows])  # (rows, figures)
    stds = table.std(axis=0, ddof=1) if len(rows) > 1 else np.zeros(table.shape[1])
    return dict(zip(rows[0], table.mean(axis=0).tolist(), strict=True)), dict(zip(rows[0], stds.tolist(), strict=True))


def _difference(pair: Floats) -> dict[str, Floats]:
    first, second = (figures(half) for half in np.split(pair, 2, axis=-1))
    return {name: second[name] - first[name] for name in first}


def _resample(sums: Floats, seed: int) -> Floats:
    """Returns the sums of as many groups as there are, drawn with replacement: (G, C) -> (R, C)."""
    rng = np.random.default_rng(seed)
    num_groups = len(sums)
    at_once = max(1, _CHUNK // num_groups)
    chunks = []
    for start in range(0, _RESAMPLES, at_once):
        count = min(at_once, _RESAMPLES - start)
        drawn = rng.integers(num_groups, size=(count, num_groups)) + num_groups * np.arange(count)[:, None]
        times = np.bincount(drawn.ravel(), minlength=count * num_groups).reshape(count, num_groups)
        chunks.append(times @ sums)
    return np.concatenate(chunks)


def _intervals(values: Mapping[str, Floats], resampled: Mapping[str, Floats], level: float) -> dict[str, Interval]:
    ends = (50 * (1 - level), 50 * (1 + level))
    return {
        name: Interval(float(values[name]), *(float(end) for end in np.percentile(resampled[name], ends))) for name in values
    }
