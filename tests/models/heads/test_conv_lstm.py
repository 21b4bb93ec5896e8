import pytest
import torch
from torch.nn.functional import conv2d

from tests.models.heads.building import build, noise
from videoseq.errors import ConfigError
from videoseq.models.heads import build_head
from videoseq.models.options import ConvLSTMHeadOptions


def test_steps_equal_the_equations_of_the_paper():
    head, x = build(ConvLSTMHeadOptions(hidden_size=4)), noise(2, 5, 12)
    layer = head.sequence.layers[0]
    hidden = cell = torch.zeros(2, 4, 2, 2)
    for frame in x.unbind(1):
        together = torch.cat((frame.view(2, 3, 2, 2), hidden), dim=1)
        weight = torch.cat((layer.of_input.weight, layer.of_hidden.weight), dim=1)
        i, f, o, g = conv2d(together, weight, layer.of_input.bias, padding=1).split(4, dim=1)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
    logits, state = head(x)
    torch.testing.assert_close(state, (hidden.unsqueeze(0), cell.unsqueeze(0)))
    torch.testing.assert_close(logits, head.classifier(hidden.mean((2, 3))))


def test_kernel_of_one_leaves_every_place_to_itself_and_larger_ones_do_not():
    x = noise(1, 4, 12).view(1, 4, 3, 2, 2)
    moved = x.flip(-1)
    for kernel_size, is_same in ((1, True), (3, False)):
        head = build(ConvLSTMHeadOptions(hidden_size=4, kernel_size=kernel_size))
        assert torch.allclose(head(x.flatten(2))[0], head(moved.flatten(2))[0], atol=1e-5) == is_same


def test_projection_is_one_for_all_places():
    head = build(ConvLSTMHeadOptions(hidden_size=4, motion="difference", projection=2))
    assert head.front.projection.weight.shape == (2, 6)
    assert head(noise(2, 4, 12))[0].shape == (2, 3)


def test_an_encoder_without_a_grid_is_refused():
    message = r"conv_lstm needs a grid of features, .*: set model\.encoder\.spatial=\[4,4\], or model\.head\.name=lstm"
    with pytest.raises(ConfigError, match=message):
        build_head(ConvLSTMHeadOptions(), feature_shape=(12,), num_outputs=3)
