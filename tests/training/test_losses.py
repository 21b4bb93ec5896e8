"""The loss, against figures made by hand."""

import math

import pytest
import torch

from videoseq.training.losses import balanced_weights, build_loss
from videoseq.training.options import ClassificationOptions, CrossEntropyOptions
from videoseq.training.tasks import ClassificationTask

LOGITS = torch.tensor([[math.log(3.0), 0.0], [0.0, 0.0]])  # probabilities 3/4, 1/4 and 1/2, 1/2
TARGETS = torch.tensor([1, 0])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (CrossEntropyOptions(), (math.log(4) + math.log(2)) / 2),
        # 0.9 on the target and 0.05 on both, as torch spreads it: row 1: 0.9 * log 4 + 0.05 * (log 4 + log 4/3); row 2: log 2
        (
            CrossEntropyOptions(label_smoothing=0.1),
            (0.9 * math.log(4) + 0.05 * (math.log(4) + math.log(4 / 3)) + math.log(2)) / 2,
        ),
        # classes of 6 and 2 videos weigh 8 / (2 * 6) = 2/3 and 8 / (2 * 2) = 2
        (CrossEntropyOptions(class_weights="balanced"), (2 * math.log(4) + 2 / 3 * math.log(2)) / (2 + 2 / 3)),
    ],
)
def test_loss_equals_the_one_made_by_hand(options, expected):
    assert float(build_loss(options, (6, 2))(LOGITS, TARGETS)) == pytest.approx(expected, rel=1e-5)
    task = ClassificationTask(ClassificationOptions(loss=options), (6, 2))
    assert float(task.loss(LOGITS, TARGETS)) == pytest.approx(expected, rel=1e-5)


def test_balanced_weights_are_these():
    assert balanced_weights((6, 2)).tolist() == pytest.approx([2 / 3, 2.0])
    assert balanced_weights((5, 5, 5)).tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert balanced_weights((4, 0)).tolist() == [0.5, 0.0]


def test_a_task_has_fresh_metrics_of_its_classes():
    task = ClassificationTask(ClassificationOptions(), (1, 1, 1))
    one, other = task.metrics(), task.metrics()
    one.update(torch.eye(3), torch.tensor([0, 1, 0]))
    other.update(torch.eye(3), torch.tensor([0, 1, 2]))
    assert float(one.compute()["accuracy"]) == pytest.approx(2 / 3)
    assert float(other.compute()["accuracy"]) == 1.0
