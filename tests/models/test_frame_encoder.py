import pytest
import torch
from torch import nn

from videoseq.errors import ModelError
from videoseq.models.encoders import build_encoder
from videoseq.models.options import SimpleEncoderOptions, TimmEncoderOptions, TorchvisionEncoderOptions


def simple(**values):
    options = SimpleEncoderOptions(channels=(4, 6, 8), spatial=None, dropout=0.5, **values)
    return build_encoder(options, height=16, width=16)


def resnet(**values):
    return build_encoder(TorchvisionEncoderOptions(**{"weights": None, **values}), height=32, width=32)


def one_step(encoder):
    """Trains the encoder and a classifier for one step; returns the names of parameters and buffers that changed."""
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    classifier = nn.Linear(encoder.feature_shape[0], 2)
    optimizer = torch.optim.SGD([*encoder.parameters(), *classifier.parameters()], lr=0.1, weight_decay=0.1)
    encoder.train()
    classifier(encoder(torch.randn(4, 3, 16, 16))).square().sum().backward()
    optimizer.step()
    return {name for name, tensor in encoder.state_dict().items() if not torch.equal(before[name], tensor)}


def test_nothing_frozen_everything_changes():
    encoder = simple()
    assert one_step(encoder) == set(encoder.state_dict()) - {"mean", "std"}
    assert not encoder.is_frozen


def test_freeze_all_changes_nothing_and_records_no_gradient():
    encoder = simple(freeze="all")
    assert encoder.is_frozen
    assert one_step(encoder) == set()
    frames = torch.randn(2, 3, 16, 16)
    features = encoder.train()(frames)
    assert not features.requires_grad
    assert not features.is_inference()
    assert torch.equal(features, encoder.eval()(frames))  # dropout stays off, BatchNorm in eval


def test_freeze_until_freezes_everything_up_to_and_including_the_layer():
    encoder = simple(freeze_until="1.1")  # of the second stage the convolution and BatchNorm
    frozen = [name for name, parameter in encoder.trunk.named_parameters() if not parameter.requires_grad]
    assert frozen == ["0.0.weight", "0.1.weight", "0.1.bias", "1.0.weight", "1.1.weight", "1.1.bias"]
    changed = one_step(encoder)
    assert {name.split(".")[1] for name in changed} == {"2"}
    modes = {name: module.training for name, module in encoder.trunk.named_modules() if isinstance(module, nn.BatchNorm2d)}
    assert modes == {"0.1": False, "1.1": False, "2.1": True}
    assert not encoder.is_frozen


def test_freeze_until_the_last_layer_freezes_all():
    encoder = simple(freeze_until="2")
    assert encoder.is_frozen
    assert one_step(encoder) == set()


def test_freeze_until_includes_parameters_that_parents_hold_themselves():
    options = TorchvisionEncoderOptions(
        name="vit_b_32", weights=None, freeze="none", freeze_until="encoder.layers.encoder_layer_0"
    )
    encoder = build_encoder(options, height=224, width=224)
    trained = {name for name, parameter in encoder.trunk.named_parameters() if parameter.requires_grad}
    assert not {"class_token", "encoder.pos_embedding", "conv_proj.weight"} & trained
    assert not any(name.startswith("encoder.layers.encoder_layer_0.") for name in trained)
    assert any(name.startswith("encoder.layers.encoder_layer_1.") for name in trained)
    assert not encoder.train().trunk.get_submodule("encoder.layers.encoder_layer_0.dropout").training


def test_unknown_layer_is_refused_with_the_nearest_name():
    with pytest.raises(ModelError, match=r"model\.encoder\.freeze_until=layer33: .* no such layer; did you mean 'layer3"):
        resnet(freeze="none", freeze_until="layer33")


def test_frozen_batch_norm_of_a_resnet_stays_in_eval():
    encoder = resnet().train()
    norms = [module for module in encoder.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 20
    assert not any(norm.training for norm in norms)
    before = norms[0].running_mean.clone()
    encoder(torch.randn(2, 3, 32, 32))
    assert torch.equal(norms[0].running_mean, before)


def test_freeze_until_takes_the_layers_of_timm():
    options = TimmEncoderOptions(name="timm:test_resnet", weights=None, freeze="none", freeze_until="layer2.0")
    encoder = build_encoder(options, height=32, width=32).train()
    trained = {name.split(".")[0] for name, parameter in encoder.trunk.named_parameters() if parameter.requires_grad}
    assert trained == {"layer3", "layer4"}
    assert [encoder.trunk.get_submodule(f"{layer}.0.bn1").training for layer in ("layer1", "layer2", "layer3")] == [0, 0, 1]


@pytest.mark.parametrize("frozen", [{"freeze": "all"}, {"freeze_until": "1"}])
def test_from_its_epoch_on_everything_is_trained(frozen):
    encoder = simple(**frozen, unfreeze_at_epoch=2).train()
    encoder.start_epoch(1)
    assert "trunk.0.0.weight" not in one_step(encoder)
    encoder.start_epoch(2)
    assert not encoder.is_frozen
    assert all(module.training for module in encoder.modules())
    assert one_step(encoder) == set(encoder.state_dict()) - {"mean", "std"}


def test_an_epoch_in_evaluation_stays_in_evaluation():
    encoder = simple(freeze="all", unfreeze_at_epoch=1).eval()
    encoder.start_epoch(1)
    assert not any(module.training for module in encoder.modules())
