"""`python -m videoseq.train trainer=ddp` in real processes: started by the command itself and by torchrun."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from torch import distributed

from tests.commands import only_run, read_csv, read_json, run, train_words

PROJECT = Path(__file__).parents[1]
SMALL = ("training.max_epochs=2", "model.encoder.freeze_batchnorm=true")
"""Without BatchNorm's figures of a batch, which each device takes from its own clips, two devices equal one."""
TWO = ("data.batch_size=2", "trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2")


def command(*words: str, launcher: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Runs the command in processes of its own; a hang fails."""
    return subprocess.run(
        [sys.executable, *launcher, "-m", "videoseq.train", *words],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def assert_equal_results(folder: Path, expected: Path, *splits: str):
    assert {path.name for path in folder.iterdir()} == {path.name for path in expected.iterdir()}
    assert (folder / "bad_videos.csv").read_text() == (expected / "bad_videos.csv").read_text()
    for row, wanted in zip(read_csv(folder / "predictions.csv"), read_csv(expected / "predictions.csv"), strict=True):
        assert (row["path"], row["target"], row["pred"]) == (wanted["path"], wanted["target"], wanted["pred"])
        assert float(row["prob_left"]) == pytest.approx(float(wanted["prob_left"]), abs=1e-4)
    metrics, reference = read_json(folder / "metrics.json"), read_json(expected / "metrics.json")
    assert metrics.keys() == reference.keys()
    for name in ("epochs", "num_videos", "num_bad_videos"):
        assert metrics[name] == reference[name]
    for split in splits:
        figures = {name: value for name, value in reference[split].items() if name != "per_class"}
        assert {name: metrics[split][name] for name in figures} == pytest.approx(figures, abs=1e-4)


@pytest.fixture(scope="module")
def one(bars, tmp_path_factory):
    """The folder of the run of one device with batches of four."""
    from videoseq.config import TrainConfig, load_config
    from videoseq.train import train

    words = train_words(bars, tmp_path_factory.mktemp("one"), *SMALL, "data.batch_size=4")
    return train(load_config(TrainConfig, "train", words)).folder


def test_a_run_is_stopped_and_continued_and_equals_that_of_one_device(tmp_path, bars, one):
    words = train_words(bars, tmp_path, *SMALL, *TWO, "data.num_workers=1")
    stopped = command(*words, "callbacks.stop={_target_: tests.signals.SignalAt, batches: 6}")  # in both processes
    assert stopped.returncode == 3, stopped.stderr
    folder = only_run(tmp_path)
    also = ("scanning:", "every epoch decodes its clips:", "epoch 1/2 ")
    told = [line for line in stopped.stderr.splitlines() if not line.startswith(also)]
    assert told == [
        f"run {folder}: 2 classes, train 16, val 4, test 4",
        f"videoseq.train: stopped after epoch 1, batch 2; saved {folder}/checkpoints/last.ckpt. Continue with the same command "
        "and resume=auto",
    ]
    assert not (folder / "metrics.json").exists()

    continued = command(*words, "resume=auto")
    assert continued.returncode == 0, continued.stderr
    assert only_run(tmp_path) == folder
    assert_equal_results(folder, one, "val", "test")
    assert "Warning" not in continued.stderr
    log = (folder / "train.log").read_text(encoding="utf-8")
    assert [log.count(f"epoch {number}/2") for number in (1, 2)] == [1, 1]
    assert continued.stderr.count("epoch 2/2") == 1


def test_torchrun_starts_the_processes(tmp_path, bars, one):
    words = train_words(bars, tmp_path, *SMALL, *TWO[:-1])
    outcome = command(*words, launcher=("-m", "torch.distributed.run", "--nproc-per-node", "2"))
    assert outcome.returncode == 0, outcome.stderr
    assert_equal_results(only_run(tmp_path), one, "train", "val", "test")
    assert len(list((only_run(tmp_path) / "tensorboard").iterdir())) == len(list((one / "tensorboard").iterdir()))
    assert outcome.stderr.count("2 classes, train 16, val 4, test 4") == 1


def test_a_process_that_fails_ends_the_run(tmp_path, bars):
    words = train_words(bars, tmp_path, *SMALL, *TWO)
    outcome = command(*words, "callbacks.fail={_target_: tests.signals.RaiseInSecondProcess, batches: 3}")
    assert outcome.returncode == 1, outcome.stderr
    lines = outcome.stderr.splitlines()
    assert "RuntimeError: a bug in one of them" in outcome.stderr
    assert lines[-1] == "videoseq.train: process 1 of the run: it failed; its traceback stands above"
    assert outcome.stderr.count("Traceback") == 1


def test_one_device_may_be_a_group_of_its_own(capsys, tmp_path, bars, one):
    words = train_words(bars, tmp_path, *SMALL, "data.batch_size=4", "trainer=ddp", "trainer.accelerator=cpu")
    outcome = run(capsys, "train", *words)
    assert outcome.code == 0, outcome.err
    assert_equal_results(only_run(tmp_path), one, "train", "val", "test")
    assert not distributed.is_initialized()
    assert "LOCAL_RANK" not in os.environ


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"),
            r"several devices need a process each: use the command",
        ),
        (("trainer=ddp", "trainer.accelerator=gpu", "trainer.devices=99"), r"use trainer=cpu|take trainer\.devices=auto"),
        (("trainer.devices=0",), r"trainer\.devices must be at least 1 or auto, got 0"),
        (("trainer.devices=two",), r"trainer\.devices must be a whole number or one of auto, got 'two'"),
        (("trainer.num_nodes=0",), r"trainer\.num_nodes must be at least 1, got 0"),
        (("trainer.strategy=dp",), r"trainer\.strategy must be one of auto, ddp, ddp_find_unused \(did you mean 'ddp'\?\)"),
        (("trainer.sync_batchnorm=true", "trainer=cpu"), r"trainer\.sync_batchnorm=true is for GPUs, this run is on cpu"),
    ],
)
def test_devices_that_cannot_be_had_are_refused(capsys, tmp_path, bars, words, message):
    outcome = run(capsys, "train", *train_words(bars, tmp_path), *words)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert re.search(message, outcome.err), outcome.err
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("name", "words"), [("evaluate", ("checkpoint=a.ckpt",)), ("predict", ("checkpoint=a.ckpt", "input=a.mp4"))]
)
def test_other_commands_run_on_one_device(capsys, name, words):
    outcome = run(capsys, name, *words, "trainer=ddp")
    assert outcome.code == 2
    assert outcome.err == (
        f"videoseq.{name}: trainer.devices=auto: videoseq.{name} runs on one device; leave it out, or take trainer=gpu or "
        "trainer=cpu\n"
    )
