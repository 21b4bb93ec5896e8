import pytest
import torch
from torch import nn

from videoseq.errors import CheckpointError, ModelError
from videoseq.models.encoders import build_encoder
from videoseq.models.options import SimpleEncoderOptions


def build(height=16, width=24, **values):
    options = SimpleEncoderOptions(**{"channels": (4, 6), "spatial": None, **values})
    return build_encoder(options, height=height, width=width)


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ({}, (6,)),
        ({"spatial": (2, 3)}, (6, 2, 3)),
        ({"channels": (5,)}, (5,)),
        ({"spatial": (4, 6)}, (6, 4, 6)),
    ],
)
def test_feature_shape_is_that_of_the_features(values, shape):
    encoder = build(**values)
    assert encoder.feature_shape == shape
    assert encoder(torch.randn(3, 3, 16, 24)).shape == (3, *shape)


def test_default_is_the_classic_32_64_128():
    encoder = build_encoder(SimpleEncoderOptions(), height=32, width=32)
    shapes = [tuple(module.weight.shape) for module in encoder.modules() if isinstance(module, nn.Conv2d)]
    assert shapes == [(32, 3, 3, 3), (64, 32, 3, 3), (128, 64, 3, 3)]
    assert encoder.feature_shape == (128, 4, 4)


@pytest.mark.parametrize(
    ("values", "convolutions"),
    [
        ({}, [(4, 3, 3, 3), (6, 4, 3, 3)]),
        ({"channels": (2, 2, 2)}, [(2, 3, 3, 3), (2, 2, 3, 3), (2, 2, 3, 3)]),
        ({"kernel_size": 5}, [(4, 3, 5, 5), (6, 4, 5, 5)]),
        ({"depth": 2}, [(4, 3, 3, 3), (4, 4, 3, 3), (6, 4, 3, 3), (6, 6, 3, 3)]),
    ],
)
def test_channels_kernel_size_and_depth_shape_the_convolutions(values, convolutions):
    encoder = build(**values)
    assert [tuple(m.weight.shape) for m in encoder.modules() if isinstance(m, nn.Conv2d)] == convolutions


def test_dropout_zeroes_that_share_of_the_features_in_training_only():
    encoder = build(channels=(64,), dropout=0.5, spatial=(8, 12))
    frames = torch.randn(4, 3, 16, 24)
    ratio = (encoder.train()(frames) == 0).float().mean() - (build(channels=(64,), spatial=(8, 12))(frames) == 0).float().mean()
    assert 0.2 < ratio < 0.5  # half of those that ReLU and max pooling left above 0
    assert torch.equal(encoder.eval()(frames), encoder(frames))


def test_spatial_keeps_where_things_are():
    left, right = torch.zeros(1, 3, 16, 24), torch.zeros(1, 3, 16, 24)
    left[..., 4:8, 4:8] = right[..., 4:8, 16:20] = 1
    pooled, spatial = build().eval(), build(spatial=(2, 3)).eval()
    assert torch.allclose(pooled(left), pooled(right), atol=1e-6)
    assert not torch.allclose(spatial(left), spatial(right), atol=1e-3)


@pytest.mark.parametrize(
    ("size", "spatial", "message"),
    [
        (
            (3, 24),
            None,
            r"frames of 3x24, whose last feature map is 0x6; expected at least 4x4: set clip\.height=4 clip",
        ),
        (
            (16, 24),
            (4, 8),
            r"last feature map is 4x6; expected at least 16x32: set clip\.height=16 clip\.width=32, fewer",
        ),
    ],
)
def test_frames_too_small_are_refused_with_the_size_to_set(size, spatial, message):
    with pytest.raises(ModelError, match=message):
        build(*size, spatial=spatial)


def test_weights_from_a_file(tmp_path):
    source, path = build(), tmp_path / "simple.pth"
    torch.save(source.trunk.state_dict(), path)
    frames = torch.randn(2, 3, 16, 24)
    assert torch.equal(build(weights=str(path)).eval()(frames), source.eval()(frames))
    assert not torch.equal(build().eval()(frames), source(frames))
    with pytest.raises(CheckpointError, match=r"simple\.pth does not fit: .* 1 of another shape: 1\.0\.weight|of another"):
        build(weights=str(path), channels=(4, 8))
    unread = SimpleEncoderOptions(channels=(4, 6), weights=str(tmp_path / "none.pth"))
    assert build_encoder(unread, height=32, width=32, load_weights=False).feature_shape == (6, 4, 4)
