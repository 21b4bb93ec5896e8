"""`python -m videoseq`, and what the commands look like on a terminal."""

import importlib
import os
import pty
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands import SCHEMAS
from videoseq.config import load_config

PROJECT = Path(__file__).parents[1]


def on_a_terminal(words: list[str], cwd: Path) -> tuple[int, str]:
    """Runs a module on a pseudo-terminal; returns its exit code and all that it showed."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=cwd, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # on Linux the end of a terminal is an error
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return process.wait(timeout=60), shown.decode(errors="replace")


def test_the_commands_are_listed_with_examples_that_exist():
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "videoseq"], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert time.perf_counter() - started < 5
    listed = re.findall(r"^  python -m videoseq\.(\w+) ", done.stdout, re.MULTILINE)
    commands = sorted(
        path.stem
        for path in (PROJECT / "videoseq").glob("*.py")
        if 'if __name__ == "__main__"' in path.read_text(encoding="utf-8") and path.stem != "__main__"
    )
    assert sorted(listed) == commands
    for command in commands:
        examples = re.findall(rf"^      python -m videoseq\.{command} (.*)$", done.stdout, re.MULTILINE)
        assert examples, command
        schema = SCHEMAS[command]
        for example in examples:
            words = shlex.split(re.sub(r" {2,}.*", "", example))  # behind two spaces stands what it is for
            assert isinstance(load_config(schema, command, words), schema), example
        usage = importlib.import_module(f"videoseq.{command}").USAGE
        assert f"python -m videoseq.{command}" in usage


@pytest.mark.parametrize("example", ["+experiment=moving_shapes", "data.root=DIR", "checkpoint=CKPT input=video.mp4"])
def test_what_a_newcomer_needs_is_among_the_examples(example):
    done = subprocess.run([sys.executable, "-m", "videoseq"], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert example in done.stdout


def test_a_terminal_shows_progress_bars(tmp_path, bars, checkpoint):
    code, shown = on_a_terminal(["videoseq.predict", f"checkpoint={checkpoint}", f"input={bars}"], tmp_path)
    assert code == 0, shown
    assert "\x1b[" in shown
    for work in ("scanning", "predicting"):
        assert re.search(rf"{work} .*━", shown), work
    assert "24/24" in shown
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_shows_the_progress_of_training(tmp_path, bars):
    from tests.commands import train_words

    code, shown = on_a_terminal(["videoseq.train", *train_words(bars, tmp_path)], tmp_path)
    assert code == 0, shown
    assert re.search(r"Epoch 1/1.*━", shown)
    assert re.search(r"scanning .*━", shown)
    assert "Warning" not in shown
