"""What an evaluation of values leaves."""

import csv
import io

import numpy as np
import torch

from videoseq.reporting.value_figures import ValueCurve, curves_figure, scatter_figure, write_value_predictions


def test_predictions_have_their_error(tmp_path):
    write_value_predictions(tmp_path / "rows.csv", ["a.mp4", "b.mp4"], torch.tensor([1.5, -2.0]), torch.tensor([1.0, -1.5]))
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {"path": "a.mp4", "target": "1.5", "pred": "1", "error": "-0.5"},
        {"path": "b.mp4", "target": "-2", "pred": "-1.5", "error": "0.5"},
    ]


def test_predictions_stand_over_targets_beside_the_diagonal():
    figure = scatter_figure(np.array([1.0, 2, 4]), np.array([1.0, 3, 0]), "test: R² 0.5")
    figure.savefig(io.BytesIO())
    (axes,) = figure.axes
    assert axes.get_title() == "test: R² 0.5"
    assert axes.collections[0].get_offsets().tolist() == [[1, 1], [2, 3], [4, 0]]
    assert [list(ends) for ends in axes.lines[0].get_data()] == [[0, 4], [0, 4]]


def test_many_points_are_thinned_out():
    values = np.arange(20_000.0)
    assert len(scatter_figure(values, values, "").axes[0].collections[0].get_offsets()) == 5000


def test_values_of_videos_stand_below_each_other():
    seconds = np.array([0.0, 0.5, 1.0])
    curves = [
        ValueCurve("a $b$.mp4", seconds, np.array([1.0, np.nan, 3]), np.array([1.0, 2, 2])),
        ValueCurve("视.mp4", seconds, np.zeros(3), np.ones(3)),
    ]
    figure = curves_figure(curves)
    figure.savefig(io.BytesIO())
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a $b$.mp4", "\\u89c6.mp4"]
    assert [line.get_label() for line in figure.axes[0].lines] == ["target", "prediction"]
    assert figure.axes[0].lines[1].get_ydata().tolist() == [1, 2, 2]
    assert [axes.get_legend() for axes in figure.axes] == [None, None]  # it would hide a part of a curve
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["target", "prediction"]
    assert not any(axes.get_window_extent().overlaps(figure.legends[0].get_window_extent()) for axes in figure.axes)
