"""What an evaluation leaves."""

import csv

import pytest
import torch
from PIL import Image

from videoseq.reporting.evaluation import (
    per_class,
    print_evaluation,
    write_confusion,
    write_predictions,
    write_reliability,
)

NAMES = ("left", "right", "up")
PROBS = torch.tensor([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.25, 0.5, 0.25]])
TARGETS = torch.tensor([0, 1, 1, 0])  # predicted 0, 0, 1, 1


def test_predictions_have_a_row_per_video(tmp_path):
    videos, above = ["a.mp4", "b,c.mp4", "d.mp4", "e.mp4"], [True, True, False, True]
    write_predictions(tmp_path / "predictions.csv", videos, TARGETS, PROBS, NAMES, above)
    with (tmp_path / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "target", "pred", "above_threshold", "prob_left", "prob_right", "prob_up"]
    assert [(row["path"], row["target"], row["pred"]) for row in rows] == [
        ("a.mp4", "left", "left"),
        ("b,c.mp4", "right", "left"),
        ("d.mp4", "right", "right"),
        ("e.mp4", "left", "right"),
    ]
    assert [row["above_threshold"] for row in rows] == ["true", "true", "false", "true"]
    assert [float(rows[1][f"prob_{name}"]) for name in NAMES] == pytest.approx([0.6, 0.3, 0.1])


def test_the_figures_are_pictures(tmp_path):
    write_confusion(tmp_path / "new" / "confusion_matrix.png", TARGETS, PROBS, NAMES)
    write_reliability(tmp_path / "newer" / "reliability.png", "test", TARGETS, PROBS)
    for path in ("new/confusion_matrix.png", "newer/reliability.png"):
        with Image.open(tmp_path / path) as image:
            assert image.format == "PNG"
            assert min(image.size) > 300


def test_figures_of_every_class_are_these():
    assert per_class(TARGETS, PROBS, NAMES) == {
        "left": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "num_videos": 2},
        "right": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "num_videos": 2},
        "up": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "num_videos": 0},
    }
    table = per_class(torch.tensor([0, 1, 1, 1]), PROBS, NAMES)
    assert table["left"] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "num_videos": 1}
    assert table["right"] == {"precision": 1.0, "recall": pytest.approx(2 / 3), "f1": pytest.approx(0.8), "num_videos": 3}


def test_the_terminal_shows_classes_and_figures(capsys):
    print_evaluation("test", {"accuracy": 0.5, "loss": 1.25}, per_class(TARGETS, PROBS, NAMES))
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert lines[0].strip() == "test"
    assert any(all(word in line for word in ("left", "2", "0.500")) for line in lines)
    assert any("up" in line and "0.000" in line for line in lines)
    assert lines[-1] == "accuracy 0.5000  loss 1.2500"
