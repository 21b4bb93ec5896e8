"""Figures of a task from sums over videos: of a split, of all folds, or of groups that are drawn again and again; plain numpy.

What every video adds is a row of sums; a figure is a function of the sum of rows, so that it is computed the same way for one
split and for thousands of resampled ones. Only average precision is no such function: see `average_precision`.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SMALLEST_PROB = 1e-12
"""Probabilities are taken to be at least that in a likelihood."""

OVERLAPS = (10, 25, 50)
"""Percent of overlap (intersection over union) from which a predicted segment is that of a true one."""


def class_sums(targets: NDArray[np.int64], probs: Floats) -> Floats:
    """Returns what each video, or each frame, with one class adds, (N, 2 + 3 K).

    That is 1, its negative log-likelihood, and for every class whether it is a hit, a prediction, a target.

    Args:
        targets: (N,) class ids.
        probs: (N, K).
    """
    classes = np.arange(probs.shape[1])
    is_target, is_pred = (ids[:, None] == classes for ids in (targets, probs.argmax(axis=1)))  # (N, K) each
    loss = -np.log(np.maximum(probs[is_target], SMALLEST_PROB))  # (N,)
    return np.concatenate([np.ones_like(loss)[:, None], loss[:, None], is_target & is_pred, is_pred, is_target], axis=1)


def class_figures(sums: Floats) -> dict[str, Floats]:
    """Returns `accuracy`, `f1_macro` (of the classes that are a target or a prediction) and `loss`, each (...,).

    Args:
        sums: (..., 2 + 3 K), rows of `class_sums` or sums of them.
    """
    rows, loss, rest = sums[..., 0], sums[..., 1], sums[..., 2:]
    hits, predicted, present = np.split(rest, 3, axis=-1)  # (..., K) each
    return {
        "accuracy": hits.sum(axis=-1) / rows,
        "f1_macro": _f1_macro(hits, predicted, present),
        "loss": loss / rows,
    }


def label_sums(targets: NDArray[np.bool_], claimed: NDArray[np.bool_], probs: Floats) -> Floats:
    """Returns what each video with several classes adds, (N, 2 + 3 K): as `class_sums`, its loss the mean over classes.

    Args:
        targets: (N, K), which classes occur.
        claimed: (N, K), which the model claims.
        probs: (N, K).
    """
    likelihood = np.maximum(np.where(targets, probs, 1 - probs), SMALLEST_PROB)
    loss = -np.log(likelihood).mean(axis=1, keepdims=True)  # (N, 1)
    return np.concatenate([np.ones_like(loss), loss, targets & claimed, claimed, targets], axis=1)


def label_figures(sums: Floats) -> dict[str, Floats]:
    """Returns `f1_macro` (of the classes that occur or are claimed), `f1_micro` and `loss`, each (...,).

    Args:
        sums: (..., 2 + 3 K), rows of `label_sums` or sums of them.
    """
    hits, predicted, present = np.split(sums[..., 2:], 3, axis=-1)  # (..., K) each
    return {
        "f1_macro": _f1_macro(hits, predicted, present),
        "f1_micro": 2 * hits.sum(axis=-1) / np.maximum((predicted + present).sum(axis=-1), 1),
        "loss": sums[..., 1] / sums[..., 0],
    }


def value_sums(targets: Floats, preds: Floats, *, mean: float = 0.0, std: float = 1.0) -> Floats:
    """Returns what each value adds, (N, 5): 1, its absolute and its squared error, the true value and its square.

    All but the 1 are of standardised values, so that the squares of large ones leave no digits out.

    Args:
        targets: (N,) true values.
        preds: (N,) predicted ones.
        mean: Subtracted from the values.
        std: By which the differences are divided.
    """
    targets, errors = (targets - mean) / std, (preds - targets) / std
    return np.stack([np.ones_like(errors), np.abs(errors), errors**2, targets, targets**2], axis=1)


def value_figures(sums: Floats, *, std: float = 1.0) -> dict[str, Floats]:
    """Returns `mae` and `rmse` in the unit of the values, and `r2`, each (...,).

    `r2` is 1 - squared errors / squared deviations from the mean of the same values; NaN where all are equal.

    Args:
        sums: (..., 5), rows of `value_sums` or sums of them, float64: in fewer digits equal values are not told from others.
        std: That of `value_sums`.
    """
    rows, absolute, squared, total, squares = np.moveaxis(sums, -1, 0)
    deviations = squares - total**2 / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(deviations > 1e-12 * squares, 1 - squared / deviations, np.nan)
    return {"mae": std * absolute / rows, "rmse": std * np.sqrt(squared / rows), "r2": r2}


def segment_figures(sums: Floats) -> dict[str, Floats]:
    """Returns `edit`, the mean over videos, and `f1_10`, `f1_25`, `f1_50`, of counts over all videos, each (...,).

    Args:
        sums: (..., 2 + 3 * 3), of each video 1, its edit score, and for each of `OVERLAPS` its true and false positives and
            false negatives; or sums of them.
    """
    found = {"edit": sums[..., 1] / sums[..., 0]}
    for place, percent in enumerate(OVERLAPS):
        right, wrong, missed = np.moveaxis(sums[..., 2 + 3 * place : 5 + 3 * place], -1, 0)
        found[f"f1_{percent}"] = 2 * right / np.maximum(2 * right + wrong + missed, 1)
    return found


def frame_figures(sums: Floats) -> dict[str, Floats]:
    """Returns `accuracy` and `f1_macro` of frames, those of `segment_figures`, and `loss`, the mean over frames, each (...,).

    Args:
        sums: (..., 2 + 3 K + 2 + 3 * 3), of each video the sum of the `class_sums` of its frames, then those of its segments.
    """
    of_frames, of_segments = np.split(sums, [-(2 + 3 * len(OVERLAPS))], axis=-1)
    found = class_figures(of_frames)
    loss = found.pop("loss")
    return {**found, **segment_figures(of_segments), "loss": loss}


def _f1_macro(hits: Floats, predicted: Floats, present: Floats) -> Floats:
    seen = predicted + present
    f1 = 2 * hits / np.maximum(seen, 1)  # 0 where a class is neither a target nor a prediction
    macro: Floats = f1.sum(axis=-1) / np.maximum((seen > 0).sum(axis=-1), 1)
    return macro
