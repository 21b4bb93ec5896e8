"""Figures and files of a split, from the probabilities of its videos."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from videoseq.reporting.evaluation import per_class, print_evaluation, write_confusion, write_predictions
from videoseq.training.metrics import evaluate_probs


def report_split(
    folder: Path, title: str, videos: Sequence[str], targets: Tensor, probs: Tensor, class_names: Sequence[str]
) -> dict[str, Any]:
    """Writes `predictions.csv` and `confusion_matrix.png`, prints and returns the metrics.

    Those of each class (`precision`, `recall`, `f1`, `num_videos`) stand under `per_class`.

    Args:
        folder: Where the files go.
        title: Heading of the table.
        videos: N paths.
        targets: (N,) int64 class ids.
        probs: (N, K).
        class_names: Class id -> name.
    """
    metrics = evaluate_probs(probs, targets)
    write_predictions(folder / "predictions.csv", videos, targets, probs, class_names)
    write_confusion(folder / "confusion_matrix.png", targets, probs, class_names)
    classes = per_class(targets, probs, class_names)
    print_evaluation(title, metrics, classes)
    return {**metrics, "per_class": classes}
