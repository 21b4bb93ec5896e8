"""`-m`: which combinations there are, and what is refused before the first of them is trained."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.commands import read_csv, run, train_words
from videoseq.config import load_config, main
from videoseq.config.schema import TrainConfig
from videoseq.config.sweep import checked_configs, refuse_rewritten_data, swept_options
from videoseq.errors import ConfigError

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def sweep(capsys, tmp_path):
    """Sweeps with a training that only keeps its options; gives these, and the rows of `sweep.csv`."""

    def swept(*words):
        seen = []

        def train(cfg, folder):
            seen.append(cfg)
            assert folder.is_dir()
            return SimpleNamespace(metrics={"val": {"accuracy": 0.5, "loss": 1.0}, "epochs": 1})

        with pytest.raises(SystemExit) as stopped:
            main(TrainConfig, "train", train, "usage", [f"paths.outputs={tmp_path}", *words], sweep=train)
        assert stopped.value.code == 0, capsys.readouterr().err
        (folder,) = (tmp_path / "train").iterdir()
        rows = read_csv(folder / "sweep.csv")
        assert len(rows) == len(seen)
        return seen, rows

    return swept


def test_every_combination_is_a_run_with_its_values_as_columns(sweep):
    seen, rows = sweep("-m", "data.root=videos", "seed=0,1", "model/head=lstm,gru", "clip.num_frames=4", "optimizer.lr=0.1")
    assert [(cfg.seed, cfg.model.head.name, cfg.clip.num_frames) for cfg in seen] == [
        *((0, "lstm", 4), (0, "gru", 4)),
        *((1, "lstm", 4), (1, "gru", 4)),
    ]
    assert [(row["number"], row["status"], row["seed"], row["model/head"]) for row in rows] == [
        *(("0", "done", "0", "lstm"), ("1", "done", "0", "gru")),
        *(("2", "done", "1", "lstm"), ("3", "done", "1", "gru")),
    ]
    assert list(rows[0]) == [
        *("number", "status", "seed", "model/head", "val_accuracy", "val_loss"),
        *("epochs", "seconds", "folder", "message"),
    ]


def test_no_run_of_a_sweep_looks_at_the_test_split(sweep):
    seen, _ = sweep("-m", "data.root=videos", "seed=0,1")
    assert [cfg.test for cfg in seen] == [False, False]


def test_an_experiment_that_asks_for_the_test_split_does_not_get_it(sweep, tmp_path):
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    text = "# @package _global_\ndata: {root: videos}\ntest: true\noptimizer: {lr: 0.5}\n"
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text(text)
    seen, _ = sweep("--config-dir", str(tmp_path / "conf"), "+experiment=mine", "-m", "seed=0,1")
    assert [(cfg.test, cfg.optimizer.lr, cfg.seed) for cfg in seen] == [(False, 0.5, 0), (False, 0.5, 1)]


@pytest.mark.parametrize("flag", ["-m", "--multirun"])
def test_a_sweep_may_have_one_combination(sweep, flag):
    seen, rows = sweep("seed=3", flag, "data.root=videos")
    assert [cfg.seed for cfg in seen] == [3]
    assert list(rows[0])[:3] == ["number", "status", "val_accuracy"]


def test_lists_and_paths_with_commas_are_one_value(sweep):
    seen, _ = sweep("-m", "data.root=a, b (1)", "model/encoder=simple", "model.encoder.channels=[4,8],[16]", "seed=1")
    assert [cfg.model.encoder.channels for cfg in seen] == [(4, 8), (16,)]
    assert {cfg.data.root for cfg in seen} == {"a, b (1)"}


def test_paths_are_swept_where_they_are_quoted(sweep):
    seen, rows = sweep("-m", "data.root='a, b','c'")
    assert [cfg.data.root for cfg in seen] == ["a, b", "c"]
    assert [row["data.root"] for row in rows] == ["'a, b'", "'c'"]


def test_ranges_and_interpolations_are_hydras(sweep):
    words = ("seed=range(4,7)", "clip.num_frames=${seed}", "data.num_workers=${hydra:job.num}")
    seen, _ = sweep("-m", "data.root=videos", *words)
    assert [(cfg.seed, cfg.clip.num_frames, cfg.data.num_workers) for cfg in seen] == [(4, 4, 0), (5, 5, 1), (6, 6, 2)]


REFUSED = {
    "a misspelt key": (["seed=0,1", "modl.x=1"], r"^videoseq\.train: unknown option modl: did you mean model\? "),
    "a value of one combination": (["optimizer.lr=0.1,-1"], "^videoseq.train: optimizer.lr=-1: optimizer.lr must be positive"),
    "an unknown choice": (["model/head=lsmt,gru"], "unknown model/head 'lsmt': did you mean 'lstm'"),
    "the test split": (["seed=0,1", "test=true"], r"chooses by the validation videos.*leave out test=true.*videoseq\.evaluate"),
    "the test split at times": (["test=true,false"], "^videoseq.train: test=True: a sweep .*leave out test=true"),
    "continuing": (["seed=0,1", "resume=auto"], "resume=auto continues one run, a sweep .-m. starts new ones: leave out one"),
    "several devices": (
        ["seed=0,1", "trainer.devices=2"],
        "trainer.devices=2 starts this command once for each device.*joblib",
    ),
    "several names": (["name=a,b"], "name=b: name and paths.outputs say where a sweep .-m. lies, so each takes one value"),
    "several figures": (
        ["training.monitor=loss,accuracy"],
        "^videoseq.train: training.monitor=accuracy: a sweep .-m. says by one figure which run is best, got loss and accuracy",
    ),
    "several tasks": (["task.name=classification,regression"], "got accuracy and r2: give all runs the same training.monitor"),
    "another folder": (["hydra.sweep.dir=x"], "hydra.sweep.dir=x: a sweep lies in <paths.outputs>/<name>/sweep_<date>"),
    "batches": (["seed=0,1", "hydra.sweeper.max_batch_size=1"], "max_batch_size would hide the later combinations"),
    "showing": (["seed=0,1", "--cfg", "job"], "-m runs a sweep, --cfg and --info show a configuration: give one of them"),
    "what is no grid": (["seed=interval(0,1)"], "does not support sweep type"),
    "data that is written anew beside a run": (
        ["+experiment=moving_shapes", "data.synthetic.seed=0,1", "hydra/launcher=joblib"],
        r"would each write another data set into data\.root=.*: give each a folder of its own, such as 'data\.root=",
    ),
    "an option of the launcher": (["hydra/launcher=joblib", "hydra.launcher.n_job=2"], "'hydra.launcher.n_job'"),
    "an unknown launcher": (["hydra/launcher=jobblib"], "unknown hydra/launcher 'jobblib': did you mean 'joblib'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_swept_is_refused_before_the_first_run(capsys, tmp_path, case):
    words, message = REFUSED[case]
    outcome = run(capsys, "train", *train_words(tmp_path / "no videos", tmp_path, "-m", *words))
    assert outcome.code == 2
    assert re.search(message, outcome.err)
    assert list(tmp_path.iterdir()) == []


def test_a_launcher_without_its_package_is_named():
    words = ["data.root=x", "-m", "seed=0,1", "hydra/launcher=joblib"]
    program = (
        "import sys\n"
        "sys.modules['hydra_plugins'] = None  # as where no plugin is installed\n"
        f"sys.argv = ['x', *{words!r}]\n"
        "import runpy; runpy.run_module('videoseq.train', run_name='__main__', alter_sys=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "videoseq.train: hydra/launcher=joblib needs a package: pip install hydra-joblib-launcher\n"


def config(*words):
    return load_config(TrainConfig, "train", ["data.root=videos", "test=false", *words])


def test_runs_at_the_same_time_may_share_data_or_have_folders_of_their_own():
    seeds = [config("+experiment=moving_shapes", f"data.synthetic.seed={seed}").data for seed in (0, 1)]
    refuse_rewritten_data([seeds[0], seeds[0], config().data])
    refuse_rewritten_data([seeds[0], replace(seeds[1], root="elsewhere")])
    with pytest.raises(ConfigError, match=r"data\.root="):
        refuse_rewritten_data(seeds)


def test_options_that_differ_are_swept():
    combinations = [{"a": "1", "b": "x", "c": "3"}, {"a": "2", "b": "x", "c": "3"}, {"a": "2", "b": "x"}]
    assert swept_options(combinations) == [{"a": "1", "c": "3"}, {"a": "2", "c": "3"}, {"a": "2", "c": ""}]


def test_all_problems_are_told_at_once_and_each_once():
    swept = [{"a": "1", "b": "1"}, {"a": "1", "b": "2"}, {"a": "2", "b": "1"}]
    configs = [config(), ConfigError("b is wrong"), config("resume=x")]
    with pytest.raises(ConfigError, match=r"^a=1 b=2: b is wrong\na=2 b=1: resume=x continues one run"):
        checked_configs(configs, swept)
    with pytest.raises(ConfigError, match=r"^all are wrong$"):
        checked_configs([ConfigError("all are wrong")] * 3, swept)
    assert checked_configs([config(), config("seed=1")], swept[:2]) == [config(), config("seed=1")]
