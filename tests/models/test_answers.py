import math

import torch

from videoseq.models.answers import answers_of, claimed
from videoseq.models.calibration import Calibration
from videoseq.types import TaskSpec

LOGITS = torch.tensor([[math.log(4.0), 0.0], [0.0, math.log(9.0)]])


def same(answers, expected):
    torch.testing.assert_close(answers, torch.tensor(expected))


def test_classes_of_a_video_share_one():
    task = TaskSpec("classification")
    same(answers_of(LOGITS, task), [[0.8, 0.2], [0.1, 0.9]])
    # The square root of the odds, and their square.
    same(answers_of(LOGITS, task, Calibration(2.0)), [[2 / 3, 1 / 3], [0.25, 0.75]])
    same(answers_of(LOGITS, task, Calibration(0.5)), [[16 / 17, 1 / 17], [1 / 82, 81 / 82]])


def test_labels_have_a_probability_each():
    task = TaskSpec("multilabel")
    same(answers_of(LOGITS, task), [[0.8, 0.5], [0.5, 0.9]])
    same(answers_of(LOGITS, task, Calibration(2.0)), [[2 / 3, 0.5], [0.5, 0.75]])


def test_every_frame_has_its_own():
    task = TaskSpec("frames", per_frame=True)
    same(answers_of(LOGITS[None], task, Calibration(2.0)), [[[2 / 3, 1 / 3], [0.25, 0.75]]])


def test_values_are_in_units_and_know_no_temperature():
    outputs = torch.tensor([[-1.0], [0.0], [0.5]])
    same(answers_of(outputs, TaskSpec("regression", mean=10.0, std=4.0), Calibration(2.0)), [6.0, 10.0, 12.0])
    per_frame = TaskSpec("regression", per_frame=True, mean=10.0, std=4.0)
    same(answers_of(outputs[None], per_frame), [[6.0, 10.0, 12.0]])


def test_answers_are_made_in_full_precision():
    for task in (TaskSpec(), TaskSpec("multilabel"), TaskSpec("regression")):
        assert answers_of(LOGITS.bfloat16(), task, Calibration(1.5)).dtype == torch.float32
    torch.testing.assert_close(answers_of(LOGITS.bfloat16(), TaskSpec(), Calibration(1.5)).sum(1), torch.ones(2))


def test_a_label_is_claimed_from_its_threshold_on():
    probs = torch.tensor([[0.5, 0.5, 0.5], [0.49, 0.9, 0.2]])
    assert claimed(probs).tolist() == [[True, True, True], [False, True, False]]
    calibration = Calibration(thresholds=(0.3, None, 0.6))
    assert claimed(probs, calibration).tolist() == [[True, True, False], [True, True, False]]
