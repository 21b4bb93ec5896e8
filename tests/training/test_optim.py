"""Parameter groups, and the learning rate of every step."""

import pytest
import torch
from torch import nn

from videoseq.models.heads import build_head
from videoseq.models.options import TransformerHeadOptions
from videoseq.training.optim import build_optimizer, build_scheduler, lr_factor
from videoseq.training.options import OptimizerOptions, SchedulerOptions


@pytest.fixture
def parts():
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    return encoder, nn.Linear(4, 2)


def step(parts, options, *, gradient=None, count=1):
    """Returns every parameter after steps with constant gradients."""
    encoder, head = parts
    optimizer = build_optimizer(encoder, head, options)
    for _ in range(count):
        for parameter in (*encoder.parameters(), *head.parameters()):
            parameter.grad = torch.full_like(parameter, 1.0 if gradient is None else gradient)
        optimizer.step()
    return {
        **{f"encoder.{name}": value.detach().clone() for name, value in encoder.named_parameters()},
        **{f"head.{name}": value.detach().clone() for name, value in head.named_parameters()},
    }


def test_groups_are_encoder_and_head_with_and_without_decay(parts):
    encoder, head = parts
    groups = build_optimizer(encoder, head, OptimizerOptions(lr=0.1, weight_decay=0.2, encoder_lr_scale=0.5)).param_groups
    table = [(group["name"], group["lr"], group["weight_decay"], [tuple(p.shape) for p in group["params"]]) for group in groups]
    assert table == [
        ("encoder", 0.05, 0.2, [(4, 3, 3, 3)]),
        ("encoder_no_decay", 0.05, 0.0, [(4,), (4,), (4,)]),
        ("head", 0.1, 0.2, [(2, 4)]),
        ("head_no_decay", 0.1, 0.0, [(2,)]),
    ]


def test_scores_by_distance_of_a_transformer_are_a_bias():
    head = build_head(TransformerHeadOptions(hidden_size=8, num_heads=2, context=4), feature_shape=(4,), num_outputs=2)
    groups = {group["name"]: group["params"] for group in build_optimizer(nn.Identity(), head, OptimizerOptions()).param_groups}
    for block in head.sequence.blocks:
        assert any(parameter is block.scores for parameter in groups["head_no_decay"])


def test_decay_shrinks_weights_and_leaves_norms_and_biases(parts):
    before = {f"encoder.{name}": value.detach().clone() for name, value in parts[0].named_parameters()}
    before |= {f"head.{name}": value.detach().clone() for name, value in parts[1].named_parameters()}
    after = step(parts, OptimizerOptions(lr=0.1, weight_decay=0.5), gradient=0.0)
    factors = {name: 0.95 if value.ndim > 1 else 1.0 for name, value in before.items()}
    for name, value in before.items():
        assert torch.allclose(after[name], factors[name] * value), name


def test_first_step_of_adamw_is_the_learning_rate_scaled_for_the_encoder(parts):
    before = {name: value.detach().clone() for name, value in parts[0].named_parameters()}
    head = parts[1].weight.detach().clone()
    after = step(parts, OptimizerOptions(lr=0.1, weight_decay=0.0, encoder_lr_scale=0.1))
    assert torch.allclose(after["encoder.0.weight"], before["0.weight"] - 0.01, atol=1e-6)
    assert torch.allclose(after["head.weight"], head - 0.1, atol=1e-6)


def test_sgd_has_nesterov_momentum(parts):
    head = parts[1].weight.detach().clone()
    after = step(parts, OptimizerOptions(name="sgd", lr=0.1, weight_decay=0.0), count=2)
    # buffer 1, step 1 + 0.9; buffer 1.9, step 1 + 0.9 * 1.9
    assert torch.allclose(after["head.weight"], head - 0.1 * (1.9 + 2.71), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (SchedulerOptions("cosine", 0.0), [1.0, 0.75, 0.25, 0.0]),
        (SchedulerOptions("cosine", 0.5), [1 / 3, 2 / 3, 1.0, 0.5]),
        (SchedulerOptions("constant", 0.0), [1.0, 1.0, 1.0, 1.0]),
        (SchedulerOptions("constant", 0.5), [1 / 3, 2 / 3, 1.0, 1.0]),
    ],
)
def test_factor_is_this_one(options, expected):
    num_steps = 3 if options == SchedulerOptions("cosine", 0.0) else 4
    assert [lr_factor(step, num_steps, options) for step in range(4)] == pytest.approx(expected)


def test_factor_stays_zero_behind_the_end():
    assert lr_factor(12, 10, SchedulerOptions("cosine", 0.1)) == pytest.approx(0.0)


def test_schedule_moves_every_group_in_its_proportion(parts):
    optimizer = build_optimizer(*parts, OptimizerOptions(lr=0.1, encoder_lr_scale=0.5))
    scheduler = build_scheduler(optimizer, SchedulerOptions("cosine", 0.5), num_steps=4)
    seen = []
    for _ in range(4):
        seen.append([group["lr"] for group in optimizer.param_groups[::2]])
        optimizer.step()
        scheduler.step()
    assert seen == [pytest.approx([0.05 * factor, 0.1 * factor]) for factor in (1 / 3, 2 / 3, 1.0, 0.5)]
