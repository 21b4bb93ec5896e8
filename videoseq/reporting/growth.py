"""The picture of how the time of an epoch grows."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from matplotlib.figure import Figure


def growth_figure(curves: Sequence[Mapping[str, Any]]) -> Figure:
    """Draws the median seconds of an epoch over each thing that was varied, every run as a dot, from zero.

    Args:
        curves: Of each: its `name`, its `values`, and the `seconds` of the runs with each value.
    """
    figure = Figure(figsize=(4 * len(curves), 3.5), layout="constrained")
    for axes, curve in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
        values, seconds = curve["values"], curve["seconds"]
        axes.plot(values, [median(runs) for runs in seconds])
        for value, runs in zip(values, seconds, strict=True):
            axes.scatter([value] * len(runs), runs, s=12, color="grey")
        axes.set(xlabel=curve["name"], ylabel="seconds of an epoch")
        axes.set_xticks(values)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
    return figure
