"""A picture of the classes of a video's frames over time, what is true above what is predicted."""

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray

from videoseq.reporting.figures import drawable

_WIDTH = 10.0
"""Inches."""

_FONT_POINTS = 8
_LONGEST_NAME = 60
"""Letters of a class's name in the legend."""


class Timeline(NamedTuple):
    """The classes of one video's frames.

    Attributes:
        title: Its name.
        borders: (n + 1,) seconds: when each frame is shown, and when the last one ends.
        targets: (n,) class ids, negative where a frame has no label.
        preds: (n,) class ids.
    """

    title: str
    borders: NDArray[np.float64]
    targets: NDArray[np.int64]
    preds: NDArray[np.int64]


def timeline_figure(timelines: Sequence[Timeline], class_names: Sequence[str]) -> Figure:
    """Draws a bar of the true classes of every video above one of the predicted ones; frames without a label are white.

    Args:
        timelines: The videos, one below the other.
        class_names: Class id -> name.
    """
    colours = _colours(len(class_names))
    rows = max(len(timelines), 1)
    names = [_shortened(drawable(name)) for name in class_names]
    columns = _columns(names)
    legend_inches = 0.2 * -(-len(names) // columns) + 0.2
    figure = Figure(figsize=(_WIDTH, 1.1 * rows + 0.4 + legend_inches), layout="constrained")
    for axes, timeline in zip(figure.subplots(rows, squeeze=False)[:, 0], timelines, strict=False):
        for height, ids in ((0.0, timeline.preds), (1.0, timeline.targets)):
            starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1]))  # of the runs of one class
            borders = timeline.borders[np.append(starts, len(ids))]
            shown = np.ma.masked_less(ids[starts][None], 0)  # (1, runs)
            axes.pcolormesh(
                borders, [height, height + 0.9], shown, cmap=colours, vmin=-0.5, vmax=len(class_names) - 0.5, rasterized=True
            )
        axes.set_yticks([0.45, 1.45], ["prediction", "target"], fontsize=8)
        axes.set(xlabel="seconds", xlim=(timeline.borders[0], timeline.borders[-1]), ylim=(0, 1.9))
        axes.set_title(drawable(timeline.title), fontsize=9, loc="left", parse_math=False)
    handles = [Patch(color=colours(k), label=name) for k, name in enumerate(names)]
    legend = figure.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize=_FONT_POINTS)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _colours(num_classes: int) -> Colormap:
    names = {10: "tab10", 20: "tab20"}
    for size, name in names.items():
        if num_classes <= size:
            return mpl.colors.ListedColormap(mpl.colormaps[name](range(num_classes)))
    # Not its ends: the upper one is nearly white, and that is a frame without a label.
    return mpl.colors.ListedColormap(mpl.colormaps["gist_ncar"](np.linspace(0.03, 0.9, num_classes)))


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _columns(names: Sequence[str]) -> int:
    """Returns how many columns of the legend fit side by side, from the longest name as it is drawn."""
    font = FontProperties(size=_FONT_POINTS)
    widths = [text_to_path.get_text_width_height_descent(name, font, False)[0] for name in names]  # points
    return max(1, min(len(names), 8, int((_WIDTH - 0.4) / (max(widths) / 72 + 0.6))))
