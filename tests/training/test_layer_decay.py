"""The learning rate of every layer of the encoder."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.training.runs import DATA, ENCODER
from videoseq.errors import CheckpointError
from videoseq.models.encoders import build_encoder
from videoseq.models.options import SimpleEncoderOptions, TimmEncoderOptions, TorchvisionEncoderOptions
from videoseq.models.tracing import meta_parameters
from videoseq.training.optim import build_optimizer, build_scheduler
from videoseq.training.options import OptimizerOptions, SchedulerOptions, TrainingOptions

HALVED = OptimizerOptions(lr=1.0, encoder_lr_scale=0.5, weight_decay=0.1, layer_decay=0.5)
RATES = {
    # encoder: the rate of every layer at lr 1, encoder_lr_scale 0.5 and layer_decay 0.5
    "simple": {"0": 0.0625, "1": 0.125, "2": 0.25},
    "resnet18": {"conv1": 0.015625, "layer1": 0.03125, "layer2": 0.0625, "layer3": 0.125, "layer4": 0.25},
    "mobilenet_v2": {f"features.{number}": 0.25 / 2 ** (18 - number) for number in range(19)},
    "timm:test_vit": {"patch_embed": 0.00390625} | {f"blocks.{number}": 0.25 / 2 ** (5 - number) for number in range(6)},
    "timm:mobilenetv3_small_050": {"conv_stem": 0.001953125}
    | {f"blocks.{number}": 0.125 / 2 ** (5 - number) for number in range(6)}
    | {"conv_head": 0.25},
}


def encoder_of(name):
    if name == "simple":
        options = SimpleEncoderOptions()
    elif name.startswith("timm:"):
        options = TimmEncoderOptions(name=name, weights=None, freeze="none")
    else:
        options = TorchvisionEncoderOptions(name=name, weights=None)
    with meta_parameters():
        return build_encoder(options, height=32, width=32)


@pytest.mark.parametrize("name", RATES)
def test_rates_are_these(name):
    encoder, head = encoder_of(name), nn.Linear(4, 2)
    groups = build_optimizer(encoder, head, HALVED).param_groups
    rates = {group["name"]: group["lr"] for group in groups}
    assert len(rates) == len(groups)  # no name twice
    expected = {f"encoder.{layer}": rate for layer, rate in RATES[name].items()} | {"head": 1.0}
    assert {group: rate for group, rate in rates.items() if not group.endswith("_no_decay")} == pytest.approx(expected)
    assert all(rate == rates[group.removesuffix("_no_decay")] for group, rate in rates.items())
    grouped = [parameter for group in groups for parameter in group["params"]]
    assert len(grouped) == len(set(grouped)) == len([*encoder.parameters(), *head.parameters()])
    assert all(group["weight_decay"] == (0.0 if group["name"].endswith("_no_decay") else 0.1) for group in groups)


def test_groups_hold_the_parameters_of_their_layers():
    encoder = encoder_of("resnet18")
    groups = {group["name"]: set(group["params"]) for group in build_optimizer(encoder, nn.Linear(4, 2), HALVED).param_groups}
    names = {parameter: name for name, parameter in encoder.trunk.named_parameters()}
    for layer in ("layer1", "layer4"):
        held = {names[parameter] for parameter in groups[f"encoder.{layer}"] | groups[f"encoder.{layer}_no_decay"]}
        assert held == {name for name in names.values() if name.startswith(f"{layer}.")}
    assert {names[parameter] for parameter in groups["encoder.conv1_no_decay"]} == {"bn1.weight", "bn1.bias"}


def test_1_is_off():
    groups = build_optimizer(encoder_of("resnet18"), nn.Linear(4, 2), replace(HALVED, layer_decay=1.0)).param_groups
    assert [(group["name"], group["lr"]) for group in groups] == [
        ("encoder", 0.5),
        ("encoder_no_decay", 0.5),
        ("head", 1.0),
        ("head_no_decay", 1.0),
    ]


def test_a_deeper_layer_moves_further():
    encoder = build_encoder(SimpleEncoderOptions(channels=(4, 4)), height=16, width=16)
    before = [stage[0].weight.detach().clone() for stage in encoder.trunk]
    optimizer = build_optimizer(encoder, nn.Linear(4, 2), replace(HALVED, lr=0.1, weight_decay=0.0))
    for parameter in encoder.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()  # the first step of AdamW is the rate
    moved = [float((old - stage[0].weight.detach()).mean()) for old, stage in zip(before, encoder.trunk, strict=True)]
    assert moved == pytest.approx([0.0125, 0.025], rel=1e-4)


def test_the_schedule_moves_every_layer_in_its_proportion():
    optimizer = build_optimizer(encoder_of("simple"), nn.Linear(4, 2), HALVED)
    scheduler = build_scheduler(optimizer, SchedulerOptions("cosine", 0.5), num_steps=4)
    seen = []
    for _ in range(4):
        seen.append([group["lr"] for group in optimizer.param_groups[::2]])
        optimizer.step()
        scheduler.step()
    expected = [[rate * factor for rate in (0.0625, 0.125, 0.25, 1.0)] for factor in (1 / 3, 2 / 3, 1.0, 0.5)]
    assert seen == [pytest.approx(rates) for rates in expected]


def test_a_run_logs_the_rate_of_every_layer_by_its_name(run):
    decayed = replace(
        run,
        encoder=replace(ENCODER, channels=(4, 4)),
        data=replace(DATA, batch_size=1),  # more than the ten steps after which rates are logged
        optimizer=OptimizerOptions(lr=0.01, layer_decay=0.5, scheduler=SchedulerOptions("constant", 0.0)),
        training=TrainingOptions(max_epochs=1),
    )
    _, module = decayed.fit()
    rates = {name: float(value) for name, value in module.trainer.callback_metrics.items() if name.startswith("lr-")}
    assert rates == pytest.approx(
        {
            "lr-AdamW/encoder.0": 0.0025,
            "lr-AdamW/encoder.0_no_decay": 0.0025,
            "lr-AdamW/encoder.1": 0.005,
            "lr-AdamW/encoder.1_no_decay": 0.005,
            "lr-AdamW/head": 0.01,
            "lr-AdamW/head_no_decay": 0.01,
        }
    )


@pytest.mark.parametrize(
    ("before", "now", "message"),
    [
        (1.0, 0.5, r"optimizer\.layer_decay was 1, is 0\.5; resume needs"),
        (0.5, 1.0, r"optimizer\.layer_decay was below 1, is 1\.0; resume needs"),
        (0.5, 0.6, r"optimizer\.lr, encoder_lr_scale or layer_decay was 0\.0025, is 0\.0036 \(encoder\.0\); resume needs"),
    ],
)
def test_a_checkpoint_of_another_layer_decay_is_refused(run, before, now, message):
    first = replace(
        run,
        encoder=replace(ENCODER, channels=(4, 4)),
        optimizer=OptimizerOptions(lr=0.01, layer_decay=before),
        training=TrainingOptions(max_epochs=1),
    )
    first.fit()
    again = replace(first, optimizer=replace(first.optimizer, layer_decay=now), training=TrainingOptions(max_epochs=2))
    with pytest.raises(CheckpointError, match=message):
        again.fit(resume=first.last)
