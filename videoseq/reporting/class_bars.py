"""Bars of the figures of every class."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from videoseq.reporting.figures import drawable

_FIGURES = ("precision", "recall", "f1")


def class_bars(classes: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draws precision, recall and F1 of every class as bars beside its name.

    Args:
        classes: Class name -> figures, each in [0, 1], as `reporting.evaluation.per_class` gives them.
    """
    figure = Figure(figsize=(6.0, min(max(2.5, 0.45 * len(classes) + 1), 60)), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(_FIGURES)
    for place, name in enumerate(_FIGURES):
        heights = [row + (place - 1) * width for row in range(len(classes))]
        axes.barh(heights, [figures[name] for figures in classes.values()], width, label=name)
    axes.set_yticks(range(len(classes)), [drawable(name) for name in classes], parse_math=False)
    axes.set(xlim=(0, 1))
    axes.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=len(_FIGURES))
    return figure
