"""What is read from the tests of folds, by task, and the figures that follow."""

import numpy as np
import pytest
from PIL import Image

from videoseq.reporting.frame_tables import VALUE_SUMS, frame_sum_columns
from videoseq.reporting.scores import class_sums
from videoseq.reporting.statistics import intervals
from videoseq.running.fold_tasks import fold_task
from videoseq.types import TaskSpec

NAMES = ("a", "b")


def evidence_of(task, rows, units, names=NAMES):
    reader = fold_task(task, names)
    numbers = np.array([reader.numbers(row) for row in rows], float)
    return reader, numbers, reader.evidence(np.array(units), numbers, max(units) + 1)


def label_row(targets, preds, prob_a, prob_b):
    return {"targets": targets, "preds": preds, "prob_a": str(prob_a), "prob_b": str(prob_b)}


ROWS = [
    label_row("a|b", "a", 0.9, 0.4),
    label_row("", "a", 0.8, 0.3),
    label_row("a", "", 0.2, 0.1),
    label_row("b", "b", 0.1, 0.7),
]


def test_average_precision_is_that_of_all_predictions_together():
    reader, numbers, evidence = evidence_of(TaskSpec("multilabel"), ROWS, [0, 0, 1, 2])
    found = evidence.together()
    assert list(found) == ["map", "f1_macro", "f1_micro", "loss"]
    assert found["map"] == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    assert found["f1_macro"] == pytest.approx((2 / 4 + 2 / 3) / 2)
    assert found["f1_micro"] == pytest.approx(4 / 7)
    assert evidence.counts.tolist() == [2, 1, 1]
    # Twice the first group, once the last: the average precision is computed anew from their five predictions.
    drawn = evidence.figures(np.array([[2.0, 0, 1]]))
    assert drawn["map"] == pytest.approx(1.0)
    assert drawn["f1_micro"] == pytest.approx(2 * 3 / (5 + 5))
    ends = intervals(evidence)
    assert ends["map"].low <= found["map"] <= ends["map"].high
    assert reader.classes(numbers)["b"]["average_precision"] == 1


def test_a_value_has_the_figures_of_values_and_a_picture(tmp_path):
    rows = [{"target": "1", "pred": "2"}, {"target": "3", "pred": "3"}, {"target": "5", "pred": "3"}]
    reader, numbers, evidence = evidence_of(TaskSpec("regression"), rows, [0, 1, 1], ("value",))
    assert evidence.together() == pytest.approx({"mae": 1, "rmse": (5 / 3) ** 0.5, "r2": 1 - 5 / 8})
    assert evidence.figures(np.array([[0.0, 2]]))["mae"] == 1
    assert reader.classes(numbers) == {}
    reader.draw(tmp_path, numbers)
    with Image.open(tmp_path / "scatter.png") as image:
        assert min(image.size) > 200


def frame_row(targets, probs, edit, segments):
    sums = np.concatenate([class_sums(np.array(targets), np.array(probs)).sum(axis=0), [1, edit, *segments]])
    return {name: str(value) for name, value in zip(frame_sum_columns(NAMES), sums, strict=True)}


def test_frames_have_the_figures_of_all_frames_and_segments():
    rows = [
        frame_row([0, 0, 1], [[0.8, 0.2], [0.2, 0.8], [0.2, 0.8]], 0.5, [1, 0, 1] * 3),
        frame_row([1], [[0.2, 0.8]], 1.0, [1, 0, 0] * 3),
    ]
    reader, numbers, evidence = evidence_of(TaskSpec("frames", per_frame=True), rows, [0, 1])
    found = evidence.together()
    assert list(found) == ["accuracy", "f1_macro", "edit", "f1_10", "f1_25", "f1_50", "loss"]
    assert (found["accuracy"], found["edit"], found["f1_50"]) == (0.75, 0.75, pytest.approx(0.8))
    assert evidence.figures(np.array([[0.0, 3]]))["accuracy"] == 1
    assert reader.file == "videos.csv"
    assert reader.classes(numbers)["b"] == {
        "precision": pytest.approx(2 / 3), "recall": 1.0, "f1": pytest.approx(0.8), "num_frames": 2,
    }  # fmt: skip


def test_a_video_without_labels_is_no_evidence():
    task = TaskSpec("regression", per_frame=True)
    rows = [dict(zip(VALUE_SUMS, values, strict=True)) for values in (("2", "3", "5", "1", "1"), ("0",) * 5, ("1",) * 5)]
    _, _, evidence = evidence_of(task, rows, [0, 1, 2], ("value",))
    assert evidence.counts.tolist() == [1, 0, 1]
    assert evidence.together()["mae"] == pytest.approx(4 / 3)
    assert intervals(evidence) is not None
