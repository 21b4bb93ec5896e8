"""Figures and files of a split, from the probabilities of its videos."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from videoseq.models.calibration import Calibration
from videoseq.reporting.evaluation import (
    per_class,
    print_evaluation,
    write_confusion,
    write_predictions,
    write_reliability,
)
from videoseq.training.metrics import evaluate_probs


def report_split(
    folder: Path,
    title: str,
    videos: Sequence[str],
    targets: Tensor,
    probs: Tensor,
    class_names: Sequence[str],
    calibration: Calibration,
) -> dict[str, Any]:
    """Writes `predictions.csv`, `confusion_matrix.png` and `reliability.png`, prints and returns the metrics.

    Those of each class (`precision`, `recall`, `f1`, `num_videos`) stand under `per_class`.

    Args:
        folder: Where the files go.
        title: Heading of the table and of the diagram.
        videos: N paths.
        targets: (N,) int64 class ids.
        probs: (N, K), calibrated.
        class_names: Class id -> name.
        calibration: The thresholds of the classes; the temperature is in the probabilities already.
    """
    metrics = evaluate_probs(probs, targets)
    above = [calibration.reaches(int(row.argmax()), float(row.max())) for row in probs]
    write_predictions(folder / "predictions.csv", videos, targets, probs, class_names, above)
    write_confusion(folder / "confusion_matrix.png", targets, probs, class_names)
    write_reliability(folder / "reliability.png", title, targets, probs)
    classes = per_class(targets, probs, class_names)
    print_evaluation(title, metrics, classes)
    return {**metrics, "per_class": classes}
