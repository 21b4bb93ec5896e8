"""Progress on the terminal."""

import logging
import os
import pty
import re
import subprocess
import sys

from videoseq.reporting.progress import progress_bar

SCRIPT = """
from videoseq.reporting.progress import progress_bar
with progress_bar("scanning", 3) as advance:
    for _ in range(3):
        advance()
"""


def test_without_a_terminal_there_is_one_short_line(caplog, capfd):
    caplog.set_level(logging.INFO, logger="videoseq")
    with progress_bar("scanning", 3) as advance:
        for _ in range(3):
            advance()
    (message,) = caplog.messages
    assert re.fullmatch(r"scanning: 3 in \d+\.\d s", message)
    assert capfd.readouterr() == ("", "")


def test_nothing_to_do_is_not_told(caplog):
    caplog.set_level(logging.INFO, logger="videoseq")
    with progress_bar("scanning", 0) as advance:
        advance()
    assert caplog.messages == []


def on_a_terminal(script):
    """Returns what a terminal shows of a script."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    subprocess.run([sys.executable, "-c", script], stderr=slave, stdout=slave, env=environment, check=True)
    os.write(slave, b"end")
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    return shown


def test_a_terminal_shows_a_bar():
    shown = on_a_terminal(SCRIPT)
    assert "scanning" in shown
    assert "3/3" in shown


def test_a_process_that_is_silent_shows_no_bar():
    silent = 'import logging\nlogging.getLogger("videoseq").setLevel(logging.ERROR)\n'
    assert on_a_terminal(silent + SCRIPT) == "end"
