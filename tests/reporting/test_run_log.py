"""The log of a run holds what was told before the run had a folder, and what ended it."""

import logging

import pytest

from videoseq.errors import DataError, Interrupted
from videoseq.reporting.run_log import RunLog

PACKAGE = logging.getLogger("videoseq")
SOMEWHERE = logging.getLogger("videoseq.somewhere")


def lines_of(path):
    """Returns the lines of a log without their times."""
    return [line.split(" ", 2)[2] for line in path.read_text().splitlines()]


def test_what_is_told_before_there_is_a_file_stands_first_in_it(tmp_path):
    with RunLog() as log:
        SOMEWHERE.warning("first %d", 1)
        SOMEWHERE.error("second")
        log.open(tmp_path / "train.log")
        SOMEWHERE.warning("third")
    SOMEWHERE.warning("too late")
    assert lines_of(tmp_path / "train.log") == [
        "WARNING videoseq.somewhere: first 1",
        "ERROR videoseq.somewhere: second",
        "WARNING videoseq.somewhere: third",
    ]
    assert PACKAGE.handlers == []


def test_a_log_is_continued_and_takes_names_that_are_no_text(tmp_path):
    for name in ("one", "\udcff"):
        with RunLog(tmp_path / "train.log"):
            # Straight to the file: pytest-xdist cannot carry a name that is not valid UTF-8 in its report of the log.
            record = logging.LogRecord("videoseq.somewhere", logging.WARNING, __file__, 1, "broken %s", (name,), None)
            PACKAGE.handlers[-1].handle(record)
    text = ["WARNING videoseq.somewhere: broken one", "WARNING videoseq.somewhere: broken \\udcff"]
    assert lines_of(tmp_path / "train.log") == text


def test_a_run_that_fails_without_a_file_leaves_none(tmp_path):
    with pytest.raises(DataError), RunLog():
        raise DataError("no videos")
    assert list(tmp_path.iterdir()) == []
    assert PACKAGE.handlers == []


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DataError("no videos"), "ERROR videoseq: no videos"),
        (Interrupted("stopped after epoch 1"), "WARNING videoseq: stopped after epoch 1"),
        (KeyboardInterrupt(), "WARNING videoseq: KeyboardInterrupt"),
    ],
)
def test_what_ended_a_run_is_its_last_line(tmp_path, error, line):
    with pytest.raises(type(error)), RunLog(tmp_path / "train.log"):
        raise error
    assert lines_of(tmp_path / "train.log") == [line]


def test_a_bug_leaves_its_traceback(tmp_path):
    with pytest.raises(ZeroDivisionError), RunLog(tmp_path / "train.log"):
        1 / 0  # noqa: B018
    text = (tmp_path / "train.log").read_text()
    assert "ERROR videoseq: division by zero\nTraceback (most recent call last):" in text
    assert text.endswith("ZeroDivisionError: division by zero\n")
