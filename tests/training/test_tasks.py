"""The loss, the answers and the metrics of every task but classification, against figures made by hand."""

import math

import pytest
import torch

from videoseq.training import ranks
from videoseq.training.task_options import (
    BinaryCrossEntropyOptions,
    CrossEntropyOptions,
    FocalOptions,
    FramesOptions,
    HuberOptions,
    MultilabelOptions,
    RegressionOptions,
    ValueLossOptions,
)
from videoseq.training.tasks import AnyTask, build_task
from videoseq.types import IGNORED, TaskSpec

NAN = math.nan
FRAME_LOGITS = torch.tensor([[[math.log(3.0), 0.0], [0.0, 0.0], [9.0, 9.0]], [[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]]])
FRAME_TARGETS = torch.tensor([[1, 0, IGNORED], [0, IGNORED, IGNORED]])  # probabilities 1/4, 1/2 and 1/2


def loss_of(task: AnyTask, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Returns the loss of a batch as the training module makes it."""
    return ranks.mean(*task.loss_terms(logits, targets))


def figures_of(task: AnyTask, *batches: tuple[torch.Tensor, torch.Tensor]) -> dict[str, float]:
    """Returns the metrics of some batches of answers and targets."""
    metrics = task.metrics()
    for answers, targets in batches:
        metrics.update(*task.labelled(answers, targets))
    return {name: float(value) for name, value in metrics.compute().items()}


def frames_task(**values) -> AnyTask:
    options = FramesOptions(**values)
    return build_task(options, options.spec, {"rest": 0.6, "wave": 0.2}, 2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (math.log(4) + 2 * math.log(2)) / 3),
        # seconds of 0.6 and 0.2 weigh 0.8 / (2 * 0.6) = 2/3 and 0.8 / (2 * 0.2) = 2
        ({"class_weights": "auto"}, (2 * math.log(4) + 4 / 3 * math.log(2)) / (2 + 4 / 3)),
        # the logits get log 3/4 and log 1/4: the odds of the first frame are 9 to 1, of the others 3 to 1
        ({"logit_adjustment": 1.0}, (math.log(10) + 2 * math.log(4 / 3)) / 3),
    ],
)
def test_the_loss_of_frames_is_that_of_the_labelled_ones(values, expected):
    task = frames_task(loss=CrossEntropyOptions(**values))
    assert [terms.shape for terms in task.loss_terms(FRAME_LOGITS, FRAME_TARGETS)] == [(6,), (6,)]
    assert float(loss_of(task, FRAME_LOGITS, FRAME_TARGETS)) == pytest.approx(expected)


def test_frames_can_have_the_focal_loss():
    expected = (9 / 16 * math.log(4) + 2 / 4 * math.log(2)) / 3
    assert float(loss_of(frames_task(loss=FocalOptions()), FRAME_LOGITS, FRAME_TARGETS)) == pytest.approx(expected)


def label_task(**values) -> AnyTask:
    options = MultilabelOptions(loss=BinaryCrossEntropyOptions(**values))
    return build_task(options, options.spec, {"run": 2, "jump": 8, "fall": 0}, 8)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # probabilities 3/4, 1/2, 1/2, of which the first class occurs
        ({}, (math.log(4 / 3) + 2 * math.log(2)) / 3),
        # 6 videos without, 2 with; every video has the second; none has the third
        ({"pos_weight": "auto"}, (3 * math.log(4 / 3) + 2 * math.log(2)) / 3),
        # 0.9 of it there, 0.1 not; at a probability of 1/2 both cost the same
        ({"label_smoothing": 0.2}, (0.9 * math.log(4 / 3) + 0.1 * math.log(4) + 2 * math.log(2)) / 3),
    ],
)
def test_the_loss_of_labels_is_the_mean_over_classes(values, expected):
    logits, targets = torch.tensor([[math.log(3.0), 0.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    task = label_task(**values)
    assert [terms.shape for terms in task.loss_terms(logits, targets)] == [(1,), (1,)]
    assert float(loss_of(task, logits, targets)) == pytest.approx(expected)


def test_weights_of_labels_that_all_or_no_videos_have_are_finite():
    assert label_task(pos_weight="auto").pos_weight.tolist() == [3.0, 1 / 8, 8.0]
    assert label_task().pos_weight.tolist() == [1.0, 1.0, 1.0]
    assert label_task(pos_weight="auto").state_dict() == {}


def test_mixed_labels_have_the_mixture_of_their_losses():
    torch.manual_seed(0)
    logits, one, other = torch.randn(5, 3), (torch.rand(5, 3) > 0.5).float(), (torch.rand(5, 3) > 0.5).float()
    task, share = label_task(pos_weight="auto", label_smoothing=0.1), torch.linspace(0, 1, 5)
    mixed = torch.lerp(other, one, share[:, None])
    losses = [task.loss_terms(logits, targets)[0] for targets in (one, other, mixed)]
    torch.testing.assert_close(losses[2], torch.lerp(losses[1], losses[0], share))


def value_task(loss: ValueLossOptions | None = None, *, per_frame: bool = False) -> AnyTask:
    options = RegressionOptions(per_frame=per_frame, loss=loss or ValueLossOptions())
    return build_task(options, TaskSpec("regression", per_frame=per_frame, mean=10.0, std=2.0), {"value": 4}, 4)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        # the targets are 0, 2 and -1 deviations from the mean
        (ValueLossOptions("mse"), (0 + 1.5**2 + 2**2) / 3),
        (ValueLossOptions("mae"), (0 + 1.5 + 2) / 3),
        (HuberOptions(), (0 + (1.5 - 0.5) + (2 - 0.5)) / 3),
        (HuberOptions(delta=1.75), (0 + 1.5**2 / 2 + 1.75 * (2 - 1.75 / 2)) / 3),
    ],
)
def test_the_loss_of_values_is_that_of_deviations(loss, expected):
    logits, targets = torch.tensor([[0.0], [0.5], [1.0]]), torch.tensor([10.0, 14.0, 8.0])
    assert float(loss_of(value_task(loss), logits, targets)) == pytest.approx(expected)
    unlabelled = torch.tensor([[10.0, NAN, 14.0], [8.0, NAN, NAN]])
    frames = torch.tensor([[[0.0], [7.0], [0.5]], [[1.0], [7.0], [7.0]]])
    assert float(loss_of(value_task(loss, per_frame=True), frames, unlabelled)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("task", "num_outputs", "targets"),
    [
        (frames_task(loss=CrossEntropyOptions(label_smoothing=0.1)), 2, torch.full((2, 3), IGNORED)),
        (frames_task(loss=FocalOptions()), 2, torch.full((2, 3), IGNORED)),
        (value_task(per_frame=True), 1, torch.full((2, 3), NAN)),
        (value_task(HuberOptions(), per_frame=True), 1, torch.full((2, 3), NAN)),
    ],
)
def test_a_batch_without_a_label_has_no_loss_and_no_gradient(task, num_outputs, targets):
    logits = torch.randn(2, 3, num_outputs, requires_grad=True)
    loss = loss_of(task, logits, targets)
    loss.backward()
    assert (float(loss.detach()), float(logits.grad.abs().max())) == (0, 0)


def test_an_unlabelled_frame_changes_no_loss_and_gets_no_gradient():
    logits = FRAME_LOGITS.clone().requires_grad_()
    loss_of(frames_task(), logits, FRAME_TARGETS).backward()
    assert (logits.grad.abs().sum(2) > 0).tolist() == (FRAME_TARGETS != IGNORED).tolist()


def test_metrics_of_frames_are_those_of_the_labelled_ones():
    task = frames_task()
    answers = task.answers(FRAME_LOGITS)
    assert answers.shape == (2, 3, 2)
    figures = figures_of(task, (answers, FRAME_TARGETS), (answers[:1, :2], torch.tensor([[0, IGNORED]])))
    # targets 1 0 0 0, predictions 0 0 0 0: the first class has F1 of 6/7, the second of 0
    assert figures == pytest.approx({"accuracy": 3 / 4, "f1_macro": 3 / 7})


def test_metrics_of_labels():
    task = label_task()
    probs = torch.tensor([[0.9, 0.6, 0.1], [0.8, 0.7, 0.1], [0.3, 0.2, 0.6], [0.1, 0.4, 0.1]])
    targets = torch.tensor([[1.0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0]])
    # run: right at ranks 1 and 3, (1 + 2/3) / 2; jump: at rank 1; fall never occurs
    expected = {"map": (5 / 6 + 1) / 2}
    # claimed: run 1 right, 1 wrong, 1 missed; jump 1 right, 1 wrong; fall 1 wrong
    expected |= {"f1_macro": (1 / 2 + 2 / 3 + 0) / 3, "f1_micro": 4 / 8}
    assert figures_of(task, (probs, targets)) == pytest.approx(expected)
    assert figures_of(task, (probs[:1], targets[:1]), (probs[1:], targets[1:])) == pytest.approx(expected)


def test_metrics_of_values_are_in_units():
    task = value_task()
    values = task.answers(torch.tensor([[0.0], [1.0], [2.0], [1.5]]))
    assert values.tolist() == [10.0, 12.0, 14.0, 13.0]
    targets = torch.tensor([11.0, 12.0, 16.0, 13.0])  # errors 1, 0, 2, 0; deviations from 13: 2, 1, 3, 0
    expected = {"mae": 3 / 4, "rmse": math.sqrt(5 / 4), "r2": 1 - 5 / 14}
    assert figures_of(task, (values, targets)) == pytest.approx(expected, rel=1e-5)
    assert figures_of(task, (values[:3], targets[:3]), (values[3:], targets[3:])) == pytest.approx(expected, rel=1e-5)
    per_frame = value_task(per_frame=True)
    padded = torch.cat([targets, torch.tensor([NAN, NAN])]).view(2, 3)
    assert figures_of(per_frame, (torch.cat([values, values[:2]]).view(2, 3), padded)) == pytest.approx(expected, rel=1e-5)


def value_task_of(mean: float, std: float) -> AnyTask:
    return build_task(RegressionOptions(), TaskSpec("regression", mean=mean, std=std), {"value": 1}, 1)


def test_figures_of_large_values_lose_no_digits_but_those_that_they_do_not_have():
    targets = 1e6 + torch.linspace(-1, 1, 4001)  # float32: a sixteenth from one value to the next
    assert len(targets.unique()) == 33
    figures = figures_of(value_task_of(1e6, 0.5), *((part + 0.25, part) for part in targets.split(100)))
    spread = float(targets.double().var(correction=0))
    assert spread == pytest.approx(1 / 3, rel=5e-3)
    assert figures == pytest.approx({"mae": 0.25, "rmse": 0.25, "r2": 1 - 0.25**2 / spread}, rel=1e-6)


@pytest.mark.parametrize("value", [0.2, 2.7, 1e6])
def test_values_that_are_all_the_same_have_no_r2(value):
    torch.manual_seed(0)
    targets = torch.full((1100,), value)
    errors = torch.randn(1100)
    task = value_task_of(1.3, 0.7)
    figures = figures_of(task, *((part + error, part) for part, error in zip(targets.split(16), errors.split(16), strict=True)))
    assert math.isnan(figures["r2"])
    assert figures["mae"] == pytest.approx(float(errors.abs().mean()), rel=1e-4 if value < 1e6 else 0.05)


def test_sums_of_values_stay_what_they_are_wherever_the_metrics_go():
    metrics = value_task_of(0.0, 1.0).metrics()
    metrics.update(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    metrics.to("meta").update(torch.tensor([3.0]), torch.tensor([3.0 + 1e-9], dtype=torch.float64))
    assert float(metrics.compute()["mae"]) == pytest.approx(2 / 3)
    metrics.reset()
    assert (metrics["mae"].sums.dtype, metrics["mae"].sums.device.type) == (torch.float64, "cpu")
