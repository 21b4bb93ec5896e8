"""What an evaluation of several classes leaves."""

import csv

import pytest
import torch

from videoseq.reporting.label_tables import label_table, write_label_predictions

NAMES = ("left", "right", "up")
TARGETS = torch.tensor([[1.0, 0, 0], [1, 1, 0], [0, 0, 0]])
PROBS = torch.tensor([[0.9, 0.6, 0.1], [0.4, 0.7, 0.2], [0.5, 0.3, 0.4]])
CLAIMS = PROBS >= 0.5


def test_predictions_name_all_classes_of_a_video(tmp_path):
    write_label_predictions(tmp_path / "rows.csv", ["a.mp4", "b,c.mp4", "d.mp4"], TARGETS, PROBS, CLAIMS, NAMES)
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "targets", "preds", "prob_left", "prob_right", "prob_up"]
    assert [(row["path"], row["targets"], row["preds"]) for row in rows] == [
        ("a.mp4", "left", "left|right"),
        ("b,c.mp4", "left|right", "right"),
        ("d.mp4", "", "left"),
    ]
    assert float(rows[1]["prob_right"]) == pytest.approx(0.7)


def test_figures_of_every_class_are_these():
    assert label_table(TARGETS, PROBS, CLAIMS, NAMES) == {
        "left": {
            "average_precision": pytest.approx((1 + 2 / 3) / 2), "precision": 0.5, "recall": 0.5, "f1": 0.5, "num_videos": 2,
        },
        "right": {
            "average_precision": 1.0, "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "num_videos": 1,
        },
        "up": {"average_precision": 0.0, "precision": 0.0, "recall": 0.0, "f1": 0.0, "num_videos": 0},
    }  # fmt: skip
