"""What is frozen in which epoch."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from videoseq.errors import ModelError
from videoseq.models.encoders import build_encoder
from videoseq.models.options import SimpleEncoderOptions, TimmEncoderOptions, TorchvisionEncoderOptions

SIMPLE = SimpleEncoderOptions(channels=(4, 6, 8), spatial=None)
ENCODERS = {
    "simple": (SimpleEncoderOptions, {"channels": (4, 6, 8), "spatial": None}, "2"),
    "resnet18": (TorchvisionEncoderOptions, {"name": "resnet18", "weights": None}, "layer4"),
    "mobilenet_v2": (TorchvisionEncoderOptions, {"name": "mobilenet_v2", "weights": None}, "features.17"),
    "timm": (TimmEncoderOptions, {"name": "timm:test_resnet", "weights": None}, "layer4"),
}


def build(name="simple", **values):
    kind, given, _ = ENCODERS[name]
    return build_encoder(kind(**{**given, **values}), height=32, width=32)


def trained(encoder):
    """Returns the parents of the trained parameters, in their order, without repetitions."""
    found = [name.rpartition(".")[0] for name, parameter in encoder.trunk.named_parameters() if parameter.requires_grad]
    return list(dict.fromkeys(found))


def in_training(encoder):
    """Returns the BatchNorms that follow their batches."""
    return [name for name, module in encoder.trunk.named_modules() if isinstance(module, _BatchNorm) and module.training]


STAGES = {
    # epoch: (layers that are trained, BatchNorms among them)
    0: ([], []),
    1: ([], []),
    2: (["2.0", "2.1"], ["2.1"]),
    4: (["2.0", "2.1"], ["2.1"]),
    5: (["1.1", "2.0", "2.1"], ["1.1", "2.1"]),
    8: (["0.0", "0.1", "1.0", "1.1", "2.0", "2.1"], ["0.1", "1.1", "2.1"]),
    100: (["0.0", "0.1", "1.0", "1.1", "2.0", "2.1"], ["0.1", "1.1", "2.1"]),
}


@pytest.mark.parametrize("epochs", [STAGES, [*STAGES][::-1], [5, 0, 8, 2, 2]], ids=["forward", "backward", "resumed"])
def test_every_stage_trains_from_its_layer_to_the_end_whatever_came_before(epochs):
    encoder = build(freeze="all", unfreeze_at_epoch={2: "2", 5: "1.1", 8: "all"}).train()
    for epoch in epochs:
        encoder.start_epoch(epoch)
        assert (trained(encoder), in_training(encoder)) == STAGES[epoch]
        assert encoder.is_frozen == (epoch < 2)


def test_stages_go_on_from_freeze_until():
    encoder = build(freeze_until="1.1", unfreeze_at_epoch={3: "1"}).train()
    assert trained(encoder) == ["2.0", "2.1"]
    encoder.start_epoch(3)
    assert trained(encoder) == ["1.0", "1.1", "2.0", "2.1"]


def test_parameters_that_parents_hold_themselves_are_unfrozen_with_all():
    options = TimmEncoderOptions(name="timm:test_vit", weights=None, unfreeze_at_epoch={1: "patch_embed", 2: "all"})
    encoder = build_encoder(options, height=32, width=32)
    encoder.start_epoch(1)
    own = {"cls_token", "pos_embed", "reg_token"}
    assert not own & {name for name, parameter in encoder.trunk.named_parameters() if parameter.requires_grad}
    assert encoder.trunk.patch_embed.proj.weight.requires_grad
    encoder.start_epoch(2)
    assert all(parameter.requires_grad for parameter in encoder.parameters())


def test_an_epoch_that_changes_nothing_touches_nothing():
    encoder = build(freeze="all", unfreeze_at_epoch={2: "2"}).train()
    encoder.start_epoch(2)
    encoder.trunk[2][0].eval()  # what a callback of a user's did
    encoder.start_epoch(3)
    assert not encoder.trunk[2][0].training


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"freeze": "all", "unfreeze_at_epoch": {2: "3"}},
            r"unfreeze_at_epoch=\{2: 3\}: the encoder has no such layer; .*Known: .*all",
        ),
        ({"freeze": "all", "unfreeze_at_epoch": {2: "al"}}, r"no such layer; did you mean 'all'\?"),
        (
            {"freeze": "all", "unfreeze_at_epoch": {2: "1", 5: "2"}},
            r"unfreeze_at_epoch=\{5: 2\}: '2' is trained already in the epoch before; expected a layer nearer to the input",
        ),
        ({"freeze": "all", "unfreeze_at_epoch": {2: "1", 5: "1"}}, r"\{5: 1\}: '1' is trained already in the epoch before"),
        ({"freeze_until": "1", "unfreeze_at_epoch": {2: "2"}}, r"\{2: 2\}: '2' is trained already in the epoch before"),
        ({"freeze_until": "1.9"}, r"freeze_until=1\.9: the encoder has no such layer; did you mean '1\.\d'\?"),
    ],
)
def test_stages_that_cannot_be_are_refused(values, message):
    with pytest.raises(ModelError, match=message):
        build(**values)


def one_step(encoder):
    """Trains the encoder and a classifier for one step; returns the names of parameters and buffers that changed."""
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    classifier = nn.Linear(encoder.feature_shape[0], 2)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *classifier.parameters()], lr=0.01, weight_decay=0.1)
    classifier(encoder.train()(torch.randn(4, 3, 32, 32))).square().sum().backward()
    optimizer.step()
    return {name for name, tensor in encoder.state_dict().items() if not torch.equal(before[name], tensor)}


def norms_and_weights(encoder):
    """Returns the names of what BatchNorms hold, and of all else that is trained."""
    norms = {name for name, module in encoder.named_modules() if isinstance(module, _BatchNorm)}
    state = set(encoder.state_dict()) - {"mean", "std"}
    held = {name for name in state if name.rpartition(".")[0] in norms}
    return held, state - held


@pytest.mark.parametrize("name", ENCODERS)
def test_frozen_batch_norm_keeps_statistics_scales_and_shifts_while_the_rest_is_trained(name):
    encoder = build(name, freeze="none", freeze_batchnorm=True)
    norms, weights = norms_and_weights(encoder)
    assert norms
    assert weights
    assert one_step(encoder) == weights
    otherwise = norms & one_step(build(name, freeze="none"))
    assert {key for key in norms if "running" in key} < otherwise
    assert {key for key in otherwise if key.endswith(("weight", "bias"))}


@pytest.mark.parametrize("name", ENCODERS)
def test_frozen_batch_norm_stays_frozen_where_the_encoder_is_unfrozen(name):
    encoder = build(name, freeze="all", freeze_batchnorm=True, unfreeze_at_epoch={1: ENCODERS[name][2], 2: "all"})
    norms, weights = norms_and_weights(encoder)
    assert one_step(encoder) == set()
    encoder.start_epoch(1)
    changed = one_step(encoder)
    assert changed
    assert changed < weights
    encoder.start_epoch(2)
    assert one_step(encoder) == weights
    assert not norms & one_step(encoder)


def test_options_of_batch_norm_are_refused_where_there_is_none():
    options = TimmEncoderOptions(name="timm:test_vit", weights=None)
    with pytest.raises(
        ModelError, match=r"^model\.encoder\.freeze_batchnorm=true changes nothing: .* no BatchNorm; leave it out$"
    ):
        build_encoder(replace(options, freeze_batchnorm=True), height=32, width=32)
    encoder = build_encoder(options, height=32, width=32)
    with pytest.raises(ModelError, match=r"^trainer\.sync_batchnorm=true changes nothing: .* no BatchNorm; leave it out$"):
        encoder.synchronise_batchnorm()


def test_what_is_frozen_stays_frozen_where_batch_norm_is_synchronised():
    encoder = build(freeze_until="1", freeze_batchnorm=True)
    encoder.synchronise_batchnorm()
    assert isinstance(encoder.train().trunk[0][1], nn.SyncBatchNorm)
    assert in_training(encoder) == []
    assert trained(encoder) == ["2.0"]
    encoder = build(freeze_until="1")
    encoder.synchronise_batchnorm()
    assert in_training(encoder.train()) == ["2.1"]


@pytest.mark.parametrize("name", ["simple", "resnet18", "timm", "timm_with_activations"])
def test_synchronised_batch_norm_alone_gives_the_same_features(name):
    options = TimmEncoderOptions(name="timm:mobilenetv3_small_050", weights=None)
    encoder = build_encoder(options, height=32, width=32) if name == "timm_with_activations" else build(name)
    frames = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        before = encoder.eval()(frames)
        encoder.synchronise_batchnorm()
        assert torch.equal(encoder.eval()(frames), before)
    norms = [module for module in encoder.modules() if isinstance(module, _BatchNorm)]
    assert norms
    assert all(isinstance(norm, nn.SyncBatchNorm) for norm in norms)
