"""How much memory a training takes, epoch by epoch."""

import re
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from videoseq.benchmarks.training_runs import run_training


def measure_memory(words: Sequence[str]) -> dict[str, Any]:
    """Runs a training as a process of its own and returns the peak memory of it and its workers in every epoch.

    Shared pages are counted once per process that maps them, so that the sum is an upper bound.

    Args:
        words: What stands behind `python -m videoseq.train`.

    Raises:
        VideoseqError: The training fails.
    """
    peaks: list[int] = []
    current = [0]

    def take(resident: int) -> None:
        current[0] = max(current[0], resident)

    def on_epoch() -> None:
        peaks.append(current[0])
        current[0] = 0

    with tempfile.TemporaryDirectory(prefix="videoseq-benchmark-") as folder:
        run_training(words, Path(folder), watch=lambda pid: watch_memory(pid, take), on_epoch=on_epoch)
    settled = peaks[1:] or peaks  # the first epoch also holds the imports and the start of the workers
    return {
        "peak_mb_by_epoch": [round(peak / 2**20, 1) for peak in peaks],
        "spread_after_first_epoch": (max(settled) - min(settled)) / min(settled),
        "last_to_second": settled[-1] / settled[0],
    }


def watch_memory(pid: int, take: Callable[[int], None]) -> None:
    """Hands on the resident bytes of a process and all below it, every 50 ms until it ends, in a thread (Linux).

    Args:
        pid: The process.
        take: Called with the bytes.
    """

    def watch() -> None:
        while resident := _resident_bytes(pid):  # a process that has ended has none
            take(resident + sum(map(_resident_bytes, _tree(pid)[1:])))
            time.sleep(0.05)

    threading.Thread(target=watch, daemon=True).start()


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
