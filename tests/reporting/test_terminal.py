"""What commands write to the terminal."""

import io
import logging
import sys

from rich.console import Console

from videoseq.reporting.terminal import LabelledLines, labelled_terminal, log_to_terminal

SOMEWHERE = logging.getLogger("videoseq.somewhere")


def test_lines_of_a_run_carry_its_label_and_are_written_whole():
    stream = io.StringIO()
    lines = LabelledLines(stream, "[3] ")
    assert lines.write("one\ntw") == 6
    assert stream.getvalue() == "[3] one\n"
    lines.write("o\n\nthr")
    assert stream.getvalue() == "[3] one\n[3] two\n[3] \n"
    lines.close()
    assert stream.getvalue() == "[3] one\n[3] two\n[3] \n[3] thr\n"
    assert not stream.closed
    assert not LabelledLines(stream, "").isatty()


def test_everything_that_is_written_is_labelled_in_the_context_alone(capsys):
    log_to_terminal()
    with labelled_terminal("[0] "):
        print("printed")
        Console().print("by rich")
        SOMEWHERE.info("told")
        SOMEWHERE.warning("warned")
        print("begun", end="")
    print("after")
    SOMEWHERE.info("told after")
    assert capsys.readouterr() == (
        "[0] printed\n[0] by rich\n[0] begun\nafter\n",
        "[0] told\n[0] WARNING: warned\ntold after\n",
    )


def test_the_terminal_comes_back_after_a_failure(capsys):
    before = (sys.stdout, sys.stderr)
    try:
        with labelled_terminal("[0] "):
            raise ZeroDivisionError
    except ZeroDivisionError:
        SOMEWHERE.info("told")
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("", "told\n")
