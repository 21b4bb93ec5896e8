"""Words that one command hands on to another."""

import subprocess

import pytest

from tests.config.test_arguments import AWKWARD
from videoseq.config import TrainConfig, load_config, main
from videoseq.config.arguments import prepare_arguments
from videoseq.config.composing import conf_folder
from videoseq.config.words import entry_words, given_words, key_of, typed_line, without
from videoseq.errors import ConfigError

WORDS = [
    "data.root=x",
    "+experiment=moving_shapes",
    "model/head=gru",
    "clip.num_frames=4",
    "+clip.height=32",
    "model.encoder.channels=[4,8]",
    "callbacks.mine={_target_: a.B, text: 'c d'}",
]


def given(*words: str) -> list[str]:
    """Returns what a command that was given some words hands on."""
    seen: list[str] = []
    with pytest.raises(SystemExit) as stopped:
        main(TrainConfig, "train", lambda cfg: seen.extend(given_words()), "usage", list(words))
    assert stopped.value.code == 0
    return seen


def test_preparing_twice_changes_nothing():
    once = prepare_arguments(WORDS, conf_folder())
    assert prepare_arguments(once[4:], conf_folder()) == once  # the first four are always added


@pytest.mark.parametrize("value", AWKWARD)
def test_an_awkward_path_that_is_handed_on_stays_the_same(value):
    words = given(f"data.root={value}", "paths.cache=there")
    assert load_config(TrainConfig, "train", words).data.root == value


def test_a_command_hands_on_the_options_it_was_given():
    assert given(*WORDS) == [
        "++data.root='x'",
        "+experiment=moving_shapes",
        "model/head=gru",
        "++clip.num_frames=4",
        "++clip.height=32",
        "++model.encoder.channels=[4,8]",
        "++callbacks.mine={_target_: a.B, text: 'c d'}",
    ]


@pytest.mark.parametrize("form", ["flag", "searchpath"])
def test_a_folder_of_ones_own_is_handed_on(form, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\nname: my own\ndata: {root: videos}\n")
    folder = ["--config-dir", str(tmp_path)] if form == "flag" else [f"hydra.searchpath=[file://{tmp_path}]"]
    words = given("+experiment=mine", *folder)
    assert words == ["+experiment=mine", f"hydra.searchpath=[file://{tmp_path}]"]
    assert load_config(TrainConfig, "train", words).name == "my own"


def test_options_are_left_out_by_their_key():
    words = ["++folds=3", "folds=4", "+experiment=x", "++data.split.folds=2", "compare=[a,b]"]
    assert [key_of(word) for word in words] == ["folds", "folds", "experiment", "data.split.folds", "compare"]
    assert without(words, ("folds", "compare")) == ["+experiment=x", "++data.split.folds=2"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("", []),
        ("kernel_size", ["+experiment=kernel_size"]),
        ("kernel_size  model.encoder.depth=2", ["+experiment=kernel_size", "model.encoder.depth=2"]),
        ("model/head=gru name='a b'", ["model/head=gru", "name=a b"]),
    ],
)
def test_an_entry_is_an_experiment_options_or_both(entry, words):
    assert entry_words(entry) == words


def test_an_entry_with_an_open_quote_is_refused():
    with pytest.raises(ConfigError, match=r"compare: cannot read .*No closing quotation\. Fix: close every quote"):
        entry_words("kernel_size name='a")


def test_a_command_line_reads_as_typed_and_means_the_same_to_a_shell():
    words = ["++folds=3", "++compare=['a','b c=5']", "++data.root='it\\'s $HOME'", "++model.encoder.channels=[4]"]
    line = typed_line("crossvalidate", words)
    assert line.startswith("python -m videoseq.crossvalidate folds=3 \"compare=['a','b c=5']\" ")
    shown = subprocess.run(
        ["sh", "-c", line.replace("python -m videoseq.crossvalidate", "printf '%s\\n'")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines() == [word.removeprefix("++") for word in words]
