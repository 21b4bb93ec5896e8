"""Layers in the order of their depth."""

import pytest
import torch
import torchvision
from torch import nn

from videoseq.models.depth import layers_by_depth
from videoseq.models.encoders import build_encoder
from videoseq.models.options import TorchvisionEncoderOptions
from videoseq.models.tracing import meta_parameters

LAYERS = {
    "resnet18": ["conv1", "layer1", "layer2", "layer3", "layer4", "fc"],
    "resnet152": ["conv1", "layer1", "layer2", "layer3", "layer4", "fc"],  # two thirds of it stand in layer3
    "mobilenet_v2": [*(f"features.{number}" for number in range(19)), "classifier"],
    "mobilenet_v3_small": [*(f"features.{number}" for number in range(13)), "classifier"],
    "vgg11_bn": [*(f"features.{number}" for number in (0, 4, 8, 11, 15, 18, 22, 25)), "classifier"],  # the convolutions
    "convnext_tiny": [*(f"features.{number}" for number in range(8)), "classifier"],
    "densenet121": [
        "features.conv0",
        *(f"features.{kind}{number}" for number in (1, 2, 3) for kind in ("denseblock", "transition")),
        "features.denseblock4",
        "classifier",
    ],
    "regnet_y_400mf": ["stem", *(f"trunk_output.block{number}" for number in range(1, 5)), "fc"],
    "shufflenet_v2_x0_5": ["conv1", "stage2", "stage3", "stage4", "conv5", "fc"],
    "vit_b_32": ["conv_proj", *(f"encoder.layers.encoder_layer_{number}" for number in range(12)), "heads"],
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_torchvision_are_these(name):
    with meta_parameters():
        network = torchvision.models.get_model(name, weights=None)
    layers = layers_by_depth(network)
    assert list(layers) == LAYERS[name]
    parameters = [parameter for those in layers.values() for parameter in those]
    assert len(parameters) == len(set(parameters))
    assert set(parameters) == set(network.parameters())


def test_parallel_branches_are_no_layers():
    with meta_parameters():
        options = TorchvisionEncoderOptions(name="googlenet", weights=None)
        googlenet = build_encoder(options, height=64, width=64).trunk
    stages = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
    assert list(layers_by_depth(googlenet)) == ["conv1", "conv2", "conv3", *(f"inception{stage}" for stage in stages)]


def test_norms_go_with_the_layer_before_and_tables_of_positions_with_the_first():
    with meta_parameters():
        network = torchvision.models.vit_b_32(weights=None)
    layers = layers_by_depth(network)
    first, last = layers["conv_proj"], layers["encoder.layers.encoder_layer_11"]
    assert {id(network.class_token), id(network.encoder.pos_embedding)} < {id(parameter) for parameter in first}
    assert {id(parameter) for parameter in network.encoder.ln.parameters()} < {id(parameter) for parameter in last}


def test_a_norm_in_front_begins_the_first_layer():
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1), nn.LayerNorm(4))
    sizes = {name: len(parameters) for name, parameters in layers_by_depth(network).items()}
    assert sizes == {"0": 2, "1": 2, "3": 4}


def test_shared_parameters_belong_to_the_first_layer_that_has_them():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[1].weight = network[0].weight
    layers = layers_by_depth(network)
    assert [len(layers[name]) for name in layers] == [3]  # a bias alone is no layer


def test_a_network_without_children_is_one_layer():
    network = nn.Linear(2, 2)
    (parameters,) = layers_by_depth(network).values()
    assert all(torch.equal(one, other) for one, other in zip(parameters, network.parameters(), strict=True))
