"""Average precision: how well the probabilities of a class put the videos that have it before the others."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


_CHUNK = 1_000_000
"""So many weights of videos are looked at together, of one class: memory does not grow with the number of draws."""


def average_precision(probs: Floats, targets: NDArray[np.bool_]) -> Floats:
    """Returns the average precision of every class, (K,), NaN where no video has it; see `Rankings.average_precision`.

    Args:
        probs: (N, K).
        targets: (N, K), which videos have which class.
    """
    found: Floats = Rankings(probs, targets, np.zeros(len(probs), np.int64)).average_precision(np.ones((1, 1)))[0]
    return found


class Rankings:
    """The videos in the order of their probability of each class, sorted once for any number of draws.

    Args:
        probs: (N, K).
        targets: (N, K), which videos have which class.
        groups: (N,) group of each video, in [0, G).
    """

    def __init__(self, probs: Floats, targets: NDArray[np.bool_], groups: NDArray[np.int64]) -> None:
        self._classes = [_Ranking.of(*column, groups) for column in zip(probs.T, targets.T, strict=True)]

    def average_precision(self, weights: Floats) -> Floats:
        """Returns the average precision of every class, (R, K), NaN where no video that counts has it.

        The sum over thresholds n of (R_n - R_{n-1}) P_n, of precision P and recall R where every video whose probability is at
        least the n-th largest is claimed; no interpolation (Zhu 2004, "Recall, precision and average precision"). The order of
        videos of equal probability does not matter: they are claimed together.

        Args:
            weights: (R, G), how often the videos of each group count, R times.
        """
        found = np.zeros((len(weights), len(self._classes)))
        for column, ranking in enumerate(self._classes):
            at_once = max(1, _CHUNK // max(1, len(ranking.groups)))
            for start in range(0, len(weights), at_once):
                found[start : start + at_once, column] = ranking.average_precision(weights[start : start + at_once])
        return found


def mean_of_classes(precisions: Floats) -> Floats:
    """Returns the mean over the classes (..., K) that have a number, (...,); NaN where none has."""
    known = ~np.isnan(precisions)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, precisions, 0).sum(axis=-1) / known.sum(axis=-1)
    return mean


@dataclass(frozen=True)
class _Ranking:
    """The N videos for a class, the likeliest first: their groups, whether they have it, whether each is the last of equals."""

    groups: NDArray[np.int64]
    is_class: NDArray[np.bool_]
    is_last: NDArray[np.bool_]

    @classmethod
    def of(cls, probs: Floats, is_class: NDArray[np.bool_], groups: NDArray[np.int64]) -> Self:
        order = np.argsort(-probs, kind="stable")
        is_last = np.append(np.diff(probs[order]) != 0, True)[: len(probs)]
        return cls(groups[order], is_class[order], is_last)

    def average_precision(self, weights: Floats) -> Floats:
        counts = weights[:, self.groups]  # (R, G) -> (R, N)
        claimed = counts.cumsum(axis=1)[:, self.is_last]  # (R, thresholds)
        hits = (counts * self.is_class).cumsum(axis=1)[:, self.is_last]  # (R, thresholds)
        gained = np.diff(hits, axis=1, prepend=0)
        precision = hits / np.maximum(claimed, np.finfo(float).tiny)
        with np.errstate(invalid="ignore"):
            found: Floats = (gained * precision).sum(axis=1) / gained.sum(axis=1)  # 0 / 0 where there is none
        return found
