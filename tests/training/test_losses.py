"""The losses, against figures made by hand and against torch where torch defines them."""

import math

import pytest
import torch
from torch.nn import functional

from videoseq.errors import ConfigError
from videoseq.training import ranks
from videoseq.training.losses import build_loss
from videoseq.training.task_options import ClassificationOptions, CrossEntropyOptions, FocalOptions, LossOptions
from videoseq.training.tasks import ClassificationTask
from videoseq.types import TaskSpec

LOGITS = torch.tensor([[math.log(3.0), 0.0], [0.0, 0.0]])  # probabilities 3/4, 1/4 and 1/2, 1/2
TARGETS = torch.tensor([1, 0])
COUNTS = {"left": 6, "right": 2}
KINDS = (CrossEntropyOptions, FocalOptions)


def task_of(options: LossOptions, counts: dict[str, int]) -> ClassificationTask:
    return ClassificationTask(ClassificationOptions(loss=options), TaskSpec(), counts, sum(counts.values()))


def loss_of(task: ClassificationTask, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Returns the loss of a batch as the training module makes it."""
    return ranks.mean(*task.loss_terms(logits, targets))


def drawn(num_samples: int, num_classes: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Returns logits, class ids and class probabilities."""
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(num_samples, num_classes, generator=generator)
    ids = torch.randint(num_classes, (num_samples,), generator=generator)
    return logits, ids, torch.rand(num_samples, num_classes, generator=generator).softmax(1)


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
        (CrossEntropyOptions(class_weights="auto"), (2 * math.log(4) + 2 / 3 * math.log(2)) / (2 + 2 / 3)),
        (CrossEntropyOptions(class_weights=(5.0, 1.0)), (math.log(4) + 5 * math.log(2)) / 6),
        # the logits get log 3/4 and log 1/4, so the odds of row 1 are 9 to 1 and those of row 2 3 to 1
        (CrossEntropyOptions(logit_adjustment=1.0), (math.log(10) + math.log(4 / 3)) / 2),
        (CrossEntropyOptions(logit_adjustment=2.0), (math.log(28) + math.log(10 / 9)) / 2),
        # squared, 1 - p is 9/16 and 1/4
        (FocalOptions(), (9 / 16 * math.log(4) + 1 / 4 * math.log(2)) / 2),
        (FocalOptions(gamma=1.0, class_weights=(5.0, 1.0)), (3 / 4 * math.log(4) + 5 / 2 * math.log(2)) / 6),
        (
            FocalOptions(label_smoothing=0.2),  # 0.9 and 0.1
            (0.9 * 9 / 16 * math.log(4) + 0.1 / 16 * math.log(4 / 3) + 1 / 4 * math.log(2)) / 2,
        ),
        (FocalOptions(gamma=1.0, logit_adjustment=1.0), (0.9 * math.log(10) + 1 / 4 * math.log(4 / 3)) / 2),
    ],
)
def test_the_loss_equals_the_one_made_by_hand(options, expected):
    task = task_of(options, COUNTS)
    assert [terms.shape for terms in task.loss_terms(LOGITS, TARGETS)] == [(2,), (2,)]
    assert float(loss_of(task, LOGITS, TARGETS)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weights", ["none", (0.5, 2.0, 1.0, 4.0)])
def test_cross_entropy_is_that_of_torch(smoothing, weights):
    logits, ids, probs = drawn(7, 4)
    task = task_of(CrossEntropyOptions(label_smoothing=smoothing, class_weights=weights), dict.fromkeys("abcd", 1))
    weight = None if weights == "none" else torch.tensor(weights)
    expected = functional.cross_entropy(logits, ids, weight, label_smoothing=smoothing)
    assert torch.allclose(loss_of(task, logits, ids), expected)
    expected = functional.cross_entropy(logits, probs, weight, label_smoothing=smoothing)
    if weight is not None:  # torch divides by B, here it is by what the samples weigh
        expected = expected * 7 / (probs * weight).sum()
    assert torch.allclose(loss_of(task, logits, probs), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_on_one_class_mean_its_id(kind):
    logits, ids, _ = drawn(7, 4)
    options = kind(label_smoothing=0.1, class_weights="auto", logit_adjustment=0.5)
    task = task_of(options, {"a": 1, "b": 20, "c": 3, "d": 4})
    for one, other in zip(
        task.loss_terms(logits, ids), task.loss_terms(logits, functional.one_hot(ids, 4).float()), strict=True
    ):
        assert torch.allclose(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mixture_of_targets_has_the_mixture_of_their_losses(kind):
    logits, ids, _ = drawn(7, 4)
    others = ids.roll(1)
    share = torch.linspace(0, 1, 7)
    soft = share[:, None] * functional.one_hot(ids, 4) + (1 - share)[:, None] * functional.one_hot(others, 4)
    loss = build_loss(kind(label_smoothing=0.1, class_weights=(0.5, 2.0, 1.0, 4.0)), dict.fromkeys("abcd", 1))
    assert torch.allclose(loss(logits, soft), share * loss(logits, ids) + (1 - share) * loss(logits, others))


def test_focal_with_gamma_0_is_cross_entropy():
    logits, ids, probs = drawn(7, 4)
    counts = {"a": 1, "b": 20, "c": 3, "d": 4}
    common = {"label_smoothing": 0.1, "class_weights": "auto", "logit_adjustment": 0.5}
    focal, plain = build_loss(FocalOptions(gamma=0.0, **common), counts), build_loss(CrossEntropyOptions(**common), counts)
    for targets in (ids, probs):
        assert torch.allclose(focal(logits, targets), plain(logits, targets))


def test_focal_counts_what_is_recognised_less_the_larger_gamma_is():
    easy, hard = torch.tensor([[4.0, 0.0]]), torch.tensor([[-1.0, 0.0]])
    shares = []
    for gamma in (0.0, 1.0, 2.0, 5.0):
        loss = build_loss(FocalOptions(gamma=gamma), COUNTS)
        shares.append(float(loss(easy, torch.tensor([0])) / loss(hard, torch.tensor([0]))))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 1e-2 > 1e-7 > shares[-1] > 0


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_the_slope_of_focal_is_a_number_where_the_model_is_certain(gamma):
    logits = torch.tensor([[200.0, 0.0], [-200.0, 0.0]], requires_grad=True)
    build_loss(FocalOptions(gamma=gamma), COUNTS)(logits, torch.tensor([0, 0])).sum().backward()
    assert logits.grad[0].tolist() == [0.0, 0.0]
    assert logits.grad[1].tolist() == pytest.approx([-1.0, 1.0])


def test_logits_are_adjusted_in_training_only():
    options = CrossEntropyOptions(logit_adjustment=1.0)
    adjusted, plain = task_of(options, COUNTS), task_of(CrossEntropyOptions(), COUNTS)
    assert loss_of(adjusted, LOGITS, TARGETS) != loss_of(plain, LOGITS, TARGETS)
    assert loss_of(adjusted.eval(), LOGITS, TARGETS) == loss_of(plain, LOGITS, TARGETS)


def test_the_loss_of_half_precision_logits_is_made_in_single_precision():
    logits, ids, _ = drawn(7, 4)
    for kind in KINDS:
        loss = build_loss(kind(), dict.fromkeys("abcd", 1))(logits.bfloat16(), ids)
        assert loss.dtype == torch.float32
        assert torch.equal(loss, build_loss(kind(), dict.fromkeys("abcd", 1))(logits.bfloat16().float(), ids))


@pytest.mark.parametrize(
    ("counts", "weights"), [((6, 2), [2 / 3, 2.0]), ((5, 5, 5), [1.0, 1.0, 1.0]), ((4, 0), [0.5, 2.0])], ids=str
)
def test_automatic_weights_are_these(counts, weights):
    options = CrossEntropyOptions(class_weights="auto", logit_adjustment=1.0)
    loss = build_loss(options, {str(target): count for target, count in enumerate(counts)})
    assert loss.class_weights.tolist() == pytest.approx(weights)
    assert torch.isfinite(loss.adjustment).all()


@pytest.mark.parametrize("weights", [(1.0, 2.0), (1.0, 2.0, 3.0, 4.0), ()], ids=len)
def test_class_weights_that_are_not_one_per_class_are_refused(weights):
    message = (
        rf"^task\.loss\.class_weights has {len(weights)} numbers for 3 classes; expected one each, in this order: "
        "clap, jump, wave$"
    )
    with pytest.raises(ConfigError, match=message):
        task_of(CrossEntropyOptions(class_weights=weights), {"clap": 1, "jump": 1, "wave": 1})


def test_a_checkpoint_holds_nothing_of_a_loss():
    options = FocalOptions(class_weights="auto", logit_adjustment=1.0)
    assert task_of(options, COUNTS).state_dict() == {}


def test_a_task_has_fresh_metrics_of_its_classes():
    task = task_of(CrossEntropyOptions(), {"a": 1, "b": 1, "c": 1})
    one, other = task.metrics(), task.metrics()
    one.update(torch.eye(3), torch.tensor([0, 1, 0]))
    other.update(torch.eye(3), torch.tensor([0, 1, 2]))
    assert float(one.compute()["accuracy"]) == pytest.approx(2 / 3)
    assert float(other.compute()["accuracy"]) == 1.0
