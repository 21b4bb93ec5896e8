"""Figures made from results, each an object of its own: nothing is kept or shown by matplotlib."""

from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from torch import Tensor

from videoseq.reporting.reliability import NUM_BINS, Reliability


def confusion_matrix(preds: Tensor, targets: Tensor, num_classes: int) -> Tensor:
    """Returns how often a target (row) was predicted as a class (column), (K, K) int64.

    Args:
        preds: (N,) int64 class ids.
        targets: (N,) int64 class ids.
        num_classes: K.
    """
    return torch.bincount(targets * num_classes + preds, minlength=num_classes**2).reshape(num_classes, num_classes)


def confusion_figure(matrix: Tensor, class_names: Sequence[str]) -> Figure:
    """Draws a confusion matrix, rows normalised to the share of their target, counts written in where there is room.

    Args:
        matrix: (K, K) counts, targets by rows.
        class_names: Class id -> name.
    """
    size = min(max(4.0, 0.5 * len(class_names) + 2), 20)
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.subplots()
    shares = matrix / matrix.sum(dim=1, keepdim=True).clamp(min=1)  # (K, K)
    axes.imshow(shares.numpy(), vmin=0, vmax=1, cmap="Blues")
    axes.set(xlabel="prediction", ylabel="target")
    ticks = range(len(class_names))
    labels = [drawable(name) for name in class_names]
    axes.set_xticks(ticks, labels, rotation=90, parse_math=False)
    axes.set_yticks(ticks, labels, parse_math=False)
    if len(class_names) <= 25:
        for row in ticks:
            for column in ticks:
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(int(matrix[row, column])), ha="center", va="center", color=colour, fontsize=8)
    return figure


def reliability_figure(bins: Reliability, title: str) -> Figure:
    """Draws the accuracy of every bin of confidence, beside the diagonal on which a calibrated model lies.

    The number of videos stands above each bin that has any.

    Args:
        bins: The bins.
        title: What was measured, such as `test`; the expected calibration error is put behind it.
    """
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    centres = (torch.arange(NUM_BINS) + 0.5) / NUM_BINS  # (M,)
    axes.bar(centres.tolist(), bins.accuracy.tolist(), width=1 / NUM_BINS, edgecolor="white", label="accuracy")
    axes.plot([0, 1], [0, 1], linestyle="--", color="grey", label="calibrated")
    for centre, accuracy, count in zip(centres.tolist(), bins.accuracy.tolist(), bins.counts.tolist(), strict=True):
        if count:
            axes.text(centre, accuracy, str(int(count)), ha="center", va="bottom", fontsize=8)
    axes.set(
        xlabel="confidence: probability of the prediction",
        ylabel="share of right predictions",
        xlim=(0, 1),
        ylim=(0, 1.08),
        title=f"{title}: {int(bins.counts.sum())} videos, ECE {float(bins.ece):.3f}",
    )
    axes.legend(loc="upper left")
    return figure


def drawable(name: str) -> str:
    """Returns a name with every character that the font lacks as its code, such as `\\u89c6`, instead of an empty box."""
    font = get_font(findfont("DejaVu Sans"))  # comes with matplotlib
    return "".join(
        letter if font.get_char_index(ord(letter)) else letter.encode("ascii", "backslashreplace").decode() for letter in name
    )
