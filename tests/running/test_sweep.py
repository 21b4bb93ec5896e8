"""The runs of a sweep: how each ended is recorded, and what the whole comes to."""

import logging
import re
from dataclasses import replace

import pytest
import torch

from tests.training.runs import DATA
from videoseq.errors import DataError, Interrupted, VideoseqError
from videoseq.reporting.sweep_table import SweepTable
from videoseq.running.sweep import finish_sweep, prepare_data, run_member
from videoseq.types import TaskSpec

FIGURES = {"val": {"accuracy": 0.5, "loss": 0.7}, "epochs": 2}


@pytest.fixture
def sweep(tmp_path):
    """The folder of a sweep of three runs."""
    SweepTable(tmp_path).start([{"seed": "0"}, {"seed": "1"}, {"seed": "2"}])
    return tmp_path


def raises(error):
    def train(folder):
        raise error

    return train


def rows(folder):
    return SweepTable(folder).rows()


def test_a_run_that_is_done_is_recorded_with_its_figures(sweep):
    folders = []
    assert run_member(sweep, 1, lambda folder: folders.append(folder) or FIGURES)
    assert folders == [sweep / "1"]
    seconds = rows(sweep)[1].pop("seconds")
    assert re.fullmatch(r"\d+\.\d", seconds)
    assert rows(sweep)[1] == {
        "number": "1", "status": "done", "seed": "1", "val_accuracy": "0.5", "val_loss": "0.7", "epochs": "2",
        "seconds": seconds, "folder": str(sweep / "1"), "message": "",
    }  # fmt: skip


def test_while_a_run_is_on_the_table_says_so(sweep):
    seen = []
    run_member(sweep, 0, lambda folder: seen.append([row["status"] for row in rows(sweep)]) or FIGURES)
    assert seen == [["running", "not_run", "not_run"]]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DataError("no videos:\n  look there"), "no videos: look there"),
        (ZeroDivisionError("by zero"), r"ZeroDivisionError: by zero; the traceback stands in .*1/train\.log"),
        (SystemExit(4), r"SystemExit: 4; the traceback stands in .*"),
    ],
)
def test_a_run_that_fails_is_recorded_and_the_sweep_goes_on(sweep, caplog, error, message):
    assert run_member(sweep, 1, raises(error))
    assert (rows(sweep)[1]["status"], rows(sweep)[1]["epochs"]) == ("failed", "")
    assert re.fullmatch(message, rows(sweep)[1]["message"])
    assert "failed: " in caplog.text
    assert run_member(sweep, 2, lambda folder: FIGURES)
    assert [row["status"] for row in rows(sweep)] == ["not_run", "failed", "done"]


@pytest.mark.parametrize("error", [Interrupted("stopped"), KeyboardInterrupt()])
def test_after_an_interruption_nothing_more_is_run(sweep, error):
    assert not run_member(sweep, 0, raises(error))
    assert not run_member(sweep, 1, raises(AssertionError("it must not be run")))
    assert [row["status"] for row in rows(sweep)] == ["interrupted", "not_run", "not_run"]
    assert rows(sweep)[0]["message"] == "stopped before its first checkpoint"
    assert not (sweep / "1").exists()


def test_a_run_that_was_stopped_after_saving_says_how_to_continue(sweep):
    def train(folder):
        (folder / "checkpoints").mkdir()
        (folder / "checkpoints" / "last.ckpt").touch()
        raise Interrupted("stopped")

    run_member(sweep, 0, train)
    checkpoint = sweep / "0" / "checkpoints" / "last.ckpt"
    assert rows(sweep)[0]["message"] == (
        f"stopped after saving; to continue this run alone, without -m: its options and resume={checkpoint}"
    )


def test_a_run_that_was_tried_is_not_tried_again(sweep):
    run_member(sweep, 0, raises(DataError("no videos")))
    assert run_member(sweep, 0, raises(AssertionError("it must not be run")))
    assert rows(sweep)[0]["message"] == "no videos"


def test_threads_of_one_run_are_no_affair_of_the_next(sweep, restored_threads):
    torch.set_num_threads(2)

    def train(folder):
        torch.set_num_threads(1)
        return FIGURES

    run_member(sweep, 0, train)
    assert torch.get_num_threads() == 2


def test_a_sweep_with_failures_warns_of_them(sweep, caplog, capsys):
    caplog.set_level(logging.INFO, "videoseq")
    for number in (0, 1):
        run_member(sweep, number, raises(DataError(f"wrong {number}")))
    run_member(sweep, 2, lambda folder: FIGURES)
    finish_sweep(sweep, "accuracy")
    assert "2 of 3 runs failed; the first: wrong 0" in caplog.text
    assert f"sweep: {sweep / 'sweep.csv'}" in caplog.text
    assert re.search(r"best .* 2 .* done", capsys.readouterr().out)


def test_a_sweep_of_which_no_run_is_done_has_failed(sweep):
    for number in range(3):
        run_member(sweep, number, raises(DataError(f"wrong {number}")))
    with pytest.raises(VideoseqError, match=r"^none of 3 runs is done; the first: wrong 0$") as caught:
        finish_sweep(sweep, "accuracy")
    assert caught.value.exit_code == 2


def test_a_stopped_sweep_says_what_was_not_run(sweep):
    run_member(sweep, 0, lambda folder: FIGURES)
    run_member(sweep, 1, raises(Interrupted("stopped")))
    with pytest.raises(Interrupted, match=r"^the sweep was stopped \(1 done, 1 interrupted, 1 not run\); .*sweep\.csv tells"):
        finish_sweep(sweep, "accuracy")


def test_a_sweep_that_is_stopped_between_two_runs_is_a_stopped_one(sweep):
    run_member(sweep, 0, lambda folder: FIGURES)
    with pytest.raises(Interrupted, match=r"1 done, 2 not run"):
        finish_sweep(sweep, "accuracy", stopped=True)


def test_a_run_whose_process_died_has_failed(sweep):
    run_member(sweep, 0, lambda folder: FIGURES)
    SweepTable(sweep).update(1, {"status": "running"})
    finish_sweep(sweep, "accuracy")
    assert (rows(sweep)[1]["status"], rows(sweep)[1]["message"]) == ("failed", "its process ended before the run did")


def test_the_data_of_parallel_runs_is_scanned_once_before_them(bars, tmp_path, caplog):
    caplog.set_level(logging.INFO, "videoseq")
    good, bad = replace(DATA, root=str(bars)), replace(DATA, root=str(tmp_path / "missing"))
    prepare_data([(data, TaskSpec(), tmp_path / "cache") for data in (good, bad, good)])
    assert caplog.text.count("scanning: 24") == 1
    assert len(list((tmp_path / "cache" / "manifests").glob("*.arrow"))) == 1
