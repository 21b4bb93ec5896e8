import re
import sys

import pytest
import torch

from videoseq import __version__
from videoseq.errors import CheckpointError, ConfigError
from videoseq.models.calibration import Calibration
from videoseq.models.checkpoint import (
    ModelConfig,
    build_model,
    checkpoint_payload,
    load_checkpoint,
    store_calibration,
)
from videoseq.models.options import (
    MeanHeadOptions,
    RecurrentHeadOptions,
    SimpleEncoderOptions,
    TimmEncoderOptions,
    TorchvisionEncoderOptions,
)
from videoseq.types import ClipSpec, TaskSpec

CONFIG = ModelConfig(
    encoder=SimpleEncoderOptions(channels=(4, 6), spatial=(2, 3), freeze_until="0", unfreeze_at_epoch=2),
    head=RecurrentHeadOptions(name="gru", hidden_size=8, pool="attention"),
    class_names=("left", "右"),
    clip=ClipSpec(num_frames=4, height=16, width=24, target_fps=12.5, sampling="segments"),
    origin={"data": {"root": "videos"}, "median_seconds": 2.5},
)


def content_of(config, **payload):
    state = {f"model.{name}": tensor for name, tensor in build_model(config, load_weights=False).state_dict().items()}
    return {
        "epoch": 3,
        "state_dict": state | {"loss.weight": torch.ones(2)},
        "videoseq": checkpoint_payload(config) | payload,
        "optimizer_states": [{"lr": 0.1}],
    }


def load(tmp_path, content):
    torch.save(content, tmp_path / "x.ckpt")
    return load_checkpoint(tmp_path / "x.ckpt")


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        ModelConfig(SimpleEncoderOptions(), MeanHeadOptions(dropout=0.5), ("a",), ClipSpec(height=32, width=32)),
        ModelConfig(
            TorchvisionEncoderOptions(name="mobilenet_v3_small", padding="same", spatial=(1, 1)),
            RecurrentHeadOptions(bidirectional=True),
            ("a", "b"),
            ClipSpec(height=32, width=32),
        ),
        ModelConfig(
            TimmEncoderOptions(name="timm:test_vit", unfreeze_at_epoch={1: "blocks.4", 2: "all"}),
            RecurrentHeadOptions(),
            ("a", "b"),
            ClipSpec(height=32, width=48),
        ),
        ModelConfig(
            SimpleEncoderOptions(),
            RecurrentHeadOptions(hidden_size=4),
            ("rest", "wave"),
            ClipSpec(height=32, width=32),
            task=TaskSpec("frames", per_frame=True, background="rest"),
        ),
        ModelConfig(
            SimpleEncoderOptions(),
            MeanHeadOptions(),
            ("value",),
            ClipSpec(height=32, width=32),
            task=TaskSpec("regression", mean=-3.5, std=0.25),
        ),
    ],
)
def test_round_trip_gives_the_same_config_and_logits(tmp_path, config):
    content = content_of(config)
    model = build_model(config, load_weights=False).eval()
    state = {key.removeprefix("model."): value for key, value in content["state_dict"].items() if key[0] == "m"}
    model.load_state_dict(state)
    loaded = load(tmp_path, content)
    assert loaded.config == config
    assert not loaded.model.training
    video = torch.randint(0, 256, (2, 4, 3, config.clip.height, config.clip.width), dtype=torch.uint8)
    assert torch.equal(loaded.model(video)[0], model(video)[0])


def test_a_checkpoint_needs_neither_network_nor_the_file_of_the_weights(tmp_path, monkeypatch):
    blocked = tmp_path / "a_file"
    blocked.write_text("nothing can be downloaded to here")
    monkeypatch.setenv("TORCH_HOME", str(blocked))
    for weights in ("DEFAULT", "/gone/weights.pth"):
        encoder = TorchvisionEncoderOptions(name="shufflenet_v2_x0_5", weights=weights)
        config = ModelConfig(encoder, MeanHeadOptions(), ("a", "b"), ClipSpec(height=32, width=32))
        assert load(tmp_path, content_of(config)).config == config


def test_a_checkpoint_of_timm_says_that_the_package_is_missing(tmp_path, monkeypatch):
    encoder = TimmEncoderOptions(name="timm:test_resnet", weights="/gone/weights.pth")
    content = content_of(ModelConfig(encoder, MeanHeadOptions(), ("a", "b"), ClipSpec(height=32, width=32)))
    monkeypatch.setitem(sys.modules, "timm", None)  # Python's own way to say that a module cannot be imported
    with pytest.raises(
        CheckpointError, match=r"x\.ckpt' describes a model that cannot be built: .*pip install 'videoseq\[timm\]'"
    ):
        load(tmp_path, content)


def test_payload_is_plain():
    payload = checkpoint_payload(CONFIG)
    assert {"name": "gru", "hidden_size": 8, "bidirectional": False, "pool": "attention"}.items() <= payload.pop("head").items()
    assert payload == {
        "format": 2,
        "version": __version__,
        "encoder": {
            "name": "simple",
            "weights": None,
            "freeze": "none",
            "freeze_until": "0",
            "freeze_batchnorm": False,
            "unfreeze_at_epoch": 2,
            "spatial": [2, 3],
            "channels": [4, 6],
            "kernel_size": 3,
            "depth": 1,
            "dropout": 0.0,
        },
        "class_names": ["left", "右"],
        "clip": {
            "num_frames": 4,
            "frame_stride": 1,
            "target_fps": 12.5,
            "height": 16,
            "width": 24,
            "crop_fraction": 0.875,
            "sampling": "segments",
            "padding": "repeat_last",
            "max_frames": 256,
        },
        "origin": {"data": {"root": "videos"}, "median_seconds": 2.5},
        "task": {"name": "classification", "per_frame": False, "background": None, "mean": 0.0, "std": 1.0},
    }


def test_a_calibration_is_put_into_the_file_and_all_else_stays(tmp_path):
    content = content_of(CONFIG)
    assert load(tmp_path, content).calibration == Calibration()
    for calibration in (Calibration(1.75, (0.25, None)), Calibration(0.5, (None, 1.0)), Calibration()):
        store_calibration(tmp_path / "x.ckpt", calibration)
        loaded = load_checkpoint(tmp_path / "x.ckpt")
        assert (loaded.config, loaded.calibration) == (CONFIG, calibration)
        again = torch.load(tmp_path / "x.ckpt", weights_only=True)
        assert again["videoseq"].pop("calibration") == {
            "temperature": calibration.temperature, "thresholds": list(calibration.thresholds),
        }  # fmt: skip
        assert again["videoseq"] == content["videoseq"]
        assert (again["epoch"], again["optimizer_states"]) == (3, [{"lr": 0.1}])
        assert list(again["state_dict"]) == list(content["state_dict"])
        assert all(torch.equal(tensor, content["state_dict"][name]) for name, tensor in again["state_dict"].items())
    assert [path.name for path in tmp_path.iterdir()] == ["x.ckpt"]


@pytest.mark.parametrize(
    ("calibration", "message"),
    [
        ({"temperature": 0.0}, r"temperature must be positive, got 0\.0; train again"),
        ({"temperature": 1.0, "thresholds": [0.5]}, r"got 1 thresholds, expected 2, one per class"),
        ({"temperature": "warm"}, r"x\.ckpt' has a calibration that cannot be understood"),
        ({"bias": 1.0}, r"unexpected keyword argument 'bias'"),
        ([], r"cannot be understood"),
    ],
)
def test_a_calibration_that_cannot_be_understood_is_refused(tmp_path, calibration, message):
    with pytest.raises(CheckpointError, match=message):
        load(tmp_path, content_of(CONFIG, calibration=calibration))


@pytest.mark.parametrize("names", [[], ["a", "b", "a"]])
def test_class_names_must_be_there_and_different(names):
    with pytest.raises(ConfigError, match=rf"all different, got {re.escape(str(names))}"):
        ModelConfig(SimpleEncoderOptions(), MeanHeadOptions(), names, ClipSpec())


class Malicious:
    def __reduce__(self):
        return print, ("this code was run",)


def test_code_in_a_checkpoint_is_never_run(tmp_path, capsys):
    with pytest.raises(CheckpointError, match=r"x\.ckpt' cannot be read; expected a checkpoint of videoseq"):
        load(tmp_path, content_of(CONFIG) | {"hyper_parameters": Malicious()})
    assert "this code was run" not in capsys.readouterr().out


def test_missing_file(tmp_path):
    with pytest.raises(CheckpointError, match=r"no\.ckpt' is not there; expected a checkpoint of videoseq: give a file"):
        load_checkpoint(tmp_path / "no.ckpt")


def test_a_video_is_no_checkpoint(tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"\x00\x00\x00\x20ftypisom")
    with pytest.raises(CheckpointError, match=r"x\.mp4' cannot be read; expected a checkpoint of videoseq"):
        load_checkpoint(tmp_path / "x.mp4")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"state_dict": {"a": torch.ones(1)}, "epoch": 1}, r"other software: got dict with the keys 'state_dict', 'epoch'"),
        ([1, 2], r"other software: got list with the keys none; expected 'videoseq' and 'state_dict'"),
        ({"videoseq": {}}, r"of other software: got dict with the keys 'videoseq'"),
        ({"fc.weight": torch.ones(1)}, r"is a bare state dict; expected a checkpoint of videoseq.*encoder\.weights=PATH"),
    ],
)
def test_files_of_other_software_are_refused(tmp_path, content, message):
    with pytest.raises(CheckpointError, match=message):
        load(tmp_path, content)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"format": 1}, r"x\.ckpt' has format 1, this videoseq reads format 2: train again$"),
        ({"head": {"name": "lstm", "poool": "max"}}, r"head has an unknown option 'poool'; did you mean 'pool'\?"),
        (
            {"encoder": {"name": "simple", "stem": 1}},
            r"written by videoseq 9\.9, cannot be understood by this one: encoder has an unknown option 'stem'.*; train again$",
        ),
        ({"head": {"name": "xlstm"}}, r"model\.head\.name=xlstm: there is no such head; did you mean 'lstm'\?"),
        ({"encoder": {"name": "resnet1818"}}, r"describes a model that cannot be built: .* did you mean 'resnet18'\?"),
        ({"encoder": {}}, r"cannot be understood by .*: there is no 'name'"),
        ({"clip": {"num_frames": 0}}, r"num_frames must be at least 1, got 0"),
        ({"clip": None}, r"cannot be understood by"),
        ({"class_names": []}, r"class names must be at least one"),
        (
            {"task": {"name": "ranking"}},
            r"cannot be understood by .*: there is no task 'ranking'; .*Known: classification, frames",
        ),
        ({"task": {"nmae": "frames"}}, r"task has an unknown option 'nmae'; did you mean 'name'\?"),
        ({"task": {"name": "regression"}}, r"a regression has one output, got 2: left, 右"),
        (
            {"task": {"name": "frames", "per_frame": True, "background": "rest"}},
            r"the background 'rest' is none of the classes left, 右",
        ),
    ],
)
def test_descriptions_that_cannot_be_understood_are_refused(tmp_path, payload, message):
    with pytest.raises(CheckpointError, match=message):
        load(tmp_path, content_of(CONFIG, version="9.9", **payload))


def test_a_state_that_does_not_fit_is_refused(tmp_path):
    content = content_of(CONFIG, class_names=["a", "b", "c"])
    with pytest.raises(
        CheckpointError,
        match=r"x\.ckpt' does not fit: .*2 of another shape: head\.classifier\.weight got \(2, 8\) expected \(3, 8\), "
        r"head\.classifier\.bias got \(2,\) expected \(3,\)\. Fix: give a file from the folder checkpoints/",
    ):
        load(tmp_path, content)
    content = content_of(CONFIG)
    del content["state_dict"]["model.encoder.mean"]
    with pytest.raises(CheckpointError, match=r"1 missing: encoder\.mean"):
        load(tmp_path, content)
