"""One command at a time in a folder."""

import os
import subprocess
import sys

import pytest

from videoseq.errors import ConfigError
from videoseq.running.locking import locked


def test_a_folder_is_free_again_when_its_command_has_ended(tmp_path):
    for _ in range(2):
        with locked(tmp_path / "new" / "folder", 0):
            assert (tmp_path / "new" / "folder" / ".lock").read_text() == str(os.getpid())


def test_a_folder_at_work_is_refused(tmp_path):
    with (
        locked(tmp_path, 0),
        pytest.raises(ConfigError, match=rf"another command is at work in '.*' \(process {os.getpid()}, .*Fix: wait until"),
        locked(tmp_path, 0),
    ):
        pass
    with locked(tmp_path, 0):
        pass


def test_a_process_that_inherits_the_lock_holds_it_alone(tmp_path):
    with locked(tmp_path, 0) as lock:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lock])
    with pytest.raises(ConfigError, match="at work"), locked(tmp_path, 0):
        pass
    child.communicate(b"\n", timeout=30)
    with locked(tmp_path, 0):
        pass
