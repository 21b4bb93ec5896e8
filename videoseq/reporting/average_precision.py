"""Average precision: how well the probabilities of a class put the videos that have it before the others."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def average_precision(probs: Floats, targets: NDArray[np.bool_], weights: Floats | None = None) -> Floats:
    """Returns the average precision of every class, NaN where no video has it.

    The sum over thresholds n of (R_n - R_{n-1}) P_n, of precision P and recall R where every video whose probability is at
    least the n-th largest is claimed; no interpolation (Zhu 2004, "Recall, precision and average precision"). The order of
    videos of equal probability does not matter: they are claimed together.

    Args:
        probs: (N, K).
        targets: (N, K), which videos have which class.
        weights: (R, N), how often each video counts, R times; None: every video once.

    Returns:
        (K,), or (R, K) with weights.
    """
    counts = np.ones((1, len(probs))) if weights is None else weights  # (R, N)
    found = np.stack([_of_class(*column, counts) for column in zip(probs.T, targets.T, strict=True)], axis=-1)  # (R, K)
    return found[0] if weights is None else found


def mean_of_classes(precisions: Floats) -> Floats:
    """Returns the mean over the classes (..., K) that have a number, (...,); NaN where none has."""
    known = ~np.isnan(precisions)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, precisions, 0).sum(axis=-1) / known.sum(axis=-1)
    return mean


def _of_class(probs: Floats, is_class: NDArray[np.bool_], weights: Floats) -> Floats:
    order = np.argsort(-probs, kind="stable")
    is_last = np.append(np.diff(probs[order]) != 0, True)[: len(probs)]  # of its equals
    claimed = weights[:, order].cumsum(axis=1)[:, is_last]  # (R, thresholds)
    hits = (weights * is_class)[:, order].cumsum(axis=1)[:, is_last]  # (R, thresholds)
    gained = np.diff(hits, axis=1, prepend=0)
    precision = hits / np.maximum(claimed, np.finfo(float).tiny)
    with np.errstate(invalid="ignore"):
        found: Floats = (gained * precision).sum(axis=1) / (weights * is_class).sum(axis=1)  # 0 / 0 where there is none
    return found
