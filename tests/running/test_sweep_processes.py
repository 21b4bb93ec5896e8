"""Runs of a sweep that are processes of their own, through Hydra's joblib launcher."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.commands import only_run, read_csv, train_words

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def start(tmp_path, bars):
    """Starts a sweep with two runs at a time that wait for each other."""
    (tmp_path / "met").mkdir()
    environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}

    def started(*words, dies="null"):
        launcher = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "-m")
        own = f"callbacks.meet={{_target_: tests.meeting.Meet, folder: {tmp_path / 'met'}, count: 2, dies: {dies}}}"
        return subprocess.Popen(
            [sys.executable, "-m", "videoseq.train", *train_words(bars, tmp_path, own, *launcher, *words)],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a process group of its own, as a terminal gives to a command
        )

    return started


def test_two_runs_train_at_a_time_and_ctrl_c_reaches_each_once(start, tmp_path):
    process = start("training.max_epochs=1,2,1001,1002,1003", "data.num_workers=1")
    deadline = time.monotonic() + 300
    while len(list((tmp_path / "met").iterdir())) < 4:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 3, err
    assert "the sweep was stopped (2 done, 2 interrupted, 1 not run)" in err
    folder = only_run(tmp_path)
    rows = read_csv(folder / "sweep.csv")
    assert [row["status"] for row in rows] == ["done", "done", "interrupted", "interrupted", "not_run"]
    assert [row["epochs"] for row in rows] == ["1", "2", "", "", ""]
    for number in "23":
        saved = torch.load(folder / number / "checkpoints" / "last.ckpt", weights_only=True)
        told = re.search(r"stopped after epoch (\d+), batch 1; saved", (folder / number / "train.log").read_text())
        assert saved["epoch"] == int(told[1])
    share = max((os.cpu_count() or 1) // 2, 1)
    assert sorted(line for line in out.splitlines() if "threads" in line) == [
        f"[{number}] threads {share}" for number in "0123"
    ]
    assert all(line.startswith(("[0] ", "[1] ", "[2] ", "[3] ")) for line in err.splitlines() if "epoch" in line)
    assert {path.name for path in folder.iterdir()} == {"sweep.csv", *"0123"}
    assert {path.name for path in tmp_path.iterdir()} == {"met", "outputs", "cache"}


@pytest.mark.slow
def test_a_process_that_is_killed_does_not_end_the_sweep(start, tmp_path):
    process = start("training.max_epochs=1,2,3", dies=1)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    rows = read_csv(only_run(tmp_path) / "sweep.csv")
    assert (rows[0]["status"], rows[2]["status"]) == ("failed", "done")
    assert rows[0]["message"].startswith("its process, or one beside it, was ended by the system, as when memory runs out")
