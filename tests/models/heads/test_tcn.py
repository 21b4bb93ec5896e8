import pytest
import torch
from torch import nn
from torch.nn.functional import conv1d, pad, relu

from tests.models.heads.building import build, noise
from videoseq.models.options import TCNHeadOptions


@pytest.mark.parametrize(("kernel_size", "num_layers", "reach"), [(2, 1, 3), (3, 2, 13), (2, 3, 15), (3, 3, 29)])
def test_the_last_frame_sees_as_far_back_as_the_help_says(kernel_size, num_layers, reach):
    assert reach == 1 + 2 * (kernel_size - 1) * (2**num_layers - 1)
    head = build(TCNHeadOptions(hidden_size=8, kernel_size=kernel_size, num_layers=num_layers))
    x = noise(1, reach + 5, 12).requires_grad_()
    head(x)[0].sum().backward()
    seen = x.grad[0].abs().sum(1) > 0
    assert seen.tolist() == [False] * 5 + [True] * reach


def test_blocks_equal_convolutions_behind_zeros():
    head, x = build(TCNHeadOptions(hidden_size=4, num_layers=2, kernel_size=3)), noise(2, 9, 12)
    frames = x.transpose(1, 2)
    for level, block in enumerate(head.sequence.blocks):
        made = frames
        for convolution in block.convolutions:
            made = relu(conv1d(pad(made, (2 * 2**level, 0)), convolution.weight, convolution.bias, dilation=2**level))
        shortcut = frames if level else torch.einsum("sd,bdt->bst", block.shortcut.weight, frames)
        frames = relu(made + shortcut)
    found, state = head.sequence(x, None, None)
    torch.testing.assert_close(found, frames.transpose(1, 2))
    assert [tensor.shape for tensor in state] == [(1, 2, 2, 12), (1, 2, 2, 4), (1, 2, 4, 4), (1, 2, 4, 4)]


def test_without_residual_there_is_no_way_around():
    head = build(TCNHeadOptions(hidden_size=4, num_layers=2, residual=False))
    assert not any("shortcut" in name for name, _ in head.named_parameters())
    for block in head.sequence.blocks:
        nn.init.zeros_(block.convolutions[1].weight)
        nn.init.zeros_(block.convolutions[1].bias)
    assert torch.equal(head(noise(1, 5, 12))[0][0], head.classifier.bias)


def test_the_way_around_passes_gradients_on():
    head, x = build(TCNHeadOptions(hidden_size=4, num_layers=2)), noise(1, 5, 12).requires_grad_()
    for block in head.sequence.blocks:
        nn.init.zeros_(block.convolutions[1].weight)
    head.sequence(x, None, None)[0].sum().backward()
    assert (x.grad != 0).any(2).all()


def test_state_shorter_than_the_reach_is_kept_from_before():
    head, x = build(TCNHeadOptions(hidden_size=4, num_layers=3)), noise(1, 12, 12)
    _, state = head(x)
    carried = None
    for frame in x.split(1, dim=1):
        _, carried = head(frame, None, carried)
    torch.testing.assert_close(carried[0][0], x[:, -2:])
    for found, expected in zip(carried, state, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
