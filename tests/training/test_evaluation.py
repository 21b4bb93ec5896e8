"""The report of a split."""

import pytest
import torch

from videoseq.models.calibration import Calibration
from videoseq.training.evaluation import report_split


def test_a_split_leaves_its_files_and_figures(tmp_path, capsys):
    probs = torch.tensor([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]])
    targets = torch.tensor([0, 0, 0])
    names, calibration = ("left", "right"), Calibration(thresholds=(0.6, None))
    figures = report_split(tmp_path, "test", ["a.mp4", "b.mp4", "c.mp4"], targets, probs, names, calibration)
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert figures["ece"] == pytest.approx(2 / 3 * abs(0.5 - 0.75) + 1 / 3 * abs(1 - 0.5))
    assert figures["per_class"] == {
        "left": {"precision": 1.0, "recall": pytest.approx(2 / 3), "f1": pytest.approx(0.8), "num_videos": 3},
        "right": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "num_videos": 0},
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["confusion_matrix.png", "predictions.csv", "reliability.png"]
    assert (tmp_path / "predictions.csv").read_text().splitlines()[1:] == [
        "a.mp4,left,left,true,0.75,0.25",
        "b.mp4,left,left,false,0.5,0.5",
        "c.mp4,left,right,true,0.25,0.75",
    ]
    shown = capsys.readouterr().out
    assert "test" in shown
    assert "accuracy 0.6667" in shown.splitlines()[-1]
    assert "per_class" not in shown
