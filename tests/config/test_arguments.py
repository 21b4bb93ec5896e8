import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from videoseq.config import BenchmarkConfig, EvaluateConfig, ExperimentConfig, PredictConfig, TrainConfig
from videoseq.config.arguments import PATH_KEYS, prepare_arguments
from videoseq.config.binding import options
from videoseq.config.entry import conf_folder

AWKWARD = (
    "clip (1).mp4",
    "it's.mp4",
    "a,b.mp4",
    "clip[1].mp4",
    "视频.mp4",
    "epoch=3.ckpt",
    "rtsp://h/?a=1&b=2",
    "back\\slash.mp4",
    "ends with\\",
    "\\'both",
    "{a: b}.mp4",
    "100% #1.mp4",
    " leading and trailing ",
    "*.mp4",
    "~/videos",
    "1",
    "true",
    "",
)


@pytest.mark.parametrize("value", AWKWARD)
@pytest.mark.parametrize("key", sorted(PATH_KEYS))
def test_a_path_reaches_the_command_as_it_was_typed(key, value):
    word = prepare_arguments([f"{key}={value}"], conf_folder())[-1]
    parsed = OverridesParser.create().parse_override(word)
    assert parsed.key_or_group == key
    assert parsed.value() == value


def test_every_path_like_key_is_an_option_of_a_command():
    schemas = (TrainConfig, EvaluateConfig, PredictConfig, ExperimentConfig, BenchmarkConfig)
    assert {option.key for schema in schemas for option in options(schema)} >= PATH_KEYS


def test_null_and_quoted_paths_are_left_alone():
    assert prepare_arguments(["resume=null", "input='a,b'"], conf_folder())[-2:] == ["++resume=null", "++input='a,b'"]


@pytest.mark.parametrize(
    ("word", "prepared"),
    [
        ("clip.num_frames=8", "++clip.num_frames=8"),
        ("+clip.num_frames=8", "++clip.num_frames=8"),
        ("model/head=gru", "model/head=gru"),
        ("trainer=gpu", "trainer=gpu"),
        ("+experiment=moving_shapes", "+experiment=moving_shapes"),
        ("hydra.verbose=true", "hydra.verbose=true"),
        ("~callbacks", "~callbacks"),
        ("--config-dir", "--config-dir"),
    ],
)
def test_values_are_forced_and_groups_are_chosen(word, prepared):
    assert prepare_arguments([word], conf_folder())[-1] == prepared
