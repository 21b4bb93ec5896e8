"""The one entry: exit codes, messages, help, and what it does not import."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from tests.commands import SCHEMAS, run, train_words
from videoseq.config import (
    ExperimentConfig,
    TrainConfig,
    bind,
    load_config,
    main,
    save_config,
)
from videoseq.config.binding import options
from videoseq.errors import ConfigError, Interrupted
from videoseq.types import plain_dict

PROJECT = Path(__file__).parents[2]


def exit_code(task, words=("name=x",)):
    with pytest.raises(SystemExit) as stopped:
        main(ExperimentConfig, "experiment", task, "usage", list(words))
    return stopped.value.code


def test_done_is_exit_code_0_and_the_command_gets_its_options(capsys):
    seen = []
    assert exit_code(seen.append, ["name=x", "seeds=[1,2]", "output='a,b'"]) == 0
    assert seen == [ExperimentConfig(name="x", seeds=(1, 2), output="a,b")]
    assert capsys.readouterr() == ("", "")


def test_a_mistake_of_the_user_is_exit_code_2_and_one_message(capsys):
    def mistaken(cfg):
        raise ConfigError("this is wrong: do that")

    assert exit_code(mistaken) == 2
    assert capsys.readouterr() == ("", "videoseq.experiment: this is wrong: do that\n")


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "a file: No space left on device"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "aaa"), "'aaa': File name too long"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "b"), "'b': Disk quota exceeded"),
    ],
)
def test_a_place_that_cannot_be_used_is_the_users_affair(capsys, error, place):
    def full(cfg):
        raise error

    assert exit_code(full) == 2
    repair = "choose another folder with output=, paths.outputs= or paths.cache="
    assert capsys.readouterr().err == f"videoseq.experiment: cannot use {place}; {repair}\n"


def test_a_name_that_the_terminal_cannot_show_ends_no_command(capsys):
    assert exit_code(lambda cfg: print("left/\udcff.mp4")) == 0
    assert capsys.readouterr().out == "left/\\udcff.mp4\n"


def test_an_interruption_is_exit_code_3(capsys):
    def interrupted(cfg):
        raise Interrupted("stopped; resume=auto continues")

    def at_once(cfg):
        raise KeyboardInterrupt

    assert exit_code(interrupted) == 3
    assert capsys.readouterr().err == "videoseq.experiment: stopped; resume=auto continues\n"
    assert exit_code(at_once) == 3
    assert capsys.readouterr().err == "videoseq.experiment: interrupted\n"


def test_a_bug_is_no_message_of_ours():
    def buggy(cfg):
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        main(ExperimentConfig, "experiment", buggy, "usage", ["name=x"])


def test_a_bug_is_exit_code_1_with_its_traceback(tmp_path, bars):
    words = train_words(bars, tmp_path, "callbacks.bug={_target_: tests.signals.RaiseAtStart, message: 'it is broken'}")
    done = subprocess.run(
        [sys.executable, "-m", "videoseq.train", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1] == "RuntimeError: it is broken"
    assert "HYDRA_FULL_ERROR" not in done.stderr


def test_the_command_line_of_the_process_is_left_as_it_was(capsys):
    typed = list(sys.argv)
    exit_code(lambda cfg: None)
    assert sys.argv == typed


def test_a_required_option_that_is_missing_is_named(capsys):
    assert exit_code(lambda cfg: None, []) == 2
    assert capsys.readouterr().err == "videoseq.experiment: name is missing: name=moving_shapes\n"


def test_sweeps_of_other_commands_are_refused(capsys):
    assert exit_code(lambda cfg: None, ["-m", "name=a,b"]) == 2
    message = "videoseq.experiment: sweeps (-m) are for videoseq.train: run this command once per value\n"
    assert capsys.readouterr() == ("", message)


@pytest.mark.parametrize("order", [0, 1])
def test_a_folder_of_ones_own_adds_choices_wherever_it_is_named(capsys, tmp_path, order):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\nname: my own\ndata: {root: videos}\n")
    words = [["--config-dir", str(tmp_path)], ["+experiment=mine", "seed=3"]]
    seen = []
    with pytest.raises(SystemExit) as stopped:
        main(TrainConfig, "train", seen.append, "usage", words[order] + words[1 - order])
    assert stopped.value.code == 0
    assert (seen[0].name, seen[0].seed) == ("my own", 3)


def test_a_saved_configuration_is_the_same_when_read(tmp_path):
    cfg = load_config(TrainConfig, "train", ["data.root=it's, a (1)=视频", "model/head=mean", "clip.target_fps=12.5"])
    save_config(cfg, tmp_path / "config.yaml")
    assert bind(TrainConfig, OmegaConf.to_container(OmegaConf.load(tmp_path / "config.yaml"))) == cfg


def test_what_is_logged_before_hydra_starts_is_still_heard(capsys):
    import logging

    def warns(cfg):
        logging.getLogger("videoseq.data.splits").warning("heard")

    for _ in range(2):
        assert exit_code(warns) == 0
        assert capsys.readouterr().err == "WARNING: heard\n"


@pytest.mark.parametrize("command", SCHEMAS)
def test_help_lists_every_option_with_its_meaning(capsys, command):
    outcome = run(capsys, command, "--help")
    assert outcome.code == 0
    assert f"usage: python -m videoseq.{command} key=value" in outcome.out
    lines = outcome.out.splitlines()
    for option in options(SCHEMAS[command]):
        (place,) = [number for number, line in enumerate(lines) if line.startswith(f"  {option.key}  (")]
        assert lines[place + 1].strip(), option.key


CHOICES = ("model/encoder=resnet18", "model/encoder=simple", "model/head=gru", "model/head=mean")
VARIANTS = [
    *(("train", [choice, "data.root=x"]) for choice in CHOICES),
    ("evaluate", ["checkpoint=x"]),
    ("predict", ["checkpoint=x", "input=x"]),
    ("experiment", ["name=x"]),
    ("crossvalidate", ["data.root=x"]),
    ("benchmark", ["target=memory", "data.root=x"]),
]


def defaults_in(phrases, members):
    """Returns the defaults that the help shows for the chosen members of the families."""
    found = [re.fullmatch(r"default (.*?)(?: for (.*))?", phrase) for phrase in phrases.split("; ")]
    return [yaml.safe_load(one[1]) for one in found if one and (one[2] is None or members & set(one[2].split(", ")))]


@pytest.mark.parametrize(("command", "words"), VARIANTS)
def test_help_shows_the_defaults_that_the_composed_configuration_holds(capsys, command, words):
    out = run(capsys, command, "--help").out
    cfg = plain_dict(load_config(SCHEMAS[command], command, words))
    members = {
        "a model of torchvision" if part["name"] == "resnet18" else part["name"] for part in cfg.get("model", {}).values()
    }
    given = {word.partition("=")[0].replace("model/encoder", "model.encoder.name") for word in words}
    given = {key.replace("model/head", "model.head.name") for key in given}
    compared = 0
    for key, phrases in re.findall(r"^  ([\w.]+)  \([^;]*; (.*)\)$", out, re.MULTILINE):
        for default in defaults_in(phrases, members) if key not in given else []:
            value = cfg
            for part in key.split("."):
                value = value[part]
            assert default == (list(value) if isinstance(value, tuple) else value), key
            compared += 1
    assert compared > {"experiment": 2, "evaluate": 9, "predict": 15}.get(command, 60)


def test_help_lists_the_options_of_every_member_of_a_family(capsys):
    out = run(capsys, "train", "-h").out
    assert "  model.encoder.channels  (list of int; default [32,64,128] for simple)" in out
    assert "  model.encoder.kernel_size  (int; default 3 for simple)" in out
    weights = (
        "  model.encoder.weights  (str|null; default null for simple; default DEFAULT for a model of torchvision, timm:NAME)"
    )
    assert weights in out
    assert "  model.encoder.name  (str; default resnet18)" in out
    assert "  model.encoder.freeze_until  (str|null; default null)" in out
    assert (
        "  model.head.pool  (last|mean|max|attention; default last for lstm, gru, rnn, mingru, conv_lstm, tcn, transformer)"
        in out
    )
    assert "  model.head.kernel_size  (int; default 3 for conv_lstm, tcn)\n      conv_lstm: Side of the convolutions " in out
    assert "\n      tcn: Frames that a convolution over time sees; " in out
    assert "  model.head.dropout  (float; default 0.0)" in out


def test_help_may_be_cut_short():
    ended = subprocess.run(
        f"{sys.executable} -m videoseq.train --help | head -1", shell=True, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "usage: python -m videoseq.train key=value …\n"
    assert ended.stderr == ""


def test_help_shows_no_default_where_something_else_holds(capsys):
    out = run(capsys, "train", "-h").out
    assert "  data.synthetic  (group; default null)" in out
    assert "  data.synthetic.seed  (int; 0 where data.synthetic is given)" in out
    assert "  data.synthetic.num_train  (int; default 1000 for moving_shapes; default 1200 for coloured_shapes; " in out
    assert "  data.batch_size  (int; as in the training run)" in run(capsys, "evaluate", "-h").out


def test_help_shows_types_choices_and_defaults(capsys):
    out = run(capsys, "train", "-h").out
    assert "  callbacks  (group; default {})" in out
    assert "  clip.sampling  (uniform|segments|random_clip|all; default uniform)" in out
    assert "  optimizer.lr  (float; default 0.001)" in out
    assert "  training.early_stopping  (int|null; default null)" in out
    assert "  checkpoint  (str; required)" in run(capsys, "predict", "--help").out


WITHOUT_TORCH = {
    "the list of commands": ["videoseq", []],
    "help of train": ["videoseq.train", ["--help"]],
    "help of evaluate": ["videoseq.evaluate", ["--help"]],
    "help of predict": ["videoseq.predict", ["--help"]],
    "help of experiment": ["videoseq.experiment", ["--help"]],
    "help of crossvalidate": ["videoseq.crossvalidate", ["--help"]],
    "a misspelt key": ["videoseq.train", ["data.root=x", "model.head.hiden_size=3"]],
    "an unknown group": ["videoseq.train", ["data.root=x", "model/head=lsmt"]],
    "a misspelt key in a sweep": ["videoseq.train", ["data.root=x", "-m", "seed=0,1", "model.head.hiden_size=3"]],
    "nothing to train on": ["videoseq.train", []],
    "a missing option": ["videoseq.predict", []],
    "equal entries to compare": ["videoseq.crossvalidate", ["compare=[moving_shapes,moving_shapes]"]],
}


@pytest.mark.parametrize("case", WITHOUT_TORCH)
def test_help_and_errors_of_the_configuration_come_without_torch(case):
    module, words = WITHOUT_TORCH[case]
    program = (
        "import runpy, sys\n"
        f"sys.argv = ['x', *{words!r}]\n"
        "try:\n"
        f"    runpy.run_module({module!r}, run_name='__main__', alter_sys=True)\n"
        "except SystemExit as stopped:\n"
        "    print('code', stopped.code)\n"
        "heavy = {name.partition('.')[0] for name in sys.modules}\n"
        "print('heavy', sorted(heavy & {'torch', 'torchvision', 'pytorch_lightning', 'matplotlib', 'av'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "heavy []"
    if "help" not in case and case != "the list of commands":
        assert "code 2" in done.stdout
