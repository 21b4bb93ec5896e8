import re
from urllib.parse import urlparse

import pytest
import torch
import torchvision

from videoseq.errors import CheckpointError, ModelError
from videoseq.models.encoders import build_encoder
from videoseq.models.options import TorchvisionEncoderOptions
from videoseq.models.torchvision_encoder import legal_size, torchvision_names
from videoseq.models.tracing import meta_parameters

# fmt: off
FEATURE_SIZES = {
    "alexnet": 4096, "convnext_base": 1024, "convnext_large": 1536, "convnext_small": 768, "convnext_tiny": 768,
    "densenet121": 1024, "densenet161": 2208, "densenet169": 1664, "densenet201": 1920, "efficientnet_b0": 1280,
    "efficientnet_b1": 1280, "efficientnet_b2": 1408, "efficientnet_b3": 1536, "efficientnet_b4": 1792,
    "efficientnet_b5": 2048, "efficientnet_b6": 2304, "efficientnet_b7": 2560, "efficientnet_v2_l": 1280,
    "efficientnet_v2_m": 1280, "efficientnet_v2_s": 1280, "googlenet": 1024, "inception_v3": 2048, "maxvit_t": 512,
    "mnasnet0_5": 1280, "mnasnet0_75": 1280, "mnasnet1_0": 1280, "mnasnet1_3": 1280, "mobilenet_v2": 1280,
    "mobilenet_v3_large": 1280, "mobilenet_v3_small": 1024, "regnet_x_16gf": 2048, "regnet_x_1_6gf": 912,
    "regnet_x_32gf": 2520, "regnet_x_3_2gf": 1008, "regnet_x_400mf": 400, "regnet_x_800mf": 672, "regnet_x_8gf": 1920,
    "regnet_y_128gf": 7392, "regnet_y_16gf": 3024, "regnet_y_1_6gf": 888, "regnet_y_32gf": 3712, "regnet_y_3_2gf": 1512,
    "regnet_y_400mf": 440, "regnet_y_800mf": 784, "regnet_y_8gf": 2016, "resnet101": 2048, "resnet152": 2048,
    "resnet18": 512, "resnet34": 512, "resnet50": 2048, "resnext101_32x8d": 2048, "resnext101_64x4d": 2048,
    "resnext50_32x4d": 2048, "shufflenet_v2_x0_5": 1024, "shufflenet_v2_x1_0": 1024, "shufflenet_v2_x1_5": 1024,
    "shufflenet_v2_x2_0": 2048, "squeezenet1_0": 512, "squeezenet1_1": 512, "swin_b": 1024, "swin_s": 768,
    "swin_t": 768, "swin_v2_b": 1024, "swin_v2_s": 768, "swin_v2_t": 768, "vgg11": 4096, "vgg11_bn": 4096,
    "vgg13": 4096, "vgg13_bn": 4096, "vgg16": 4096, "vgg16_bn": 4096, "vgg19": 4096, "vgg19_bn": 4096, "vit_b_16": 768,
    "vit_b_32": 768, "vit_h_14": 1280, "vit_l_16": 1024, "vit_l_32": 1024, "wide_resnet101_2": 2048,
    "wide_resnet50_2": 2048,
}
# The smallest of each family, with the side of its frames and the channels of its last map (None: it has none).
SMALLEST = {
    "alexnet": (63, 256), "convnext_tiny": (32, 768), "densenet121": (32, 1024), "efficientnet_b0": (32, 1280),
    "efficientnet_v2_s": (33, 1280), "googlenet": (32, 1024), "inception_v3": (75, 2048), "maxvit_t": (224, 512),
    "mnasnet0_5": (32, 1280), "mobilenet_v2": (32, 1280), "mobilenet_v3_small": (32, 576), "regnet_x_400mf": (32, 400),
    "regnet_y_400mf": (32, 440), "resnet18": (32, 512), "resnext50_32x4d": (32, 2048),
    "shufflenet_v2_x0_5": (32, 1024), "squeezenet1_1": (32, 512), "swin_t": (64, 768), "swin_v2_t": (64, 768),
    "vgg11": (32, 512), "vit_b_32": (224, None), "wide_resnet50_2": (32, 2048),
}
# fmt: on


def build(name, height=224, width=None, load_weights=True, **values):
    options = TorchvisionEncoderOptions(**{"name": name, "weights": None, "freeze": "none", **values})
    return build_encoder(options, height=height, width=width or height, load_weights=load_weights)


def side_of(name):
    return 224 if name == "vit_h_14" else legal_size(name)[0]  # 518 is the size of its pretrained weights


def test_the_table_names_every_classification_model():
    assert sorted(FEATURE_SIZES) == torchvision_names()
    assert len(FEATURE_SIZES) == 80


@pytest.mark.parametrize("name", FEATURE_SIZES)
def test_every_model_builds_at_its_legal_size(name):
    with meta_parameters():
        encoder = build(name, side_of(name))
    assert encoder.feature_shape == (FEATURE_SIZES[name],)
    assert {parameter.device.type for parameter in encoder.parameters()} == {"meta"}


@pytest.mark.parametrize("name", SMALLEST)
def test_smallest_of_each_family_runs_and_learns(name):
    side, _ = SMALLEST[name]
    encoder = build(name, side).train()
    features = encoder(torch.randn(2, 3, side, side))
    assert features.shape == (2, FEATURE_SIZES[name])
    assert features.isfinite().all()
    features.square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in encoder.parameters())


@pytest.mark.parametrize("name", [name for name, (_, channels) in SMALLEST.items() if channels])
def test_smallest_of_each_family_knows_its_spatial_map(name):
    side = max(SMALLEST[name][0], 128)
    with meta_parameters():
        encoder = build(name, side, spatial=(2, 1))
    assert encoder.feature_shape == (SMALLEST[name][1], 2, 1)


@pytest.mark.parametrize("name", ["alexnet", "mobilenet_v3_small", "regnet_y_400mf", "maxvit_t", "swin_t"])
def test_spatial_features_are_real_and_leave_nothing_unused(name):
    side = max(SMALLEST[name][0], 64)
    encoder = build(name, side, spatial=(1, 1)).eval()
    features = encoder(torch.randn(1, 3, side, side))
    assert features.shape[1:] == encoder.feature_shape
    assert features.isfinite().all()
    features.square().sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


@pytest.mark.parametrize(
    "name",
    [
        "densenet121",
        "googlenet",
        "inception_v3",
        "mobilenet_v2",
        "resnet18",
        "shufflenet_v2_x0_5",
        "squeezenet1_1",
        "swin_t",
    ],
)
def test_where_the_network_itself_averages_its_last_map_spatial_1_1_is_the_same(name):
    whole, cut = build(name, 96).eval(), build(name, 96, spatial=(1, 1)).eval()
    cut.load_state_dict({key: tensor for key, tensor in whole.state_dict().items() if key in cut.state_dict()})
    frames = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        assert torch.allclose(whole(frames), cut(frames).flatten(1), atol=1e-5)


def test_spatial_runs_nothing_after_the_map():
    with meta_parameters():
        cut, whole = build("vgg11", 32, spatial=(1, 1)), build("vgg11", 32)
    assert (hasattr(cut.trunk, "classifier"), hasattr(whole.trunk, "classifier")) == (False, True)


@pytest.mark.parametrize(
    ("name", "size", "values", "message"),
    [
        ("vit_b_16", (112, 112), {}, r"'vit_b_16' cannot take frames of 112x112; expected exactly 224x224: set clip"),
        ("vit_b_16", (256, 256), {}, r"frames of 256x256; expected exactly 224x224: set clip\.height=224 clip\.width=224"),
        ("vit_h_14", (224, 224), {"weights": "DEFAULT"}, r"frames of 224x224; expected exactly 518x518"),
        ("maxvit_t", (112, 112), {}, r"'maxvit_t' cannot take frames of 112x112; expected exactly 224x224"),
        ("alexnet", (32, 32), {}, r"frames of 32x32; expected at least 63x63: set clip\.height=63 clip\.width=63"),
        ("alexnet", (32, 90), {}, r"frames of 32x90; expected at least 63x90: set clip\.height=63 clip\.width=90"),
        ("inception_v3", (64, 64), {}, r"frames of 64x64; expected at least 75x75"),
        (
            "vit_b_32",
            (224, 224),
            {"spatial": (2, 2)},
            r"'vit_b_32' has no spatial feature map, got model\.encoder\.spatial=\[2, 2\]; set model\.encoder\.spatial=null",
        ),
        (
            "resnet18",
            (64, 96),
            {"spatial": (4, 4)},
            r"spatial=\[4, 4\] is larger than the last feature map of 'resnet18', which is 2x3 for frames of 64x96; "
            r"set model\.encoder\.spatial=\[2, 3\] or less",
        ),
        ("resnat18", (64, 64), {}, r"encoder\.name=resnat18: there is no such encoder; did you mean 'resnet18'\?"),
        ("simpel", (64, 64), {}, r"did you mean 'simple'\?"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_fix(name, size, values, message):
    with pytest.raises(ModelError, match=message):
        build(name, *size, load_weights=False, **values)


@pytest.mark.parametrize(
    ("name", "mean", "std"),
    [
        ("resnet18", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ("efficientnet_v2_l", [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
        ("googlenet", [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
    ],
)
def test_mean_and_std_are_those_of_the_weights(name, mean, std):
    with meta_parameters():
        encoder = build(name, 96, weights="DEFAULT", load_weights=False)
    assert encoder.mean.flatten().tolist() == pytest.approx(mean)
    assert encoder.std.flatten().tolist() == pytest.approx(std)


def test_googlenet_gets_what_torchvision_gives_its_pretrained_weights():
    # torchvision takes frames normalised with ImageNet's figures and undoes that inside (transform_input).
    reference = torchvision.models.googlenet(weights=None, aux_logits=False, transform_input=True, init_weights=True).eval()
    reference.fc = torch.nn.Identity()
    encoder = build("googlenet", 64).eval()
    encoder.trunk.load_state_dict(reference.state_dict())
    scaled = torch.rand(2, 3, 64, 64)
    imagenet = (scaled - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        assert torch.allclose(encoder((scaled - encoder.mean) / encoder.std), reference(imagenet), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments", "spatial"),
    [
        ("mobilenet_v3_small", {}, None),
        ("mobilenet_v3_small", {}, (1, 1)),
        ("mobilenet_v3_small", {"num_classes": 7}, None),
        ("googlenet", {"aux_logits": True, "init_weights": False}, None),
        ("squeezenet1_1", {}, (1, 1)),
        ("mnasnet0_5", {}, None),
        ("densenet121", {}, None),
    ],
)
def test_weights_of_a_file_are_loaded_with_or_without_the_classifier(tmp_path, name, arguments, spatial):
    source, path = torchvision.models.get_model(name, weights=None, **arguments), tmp_path / "weights.pth"
    state = source.state_dict()
    if name == "densenet121":  # as published
        state = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", key): value for key, value in state.items()}
        assert "features.denseblock1.denselayer1.norm.1.weight" in state
    torch.save(state, path)
    encoder = build(name, 64, weights=str(path), spatial=spatial)
    for key, tensor in encoder.trunk.state_dict().items():
        assert torch.equal(tensor, source.state_dict()[key])
    torch.save(encoder.trunk.state_dict(), path)
    again = build(name, 64, weights=str(path), spatial=spatial)
    assert all(torch.equal(a, b) for a, b in zip(encoder.parameters(), again.parameters(), strict=True))


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "resnet34.pth"
    torch.save(torchvision.models.resnet34(weights=None).state_dict(), path)
    with pytest.raises(
        CheckpointError,
        match=r"model\.encoder\.weights=.*resnet34\.pth for 'resnet18' does not fit: got 216 tensors, expected 120; "
        r"96 unexpected: layer1\.2\.conv1\.weight, layer1\.2\.bn1\.weight, .*, …\. Fix: set model\.encoder\.name",
    ):
        build("resnet18", 64, weights=str(path))
    with pytest.raises(CheckpointError, match=r"no\.pth' is not there; expected a state dict .* model\.encoder\.name"):
        build("resnet18", 64, weights="no.pth")


def test_default_where_it_cannot_be_had_is_never_random(tmp_path, monkeypatch):
    blocked = tmp_path / "a_file"
    blocked.write_text("torch cannot make its folder here, so it cannot download either")
    monkeypatch.setenv("TORCH_HOME", str(blocked))
    with pytest.raises(
        CheckpointError,
        match=r"pretrained weights of 'resnet18' cannot be had: https://.*resnet18.*a_file.*model\.encoder\.weights=PATH.*model/encoder=simple",
    ):
        build("resnet18", 64, weights="DEFAULT")
    assert build("resnet18", 64, weights="DEFAULT", load_weights=False).feature_shape == (512,)


def test_default_is_read_from_the_cache_of_torch(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    weights = torchvision.models.get_model_weights("mobilenet_v3_small").DEFAULT
    path = tmp_path / "hub" / "checkpoints" / urlparse(weights.url).path.split("/")[-1]
    path.parent.mkdir(parents=True)
    source = torchvision.models.mobilenet_v3_small(weights=None)
    torch.save(source.state_dict(), path)
    encoder = build("mobilenet_v3_small", 64, weights="DEFAULT")
    assert torch.equal(encoder.trunk.features[0][0].weight, source.features[0][0].weight)
    path.write_bytes(b"torn")
    with pytest.raises(CheckpointError, match=r"'mobilenet_v3_small' cannot be had"):
        build("mobilenet_v3_small", 64, weights="DEFAULT")


@pytest.mark.real_data
def test_real_weights_fit_and_padding_same_changes_what_they_see(weights):
    path = str(weights / "mobilenet_v2_imagenet.pth")
    state = torch.load(path, weights_only=True)
    assert len(state) == 314
    frames = torch.rand(2, 3, 64, 64)
    features = {}
    for padding in ("torch", "same"):
        encoder = build("mobilenet_v2", 64, weights=path, padding=padding).eval()
        assert torch.equal(encoder.trunk.features[18][0].weight, state["features.18.0.weight"])
        with torch.no_grad():
            features[padding] = encoder(frames)
    assert not torch.allclose(features["torch"], features["same"], atol=0.1)
