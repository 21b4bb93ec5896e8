"""How much memory a training takes, epoch by epoch."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from videoseq.errors import VideoseqError

_EPOCH = re.compile(rb"epoch (\d+)/\d+ ")


def measure_memory(arguments: Sequence[str]) -> dict[str, Any]:
    """Runs a training as a process of its own and returns the peak memory of it and its workers in every epoch.

    Shared pages are counted once per process that maps them, so that the sum is an upper bound.

    Args:
        arguments: What stands behind `python -m videoseq.train`.

    Raises:
        VideoseqError: The training fails.
    """
    process = subprocess.Popen([sys.executable, "-m", "videoseq.train", *arguments], stderr=subprocess.PIPE)
    peaks: list[int] = []
    current = [0]
    watcher = threading.Thread(target=_watch, args=(process, current), daemon=True)
    watcher.start()
    assert process.stderr is not None
    with process.stderr:
        for line in process.stderr:
            sys.stderr.buffer.write(line)
            if _EPOCH.search(line):
                peaks.append(current[0])
                current[0] = 0
    if process.wait():
        raise VideoseqError(f"the training ended with exit code {process.returncode}; its message stands above")
    settled = peaks[1:] or peaks  # the first epoch also holds the imports and the start of the workers
    return {
        "peak_mb_by_epoch": [round(peak / 2**20, 1) for peak in peaks],
        "spread_after_first_epoch": (max(settled) - min(settled)) / min(settled),
        "last_to_second": settled[-1] / settled[0],
    }


def _watch(process: "subprocess.Popen[bytes]", current: list[int]) -> None:
    while process.poll() is None:
        current[0] = max(current[0], sum(_resident_bytes(pid) for pid in _tree(process.pid)))
        time.sleep(0.05)


def _tree(pid: int) -> list[int]:
    """Returns a process and all below it (Linux)."""
    children = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += [int(word) for word in task.read_text().split()]
        except OSError:
            continue
    return [pid, *(below for child in children for below in _tree(child))]


def _resident_bytes(pid: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
