"""Bars of the figures of every class."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from videoseq.reporting.figures import drawable


def class_bars(classes: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draws the figures of every class, such as precision, recall and F1, as bars beside its name.

    Args:
        classes: Class name -> figures, each in [0, 1], and counts, whose names begin with `num_`; at least one class.
    """
    names = [name for name in next(iter(classes.values())) if not name.startswith("num_")]
    figure = Figure(figsize=(6.0, min(max(2.5, 0.45 * len(classes) + 1), 60)), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        heights = [row + (place - (len(names) - 1) / 2) * width for row in range(len(classes))]
        axes.barh(heights, [row[name] for row in classes.values()], width, label=name.replace("_", " "))
    axes.set_yticks(range(len(classes)), [drawable(name) for name in classes], parse_math=False)
    axes.set(xlim=(0, 1))
    axes.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=len(names))
    return figure
