"""Encoders of timm: small ones of many families, built, run, loaded, refused."""

import os
import subprocess
import sys

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.layers import resample_abs_pos_embed

from videoseq.errors import CheckpointError, ModelError
from videoseq.models.encoders import build_encoder
from videoseq.models.options import TimmEncoderOptions

# fmt: off
# The smallest of each family, with the size of its features and the channels of its last map (None: it makes tokens).
SMALLEST = {
    "mobilenetv3_small_050": (1024, 288), "test_byobnet": (256, 256), "test_convnext": (64, 64),
    "test_efficientnet": (256, 256), "test_mambaout": (256, 64), "test_nfnet": (192, 192), "test_resnet": (96, 96),
    "test_vit": (64, None),
}
# fmt: on


def build(name, height=64, width=None, load_weights=True, **values):
    options = TimmEncoderOptions(**{"name": f"timm:{name}", "weights": None, "freeze": "none", **values})
    return build_encoder(options, height=height, width=width or height, load_weights=load_weights)


@pytest.mark.parametrize("name", SMALLEST)
def test_smallest_of_each_family_runs_and_learns(name):
    encoder = build(name).train()
    assert encoder.feature_shape == (SMALLEST[name][0],)
    features = encoder(torch.randn(2, 3, 64, 64))
    assert features.shape == (2, *encoder.feature_shape)
    assert features.isfinite().all()
    features.square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in encoder.parameters())


@pytest.mark.parametrize("name", [name for name, (_, channels) in SMALLEST.items() if channels])
def test_spatial_features_are_the_last_map_and_leave_nothing_unused(name):
    encoder = build(name, 64, 96, spatial=(2, 1)).train()
    assert encoder.feature_shape == (SMALLEST[name][1], 2, 1)
    features = encoder(torch.randn(2, 3, 64, 96))
    assert features.shape == (2, *encoder.feature_shape)
    assert features.isfinite().all()
    features.square().sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


@pytest.mark.parametrize("name", ["test_byobnet", "test_efficientnet", "test_resnet"])
def test_where_the_network_itself_averages_its_last_map_spatial_1_1_is_the_same(name):
    whole, cut = build(name).eval(), build(name, spatial=(1, 1)).eval()
    cut.load_state_dict({key: tensor for key, tensor in whole.state_dict().items() if key in cut.state_dict()})
    frames = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(whole(frames), cut(frames).flatten(1), atol=1e-5)


def test_a_map_with_its_channels_last_is_pooled_over_the_frame():
    encoder = build("test_mambaout", 64, 96, spatial=(2, 3)).eval()
    with torch.no_grad():
        given = encoder(torch.randn(1, 3, 64, 96))
    assert encoder.trunk.output_fmt == "NHWC"
    assert given.shape == (1, 64, 2, 3)  # 64 channels of a 2x3 map


def test_spatial_runs_nothing_after_the_map():
    cut, whole = build("mobilenetv3_small_050", spatial=(1, 1)), build("mobilenetv3_small_050")
    assert (hasattr(cut.trunk, "conv_head"), hasattr(whole.trunk, "conv_head")) == (False, True)


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_a_frozen_encoder_records_no_gradient_and_stays_in_evaluation(name):
    encoder = build(name, freeze="all").train()
    before = {key: tensor.clone() for key, tensor in encoder.state_dict().items()}
    frames = torch.randn(2, 3, 64, 64)
    features = encoder(frames)
    assert not features.requires_grad
    assert torch.equal(features, encoder.eval()(frames))
    assert all(torch.equal(tensor, before[key]) for key, tensor in encoder.state_dict().items())


def test_a_transformer_is_set_to_the_size_of_the_frames():
    encoder = build("test_vit", 64, 96)
    assert encoder.trunk.pos_embed.shape == (1, 1 + 4 * 6, 64)
    assert encoder(torch.randn(2, 3, 64, 96)).shape == (2, 64)


@pytest.mark.parametrize(
    ("name", "size", "values", "message"),
    [
        (
            "convit_tiny",
            (64, 96),
            {},
            r"'timm:convit_tiny' cannot take frames of 64x96; expected the size of its weights, 224x",
        ),
        ("convit_tiny", (64, 96), {}, r"224x224: set clip\.height=224 clip\.width=224$"),
        ("test_vit", (8, 8), {}, r"cannot take frames of 8x8; expected the size of its weights, 160x160: set clip\.height=160"),
        (
            "test_vit",
            (64, 64),
            {"spatial": (2, 2)},
            r"'timm:test_vit' has no spatial feature map, got model\.encoder\.spatial=\[2, 2\]; set model",
        ),
        (
            "test_resnet",
            (64, 96),
            {"spatial": (4, 4)},
            r"spatial=\[4, 4\] is larger than the last feature map of 'timm:test_resnet', which is 2x3 for frames of 64x96; "
            r"set model\.encoder\.spatial=\[2, 3\] or less",
        ),
        ("qwen3_vit_88m_enc", (64, 64), {}, r"makes \(1, 4, 1024\) of one frame, expected one vector \(1, D\): set"),
        ("mobilenetv3_smal_100", (64, 64), {}, r"timm has no such model; did you mean 'mobilenetv3_small_100'\?"),
        ("resnet18.a9_in1k", (64, 64), {}, r"timm has no such model; did you mean 'resnet18\.a\d_in1k'\? Known: resnet18"),
        ("hf-hub:timm/resnet18", (64, 64), {}, r"encoder\.name=timm:hf-hub:timm/resnet18: timm has no such model"),
        ("", (64, 64), {}, r"encoder\.name=timm:: timm has no such model; Known: aimv2"),
        ("test_resnet", (64, 64), {"freeze_until": "layer9"}, r"encoder has no such layer; did you mean 'layer\d'\?"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_fix(name, size, values, message):
    with pytest.raises(ModelError, match=message):
        build(name, *size, load_weights=False, **values)


@pytest.mark.parametrize(
    ("name", "mean", "std"),
    [
        ("mobilenetv3_small_050", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ("test_vit", [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
    ],
)
def test_mean_and_std_are_those_of_the_weights(name, mean, std):
    encoder = build(name, weights="DEFAULT", load_weights=False)
    assert encoder.mean.flatten().tolist() == pytest.approx(mean)
    assert encoder.std.flatten().tolist() == pytest.approx(std)


@pytest.mark.parametrize("file", ["weights.pth", "weights.safetensors"])
@pytest.mark.parametrize(
    ("name", "num_classes", "spatial"),
    [("mobilenetv3_small_050", 1000, None), ("mobilenetv3_small_050", 7, (1, 1)), ("test_convnext", 0, None)],
)
def test_weights_of_a_file_are_loaded_with_or_without_the_classifier(tmp_path, file, name, num_classes, spatial):
    source, path = timm.create_model(name, num_classes=num_classes), tmp_path / file
    (save_file if file.endswith("safetensors") else torch.save)(source.state_dict(), path)
    encoder = build(name, weights=str(path), spatial=spatial)
    for key, tensor in encoder.trunk.state_dict().items():
        assert torch.equal(tensor, source.state_dict()[key])
    torch.save(encoder.trunk.state_dict(), tmp_path / "trunk.pth")
    again = build(name, weights=str(tmp_path / "trunk.pth"), spatial=spatial)
    assert all(torch.equal(a, b) for a, b in zip(encoder.parameters(), again.parameters(), strict=True))


def test_the_positions_of_the_weights_are_interpolated_to_the_size_of_the_frames(tmp_path):
    source = timm.create_model("test_vit")
    torch.save(source.state_dict(), tmp_path / "weights.pth")
    encoder = build("test_vit", 64, 96, weights=str(tmp_path / "weights.pth"))
    expected = resample_abs_pos_embed(source.pos_embed, (4, 6), num_prefix_tokens=1)
    assert torch.allclose(encoder.trunk.pos_embed, expected, atol=1e-6)
    assert torch.equal(encoder.trunk.blocks[0].attn.qkv.weight, source.blocks[0].attn.qkv.weight)


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save(timm.create_model("test_byobnet").state_dict(), path)
    with pytest.raises(
        CheckpointError,
        match=r"model\.encoder\.weights=.*other\.pth for 'timm:test_resnet' does not fit: .* Fix: set model\.encoder\.name to",
    ):
        build("test_resnet", weights=str(path))
    with pytest.raises(CheckpointError, match=r"no\.safetensors' is not there; expected a state dict .* model\.encoder\.name"):
        build("test_resnet", weights="no.safetensors")
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    with pytest.raises(CheckpointError, match=r"torn\.safetensors' cannot be read as safetensors: .* Fix: set model"):
        build("test_resnet", weights=str(tmp_path / "torn.safetensors"))


def test_default_where_timm_has_none_is_never_random():
    with pytest.raises(CheckpointError, match=r"timm has no pretrained weights of 'timm:test_vit_relpos': give .*weights=PATH"):
        build("test_vit_relpos", weights="DEFAULT")


HUB = """
import sys
from pathlib import Path
from safetensors.torch import save_file
import timm, torch
from videoseq.errors import CheckpointError
from videoseq.models.encoders import build_encoder
from videoseq.models.options import TimmEncoderOptions

options = TimmEncoderOptions(name="timm:test_resnet")
try:
    build_encoder(options, height=64, width=64)
except CheckpointError as error:
    print(error)
source = timm.create_model("test_resnet")
repository = Path(sys.argv[1]) / ("models--" + source.pretrained_cfg["hf_hub_id"].replace("/", "--"))
(repository / "snapshots" / "0").mkdir(parents=True)
(repository / "refs").mkdir()
(repository / "refs" / "main").write_text("0")
save_file(source.state_dict(), repository / "snapshots" / "0" / "model.safetensors")
trunk = build_encoder(options, height=64, width=64).trunk
print(all(torch.equal(tensor, source.state_dict()[key]) for key, tensor in trunk.state_dict().items()))
"""


def test_default_is_read_from_the_cache_of_the_hub_and_is_never_random_without_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HUB, str(tmp_path)],
        env={**os.environ, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    refused, loaded = done.stdout.splitlines()
    assert refused.startswith("the pretrained weights of 'timm:test_resnet' cannot be had from the hub of timm (")
    assert refused.endswith("with model.encoder.weights=PATH, or train the small CNN from scratch with model/encoder=simple")
    assert loaded == "True"


def test_without_the_package_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)  # Python's own way to say that a module cannot be imported
    with pytest.raises(ModelError, match=r"^encoders of timm need that package \(.*\): pip install 'videoseq\[timm\]'$"):
        build("test_resnet")


def test_timm_is_imported_only_when_asked_for():
    code = (
        "import sys; from videoseq.models.encoders import build_encoder; from videoseq.models.options import *; "
        "build_encoder(SimpleEncoderOptions(), height=32, width=32); assert 'timm' not in sys.modules; "
        "build_encoder(TimmEncoderOptions(name='timm:test_resnet', weights=None), height=64, width=64); "
        "assert 'timm' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
