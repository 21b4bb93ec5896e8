"""A picture of classes over time."""

import io

import numpy as np
import pytest

from videoseq.reporting.timeline import Timeline, timeline_figure


def colours_of(figure, row):
    """Returns the colours of the prediction and of the target of a video in its seconds 0.5, 1.5, …; None is white."""
    found = []
    for mesh in figure.axes[row].collections:
        borders = mesh.get_coordinates()[0, :, 0]
        values = np.ma.filled(mesh.get_array().astype(float), np.nan).ravel()
        found.append([values[np.searchsorted(borders, second) - 1] for second in (0.5, 1.5, 2.5, 3.5)])
    return found


def test_what_is_true_stands_above_what_is_predicted():
    borders = np.array([0.0, 1, 2, 3, 4])
    timeline = Timeline("a $b$.mp4", borders, np.array([0, 0, -100, 1]), np.array([0, 1, 1, 1]))
    figure = timeline_figure([timeline, timeline._replace(title="视.mp4")], ["left", "right_$x$"])
    figure.savefig(io.BytesIO())
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a $b$.mp4", "\\u89c6.mp4"]
    preds, targets = colours_of(figure, 0)
    assert preds == [0, 1, 1, 1]
    assert targets == pytest.approx([0, 0, np.nan, 1], nan_ok=True)
    heights = [mesh.get_coordinates()[:, 0, 1].tolist() for mesh in figure.axes[0].collections]
    assert heights[0][1] <= heights[1][0]
    assert figure.axes[0].get_xlim() == (0, 4)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["left", "right_$x$"]


@pytest.mark.parametrize("num_classes", [3, 15, 40])
def test_every_class_has_a_colour_of_its_own(num_classes):
    ids = np.arange(num_classes)
    figure = timeline_figure([Timeline("", np.arange(num_classes + 1.0), ids, ids)], [f"class {k}" for k in ids])
    figure.savefig(io.BytesIO())
    colours = {tuple(handle.get_facecolor()) for handle in figure.legends[0].get_patches()}
    assert len(colours) == num_classes
    assert min(np.linalg.norm(1 - np.array(colour[:3])) for colour in colours) > 0.3  # white is a frame without a label


@pytest.mark.parametrize(("num_classes", "name"), [(40, "m" * 8), (60, "a class of several words"), (20, "i"), (3, "m" * 120)])
def test_the_legend_lies_inside_the_picture(num_classes, name):
    ids = np.arange(num_classes)
    timelines = [Timeline("", np.arange(num_classes + 1.0), ids, ids)] * 2
    figure = timeline_figure(timelines, [f"{name} {k}" for k in ids])
    figure.savefig(io.BytesIO())
    inside, whole = figure.legends[0].get_window_extent(), figure.bbox
    assert (inside.x0, inside.y0) >= (0, 0)
    assert inside.x1 <= whole.x1
    assert inside.y1 < whole.y1 / 2 or num_classes > 20
    for axes in figure.axes:
        assert axes.get_window_extent().height > 30
        assert not axes.get_window_extent().overlaps(inside)
