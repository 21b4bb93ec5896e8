"""What an evaluation of values leaves: predictions, and pictures of them beside what is true."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from torch import Tensor

from videoseq.reporting.figures import drawable
from videoseq.reporting.files import write_csv

_MOST_POINTS = 5000
"""More points than these are thinned out: a picture of an hour would take as long as its evaluation."""


class ValueCurve(NamedTuple):
    """The values of one video over time.

    Attributes:
        title: Its name.
        seconds: (n,).
        targets: (n,), NaN where there is none.
        preds: (n,).
    """

    title: str
    seconds: NDArray[np.float64]
    targets: NDArray[np.float64]
    preds: NDArray[np.float64]


def write_value_predictions(path: Path, videos: Sequence[str], targets: Tensor, preds: Tensor) -> None:
    """Writes one row per video: path, target, pred, and error, the prediction minus the target.

    Args:
        path: The CSV file.
        videos: N paths.
        targets: (N,).
        preds: (N,).
    """
    rows = (
        {"path": video, "target": f"{target:.9g}", "pred": f"{pred:.9g}", "error": f"{pred - target:.9g}"}
        for video, target, pred in zip(videos, targets.tolist(), preds.tolist(), strict=True)
    )
    write_csv(path, ["path", "target", "pred", "error"], rows)


def scatter_figure(targets: NDArray[np.float64], preds: NDArray[np.float64], title: str) -> Figure:
    """Draws predicted over true values, (N,) each, beside the diagonal on which they agree."""
    step = -(-len(targets) // _MOST_POINTS)
    targets, preds = targets[::step], preds[::step]
    figure = Figure(figsize=(5.5, 5), layout="constrained")
    axes = figure.subplots()
    low, high = float(min(targets.min(), preds.min())), float(max(targets.max(), preds.max()))
    axes.plot([low, high], [low, high], linestyle="--", color="grey", label="exact")
    axes.scatter(targets, preds, s=12, alpha=0.6)
    axes.set(xlabel="target", ylabel="prediction", title=title)
    axes.legend(loc="upper left")
    return figure


def curves_figure(curves: Sequence[ValueCurve]) -> Figure:
    """Draws the true and the predicted values of videos over time, one below the other."""
    figure = Figure(figsize=(9, 1.8 * max(len(curves), 1) + 0.4), layout="constrained")
    lines: list[Line2D] = []
    for axes, curve in zip(figure.subplots(max(len(curves), 1), squeeze=False)[:, 0], curves, strict=False):
        step = -(-len(curve.seconds) // _MOST_POINTS)
        lines = axes.plot(curve.seconds[::step], curve.targets[::step], color="black", label="target")
        lines += axes.plot(curve.seconds[::step], curve.preds[::step], color="tab:orange", label="prediction")
        axes.set_title(drawable(curve.title), fontsize=9, loc="left", parse_math=False)
        axes.set(xlabel="seconds")
    figure.legend(handles=lines, loc="outside lower center", ncols=2, fontsize=8)
    return figure
