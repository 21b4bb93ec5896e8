"""The confusion matrix and the reliability diagram."""

import io

import pytest
import torch

from videoseq.reporting.figures import confusion_figure, confusion_matrix, reliability_figure
from videoseq.reporting.reliability import reliability


def test_targets_are_rows_and_predictions_columns():
    preds, targets = torch.tensor([0, 1, 1, 2, 1]), torch.tensor([0, 0, 1, 2, 0])
    assert confusion_matrix(preds, targets, 4).tolist() == [[1, 2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_the_figure_shows_shares_and_counts():
    figure = confusion_figure(torch.tensor([[3, 1], [0, 0]]), ["left", "right"])
    (axes,) = figure.axes
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0.0, 0.0]]
    assert [(text.get_text(), text.get_position()) for text in axes.texts] == [
        ("3", (0, 0)),
        ("1", (1, 0)),
        ("0", (0, 1)),
        ("0", (1, 1)),
    ]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["left", "right"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("prediction", "target")


def test_many_classes_have_no_room_for_counts():
    figure = confusion_figure(torch.eye(26, dtype=torch.int64), [str(number) for number in range(26)])
    assert len(figure.axes[0].texts) == 0


def test_class_names_are_drawn_as_they_are_written_or_as_codes():
    figure = confusion_figure(torch.eye(2, dtype=torch.int64), ["视频", "a_$b$_ü"])
    figure.savefig(io.BytesIO())
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["\\u89c6\\u9891", "a_$b$_ü"]


def test_the_reliability_diagram_shows_accuracy_counts_and_the_error():
    probs = torch.tensor([[0.95, 0.05], [0.97, 0.03], [0.7, 0.3], [0.7, 0.3], [0.7, 0.3]])
    figure = reliability_figure(reliability(probs, torch.tensor([0, 1, 0, 0, 1])), "val")
    (axes,) = figure.axes
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([0] * 10 + [2 / 3] + [0] * 3 + [1 / 2])
    assert [(bar.get_x() + bar.get_width() / 2) for bar in axes.patches] == pytest.approx([(m + 0.5) / 15 for m in range(15)])
    assert [text.get_text() for text in axes.texts] == ["3", "2"]
    # 3/5 |2/3 - 0.7| + 2/5 |1/2 - 0.96|
    assert axes.get_title() == "val: 5 videos, ECE 0.204"
    (diagonal,) = axes.lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]


def test_figures_leave_nothing_open():
    from matplotlib._pylab_helpers import Gcf

    confusion_figure(torch.eye(2, dtype=torch.int64), ["a", "b"])
    reliability_figure(reliability(torch.tensor([[0.9, 0.1]]), torch.tensor([0])), "test")
    assert Gcf.figs == {}
