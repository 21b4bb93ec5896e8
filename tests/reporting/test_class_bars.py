"""Bars of the figures of every class."""

import io

from videoseq.reporting.class_bars import class_bars


def test_every_class_has_a_bar_of_each_figure():
    figure = class_bars(
        {
            "left": {"precision": 0.5, "recall": 1.0, "f1": 0.67, "num_videos": 2},
            "视 $b$": {"precision": 0.25, "recall": 0.0, "f1": 0.1, "num_videos": 3},
        }
    )
    figure.savefig(io.BytesIO())
    (axes,) = figure.axes
    lengths = {bars.get_label(): [bar.get_width() for bar in bars] for bars in axes.containers}
    assert lengths == {"precision": [0.5, 0.25], "recall": [1.0, 0.0], "f1": [0.67, 0.1]}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["left", "\\u89c6 $b$"]
    assert axes.get_xlim() == (0, 1)
    top, bottom = (axes.transData.transform((0, row))[1] for row in (0, 1))
    assert top > bottom  # the first class stands on top
    for bars in axes.containers:  # around the name of their class, none on another
        centres = [bar.get_y() + bar.get_height() / 2 for bar in bars]
        assert [round(centre) for centre in centres] == [0, 1]
