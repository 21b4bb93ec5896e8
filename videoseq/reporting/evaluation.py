"""What an evaluation leaves: predictions, a confusion matrix, a reliability diagram, and a table per class."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from videoseq.reporting.figures import confusion_figure, confusion_matrix, reliability_figure
from videoseq.reporting.files import truth, write_csv
from videoseq.reporting.reliability import reliability


def write_predictions(
    path: Path,
    videos: Sequence[str],
    targets: Tensor,
    probs: Tensor,
    class_names: Sequence[str],
    above_threshold: Sequence[bool],
) -> None:
    """Writes one row per video: path, target, pred, whether that is above its threshold, and one probability per class.

    Args:
        path: The CSV file.
        videos: N paths.
        targets: (N,) int64 class ids.
        probs: (N, K).
        class_names: Class id -> name.
        above_threshold: Whether the probability of each video's predicted class reaches the threshold of the class.
    """
    # Nine digits are all that a float32 has: every figure can be computed from the file again.
    rows = (
        {
            "path": video,
            "target": class_names[target],
            "pred": class_names[int(row.argmax())],
            "above_threshold": truth(above),
            **{f"prob_{name}": f"{float(value):.9g}" for name, value in zip(class_names, row, strict=True)},
        }
        for video, target, row, above in zip(videos, targets.tolist(), probs, above_threshold, strict=True)
    )
    write_csv(path, ["path", "target", "pred", "above_threshold", *(f"prob_{name}" for name in class_names)], rows)


def write_confusion(path: Path, targets: Tensor, probs: Tensor, class_names: Sequence[str]) -> None:
    """Draws the confusion matrix of (N,) targets and (N, K) probabilities into a PNG file."""
    matrix = confusion_matrix(probs.argmax(1), targets, len(class_names))
    path.parent.mkdir(parents=True, exist_ok=True)
    confusion_figure(matrix, class_names).savefig(path, dpi=120)


def write_reliability(path: Path, title: str, targets: Tensor, probs: Tensor) -> None:
    """Draws the reliability diagram of (N,) targets and (N, K) probabilities into a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    reliability_figure(reliability(probs, targets), title).savefig(path, dpi=120)


def per_class(targets: Tensor, probs: Tensor, class_names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Returns precision, recall, F1 (0 where undefined) and number of videos of every class.

    Args:
        targets: (N,) int64 class ids.
        probs: (N, K).
        class_names: Class id -> name.
    """
    matrix = confusion_matrix(probs.argmax(1), targets, len(class_names)).to(torch.float64)
    hits, predicted, present = matrix.diagonal(), matrix.sum(0), matrix.sum(1)
    table = {}
    for k, name in enumerate(class_names):
        precision = float(hits[k] / predicted[k]) if predicted[k] else 0.0
        recall = float(hits[k] / present[k]) if present[k] else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hits[k] else 0.0
        table[name] = {"precision": precision, "recall": recall, "f1": f1, "num_videos": int(present[k])}
    return table


def print_evaluation(title: str, metrics: Mapping[str, float], classes: Mapping[str, Mapping[str, float]]) -> None:
    """Prints the figures of a split and a row per class, first of what it has how many; without classes the figures alone."""
    console = Console(highlight=False, soft_wrap=True)
    first = next(iter(classes.values()), {})
    counts = [name for name in first if name.startswith("num_")]
    figures = [name for name in first if name not in counts]
    if classes:
        table = Table(title=title, title_justify="left")
        table.add_column("class")
        for column in (*(name.removeprefix("num_") for name in counts), *(name.replace("_", " ") for name in figures)):
            table.add_column(column, justify="right")
        for name, row in classes.items():
            table.add_row(name, *(str(int(row[key])) for key in counts), *(f"{row[key]:.3f}" for key in figures))
        console.print(table)
    else:
        console.print(title)
    console.print("  ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
