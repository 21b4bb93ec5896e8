"""Runs that are stopped and continued, as a user does it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from tests.commands import only_run, read_csv, read_json, run, train_words

PROJECT = Path(__file__).parents[1]
SMALL = ("data.batch_size=4", "training.max_epochs=3", "model.head.dropout=0.3")
"""Four batches an epoch, twelve in all; dropout and the standard augmentation draw random numbers."""


def states_of(folder: Path) -> dict[str, torch.Tensor]:
    content = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert content["global_step"] == 12
    return content["state_dict"]


def steps_of(folder: Path, tag: str) -> list[int]:
    """Returns the steps of a curve, file after file as TensorBoard reads them."""
    files = sorted((folder / "tensorboard").glob("events*"), key=lambda path: path.stat().st_mtime)
    return [
        event.step
        for file in files
        for event in EventFileLoader(str(file)).Load()
        for value in event.summary.value
        if value.tag == tag
    ]


def interrupted(words: list[str], cwd: Path, batches: int) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own, which gets SIGINT after some batches."""
    signalled = f"callbacks.stop={{_target_: tests.signals.SignalAt, batches: {batches}}}"
    return subprocess.run(
        [sys.executable, "-m", "videoseq.train", *words, signalled],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory, bars, request):
    """The folder of a run that nothing stopped."""
    from videoseq.config import TrainConfig, load_config
    from videoseq.train import train

    words = train_words(bars, tmp_path_factory.mktemp("whole"), *SMALL)
    return train(load_config(TrainConfig, "train", words)).folder


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_stopped_in_an_epoch_goes_on_as_if_nothing_had_happened(capsys, tmp_path, bars, whole, workers):
    words = train_words(bars, tmp_path, *SMALL, f"data.num_workers={workers}")
    stopped = interrupted(words, tmp_path, batches=6)
    assert stopped.returncode == 3, stopped.stderr
    folder = only_run(tmp_path)
    last = folder / "checkpoints" / "last.ckpt"
    message = stopped.stderr.splitlines()[-1]
    assert message == (
        f"videoseq.train: stopped after epoch 1, batch 2; saved {last}. Continue with the same command and resume=auto"
    )
    assert "Traceback" not in stopped.stderr
    assert not (folder / "metrics.json").exists()
    assert torch.load(last, weights_only=True)["global_step"] == 6

    outcome = run(capsys, "train", *words, "resume=auto")
    assert outcome.code == 0, outcome.err
    assert f"continuing {folder}" in outcome.err
    assert only_run(tmp_path) == folder
    expected, found = states_of(whole), states_of(folder)
    assert list(expected) == list(found)
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []
    metrics = read_json(folder / "metrics.json")
    reference = read_json(whole / "metrics.json")
    assert metrics["epochs"] == 3
    assert (metrics["val"], metrics["test"]) == (reference["val"], reference["test"])
    assert read_csv(folder / "predictions.csv") == read_csv(whole / "predictions.csv")
    for tag in ("val/loss", "train/loss"):
        assert steps_of(folder, tag) == steps_of(whole, tag) != []


def test_resume_of_a_path_continues_the_run_of_that_checkpoint(capsys, tmp_path, bars, whole):
    first = train_words(bars, tmp_path, *SMALL)
    assert run(capsys, "train", *first, "callbacks.stop={_target_: tests.signals.SignalAt, batches: 5}").code == 3
    folder = only_run(tmp_path)
    outcome = run(capsys, "train", *first, "name=another", f"resume={folder / 'checkpoints' / 'last.ckpt'}")
    assert outcome.code == 0, outcome.err
    assert not (tmp_path / "outputs" / "another").exists()
    expected, found = states_of(whole), states_of(folder)
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_sigterm_saves_too(capsys, tmp_path, bars):
    words = train_words(bars, tmp_path, *SMALL)
    callback = "callbacks.stop={_target_: tests.signals.SignalAt, batches: 3, number: 15}"
    outcome = run(capsys, "train", *words, callback)
    assert outcome.code == 3
    assert "stopped after epoch 0, batch 3; saved" in outcome.err
    assert torch.load(only_run(tmp_path) / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 3


def test_resume_auto_without_an_unfinished_run_says_so_and_starts_one(capsys, tmp_path, bars):
    words = train_words(bars, tmp_path, "training.max_epochs=1", "resume=auto")
    outcome = run(capsys, "train", *words)
    assert outcome.code == 0, outcome.err
    said = "WARNING: resume=auto: no unfinished run of the name 'train'"
    assert said in outcome.err
    # A finished one is not continued either.
    outcome = run(capsys, "train", *words)
    assert outcome.code == 0, outcome.err
    assert said in outcome.err
    assert len(list((tmp_path / "outputs" / "train").iterdir())) == 2


def test_resume_auto_takes_the_newest_unfinished_run_of_the_same_name(capsys, tmp_path, bars):
    stop = "callbacks.stop={_target_: tests.signals.SignalAt, batches: 1}"
    words = train_words(bars, tmp_path, "training.max_epochs=1", "data.batch_size=8")
    for name in ("mine", "mine", "theirs"):
        assert run(capsys, "train", *words, stop, f"name={name}").code == 3
    older, newer = sorted((tmp_path / "outputs" / "mine").iterdir())
    assert run(capsys, "train", *words, "name=mine", "resume=auto").code == 0
    assert (newer / "metrics.json").exists()
    assert not (older / "metrics.json").exists()
    assert not list((tmp_path / "outputs" / "theirs").glob("*/metrics.json"))


def test_a_finished_run_that_is_continued_keeps_the_figures_of_its_training(capsys, tmp_path, bars):
    words = train_words(bars, tmp_path, "training.max_epochs=1")
    assert run(capsys, "train", *words).code == 0
    folder = only_run(tmp_path)
    before = read_json(folder / "metrics.json")
    assert before["train"]["loss"] > 0
    assert before["clips_per_second"] > 0
    outcome = run(capsys, "train", *words, f"resume={folder / 'checkpoints' / 'last.ckpt'}")
    assert outcome.code == 0, outcome.err
    after = read_json(folder / "metrics.json")
    for name in ("train", "clips_per_second", "data_wait_fraction", "epochs", "val", "test"):
        assert after[name] == before[name], name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("model.head.hidden_size=16", "resume needs the options that the run was started with"),
        ("optimizer=sgd", "resume needs the options that the run was started with"),
        ("training.monitor=loss", "training.monitor was accuracy, is loss; resume needs"),
        ("data.skip_loop_filter=true", "data.skip_loop_filter was False, is True, so the batches"),
        ("augment.flip=false", "augment.flip was True, is False, so the batches of an epoch are others; resume needs"),
    ],
)
def test_a_checkpoint_of_another_model_or_optimiser_is_not_continued(capsys, tmp_path, bars, change, said):
    words = train_words(bars, tmp_path, "training.max_epochs=2", "data.batch_size=8")
    assert run(capsys, "train", *words, "callbacks.stop={_target_: tests.signals.SignalAt, batches: 2}").code == 3
    outcome = run(capsys, "train", *words, "resume=auto", change)
    assert outcome.code == 2
    assert said in outcome.err
    assert "init_from=PATH" in outcome.err
