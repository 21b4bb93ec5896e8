"""What an evaluation of several classes in a video leaves: predictions, and a table per class."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from videoseq.reporting.average_precision import average_precision
from videoseq.reporting.files import write_csv

SEPARATOR = "|"
"""Between the names of the classes of one video."""


def write_label_predictions(
    path: Path, videos: Sequence[str], targets: Tensor, probs: Tensor, claims: Tensor, class_names: Sequence[str]
) -> None:
    """Writes one row per video: path, targets and preds, names joined by `|`, and one probability per class.

    Args:
        path: The CSV file.
        videos: N paths.
        targets: (N, K) of 0 and 1, which classes occur.
        probs: (N, K).
        claims: (N, K) bool, the classes whose probability reaches their threshold.
        class_names: Class id -> name.
    """
    columns = [f"prob_{name}" for name in class_names]
    rows = (
        {
            "path": video,
            "targets": joined_names(target, class_names),
            "preds": joined_names(claim, class_names),
            **{column: f"{float(value):.9g}" for column, value in zip(columns, row, strict=True)},
        }
        for video, target, row, claim in zip(videos, targets > 0.5, probs, claims, strict=True)
    )
    write_csv(path, ["path", "targets", "preds", *columns], rows)


def joined_names(which: Tensor, class_names: Sequence[str]) -> str:
    """Returns the names of some classes, which (K,) bool says, joined by `|`."""
    return SEPARATOR.join(name for name, is_one in zip(class_names, which.tolist(), strict=True) if is_one)


def label_table(targets: Tensor, probs: Tensor, claims: Tensor, class_names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Returns the figures of every class: average precision, precision, recall, F1 and number of videos, 0 where undefined.

    Args:
        targets: (N, K) of 0 and 1, which classes occur.
        probs: (N, K).
        claims: (N, K) bool, the classes whose probability reaches their threshold.
        class_names: Class id -> name.
    """
    occurs = targets > 0.5
    precisions = average_precision(probs.double().numpy(), occurs.numpy())
    hits, predicted, present = ((one.sum(0)).double() for one in (occurs & claims, claims, occurs))  # (K,) each
    return {
        name: {
            "average_precision": float(precisions[k]) if present[k] else 0.0,
            "precision": float(hits[k] / predicted[k]) if predicted[k] else 0.0,
            "recall": float(hits[k] / present[k]) if present[k] else 0.0,
            "f1": float(2 * hits[k] / (predicted[k] + present[k])) if hits[k] else 0.0,
            "num_videos": int(present[k]),
        }
        for k, name in enumerate(class_names)
    }
