"""Every file in conf/ composes, binds, and says something that the schema knows."""

from pathlib import Path

import pytest

from videoseq.config import (
    BenchmarkConfig,
    CrossvalidateConfig,
    EvaluateConfig,
    ExperimentConfig,
    ExtractConfig,
    PredictConfig,
    PrepareConfig,
    TrainConfig,
    load_config,
)
from videoseq.config.entry import conf_folder
from videoseq.errors import ConfigError
from videoseq.models.options import TimmEncoderOptions

CONF = conf_folder()
PROJECT = Path(__file__).parents[2]
PRIMARY = {
    "train": (TrainConfig, ["data.root=videos"]),
    "evaluate": (EvaluateConfig, ["checkpoint=a.ckpt"]),
    "predict": (PredictConfig, ["checkpoint=a.ckpt", "input=b.mp4"]),
    "extract": (ExtractConfig, ["what=frames", "input=b.mp4", "output=frames"]),
    "prepare": (PrepareConfig, ["data.root=videos", "output=prepared"]),
    "benchmark": (BenchmarkConfig, ["target=loader", "input=videos"]),
    "experiment": (ExperimentConfig, ["name=moving_shapes"]),
    "crossvalidate": (CrossvalidateConfig, ["data.root=videos"]),
}
GROUP_FILES = sorted(path for path in CONF.rglob("*.yaml") if path.parent != CONF)


@pytest.mark.parametrize("command", PRIMARY)
def test_primary_files_bind(command):
    schema, words = PRIMARY[command]
    assert isinstance(load_config(schema, command, words), schema)


def test_there_are_no_other_primary_files():
    assert {path.stem for path in CONF.glob("*.yaml")} == set(PRIMARY)


@pytest.mark.parametrize("path", GROUP_FILES, ids=lambda path: str(path.relative_to(CONF)))
def test_group_files_bind(path):
    group = str(path.parent.relative_to(CONF))
    plus = "+" if group == "experiment" else ""
    words = [f"{plus}{group}={path.stem}"] + ([] if group in ("experiment", "data") else ["data.root=videos"])
    if path.stem in ("folder", "gestures_template"):
        words.append("data.root=videos")
    cfg = load_config(TrainConfig, "train", words)
    assert isinstance(cfg, TrainConfig)


@pytest.mark.parametrize("path", sorted((CONF / "experiment").glob("*.yaml")), ids=lambda path: path.stem)
def test_experiment_files_carry_question_and_command_and_have_a_readme(path):
    text = path.read_text(encoding="utf-8")
    header = [line for line in text.splitlines() if line.startswith("#")]
    assert header[0] == "# @package _global_"
    assert "?" in header[1]
    assert f"python -m videoseq.train +experiment={path.stem}" in text
    assert (PROJECT / "experiments" / path.stem / "README.md").is_file()


def test_a_misspelt_key_in_an_experiment_file_is_refused(tmp_path):
    (tmp_path / "experiment").mkdir()
    text = "# @package _global_\ndata: {root: videos}\nmodel: {head: {hiden_size: 3}}\n"
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"unknown option model\.head\.hiden_size: did you mean model\.head\.hidden_size\?"):
        load_config(TrainConfig, "train", ["+experiment=mine", f"hydra.searchpath=[file://{tmp_path}]"])


def test_interpolations_may_name_any_option():
    cfg = load_config(TrainConfig, "train", ["data.root=videos", "clip.width=${clip.height}", "clip.height=64"])
    assert cfg.clip.width == 64


def test_an_unknown_interpolation_is_named():
    with pytest.raises(ConfigError, match=r"clip\.hight"):
        load_config(TrainConfig, "train", ["data.root=videos", "clip.width=${clip.hight}"])


@pytest.mark.parametrize(
    ("words", "stages"),
    [
        (["model.encoder.unfreeze_at_epoch={2:layer4,5:all}"], {2: "layer4", 5: "all"}),
        (["model.encoder.unfreeze_at_epoch={2: layer3.0.conv1}"], {2: "layer3.0.conv1"}),
        (["model.encoder.unfreeze_at_epoch={2:0,5:1}"], {2: "0", 5: "1"}),
        (["model.encoder.unfreeze_at_epoch.2=layer4", "model.encoder.unfreeze_at_epoch.5=all"], {2: "layer4", 5: "all"}),
    ],
)
def test_stages_of_unfreezing_are_written_on_the_command_line(words, stages):
    assert load_config(TrainConfig, "train", ["data.root=videos", *words]).model.encoder.unfreeze_at_epoch == stages


@pytest.mark.parametrize(("words", "spatial"), [((), (4, 4)), (("model.encoder.spatial=3x2",), (3, 2))])
def test_a_head_that_needs_a_grid_of_features_brings_one_of_a_size_that_can_be_changed(words, spatial):
    cfg = load_config(TrainConfig, "train", ["data.root=videos", "model/head=conv_lstm", *words])
    assert (cfg.model.head.name, cfg.model.encoder.name, cfg.model.encoder.spatial) == ("conv_lstm", "resnet18", spatial)


def test_a_model_of_timm_is_named_on_the_command_line():
    cfg = load_config(TrainConfig, "train", ["data.root=videos", "model.encoder.name=timm:mobilenetv3_small_100"])
    assert cfg.model.encoder == TimmEncoderOptions(name="timm:mobilenetv3_small_100")


def test_the_default_for_a_folder_is_a_frozen_pretrained_resnet18_and_an_lstm():
    cfg = load_config(TrainConfig, "train", ["data.root=videos"])
    assert (cfg.model.encoder.name, cfg.model.encoder.weights, cfg.model.encoder.freeze) == ("resnet18", "DEFAULT", "all")
    assert cfg.model.head.name == "lstm"


@pytest.mark.parametrize("name", ["moving_shapes", "motion_sequences", "motion_sets", "moving_speeds"])
def test_the_control_differs_from_its_experiment_in_the_head_alone(name):
    moving, control = (load_config(TrainConfig, "train", [f"+experiment={one}"]) for one in (name, f"{name}_mean"))
    assert (control.model.head.motion, moving.name, control.name) == ("none", name, f"{name}_mean")
    assert control.model.head.name == "mean"
    for part in ("clip", "data", "augment", "optimizer", "training", "trainer", "task"):
        assert getattr(moving, part) == getattr(control, part)
    assert moving.model.encoder == control.model.encoder
