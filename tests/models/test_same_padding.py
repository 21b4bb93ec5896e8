import pytest
import torch
from torch import nn

from videoseq.models.same_padding import SamePadConv2d, pad_strided_convolutions, same_padding


@pytest.mark.parametrize(
    ("size", "kernel_size", "stride", "dilation", "expected"),
    [
        (224, 3, 2, 1, (0, 1)),
        (225, 3, 2, 1, (1, 1)),
        (224, 7, 2, 1, (2, 3)),
        (224, 1, 2, 1, (0, 0)),
        (7, 5, 3, 1, (2, 2)),
        (8, 3, 1, 1, (1, 1)),
        (8, 3, 2, 2, (1, 2)),
        (4, 2, 4, 1, (0, 0)),
    ],
)
def test_same_padding(size, kernel_size, stride, dilation, expected):
    assert same_padding(size, kernel_size, stride, dilation) == expected


def test_same_convolution_by_hand():
    # 4x4, kernel 3x3 of ones, stride 2: TensorFlow puts the zeros below and on the right, PyTorch all around.
    model = nn.Sequential(nn.Conv2d(1, 1, 3, stride=2, padding=1, bias=False))
    nn.init.ones_(model[0].weight)
    image = torch.arange(16.0).view(1, 1, 4, 4)
    assert model(image).flatten().tolist() == [0 + 1 + 4 + 5, 1 + 2 + 3 + 5 + 6 + 7, 4 + 5 + 8 + 9 + 12 + 13, 90]
    pad_strided_convolutions(model)
    assert model(image).flatten().tolist() == [
        0 + 1 + 2 + 4 + 5 + 6 + 8 + 9 + 10,
        2 + 3 + 6 + 7 + 10 + 11,
        8 + 9 + 10 + 12 + 13 + 14,
        10 + 11 + 14 + 15,
    ]


def test_only_strided_convolutions_are_replaced_and_parameters_kept():
    model = nn.ModuleDict(
        {
            "a": nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, stride=2, groups=4)),
            "b": nn.Linear(1, 1),
        }
    )
    parameters = dict(model.named_parameters())
    pad_strided_convolutions(model)
    assert [type(module).__name__ for module in model["a"]] == ["Conv2d", "SamePadConv2d"]
    assert isinstance(model["a"][1], SamePadConv2d)
    assert list(parameters) == [name for name, _ in model.named_parameters()]
    assert all(parameter is parameters[name] for name, parameter in model.named_parameters())
    assert model["a"](torch.zeros(1, 3, 5, 7)).shape == (1, 4, 3, 4)
