"""Trainings as processes of their own, watched from outside."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoseq.errors import VideoseqError

_EPOCH = re.compile(rb"epoch (\d+)/\d+ ")


@dataclass(frozen=True)
class TrainingRun:
    """What was seen of a training.

    Attributes:
        seconds: From the start of the process to its end.
        epoch_ends: When the line of each epoch came, in seconds from the start.
        metrics: What the run wrote into `metrics.json`; empty for a process that writes none.
    """

    seconds: float
    epoch_ends: tuple[float, ...]
    metrics: dict[str, Any]

    @property
    def epoch_seconds(self) -> list[float]:
        """Seconds of every epoch from the second on, validation included."""
        return [end - before for before, end in zip(self.epoch_ends, self.epoch_ends[1:], strict=False)]


def run_training(
    words: Sequence[str],
    folder: Path,
    module: str = "videoseq.train",
    *,
    watch: Callable[[int], None] = lambda pid: None,
    on_epoch: Callable[[], None] = lambda: None,
) -> TrainingRun:
    """Runs a training to its end; its messages go to standard error.

    Args:
        words: What stands behind the command; its outputs lie in the folder whatever they say.
        folder: Holds no outputs yet.
        module: The module that is run.
        watch: Called with the number of the process when it has started.
        on_epoch: Called when the line of an epoch has come.

    Raises:
        VideoseqError: The training fails.
    """
    outputs = folder / "outputs"
    command = [sys.executable, "-m", module, *words, f"paths.outputs={outputs}"]
    started = time.perf_counter()
    ends = []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        watch(process.pid)
        with process.stderr:
            for line in process.stderr:
                sys.stderr.buffer.write(line)
                if _EPOCH.search(line):
                    ends.append(time.perf_counter() - started)
                    on_epoch()
        process.wait()
    finally:
        process.kill()  # where something, such as Ctrl-C, has ended the watching
    if process.returncode:
        raise VideoseqError(f"the training ended with exit code {process.returncode}; its message stands above")
    seconds = time.perf_counter() - started
    written = sorted(outputs.glob("*/*/metrics.json"))
    return TrainingRun(seconds, tuple(ends), json.loads(written[-1].read_text(encoding="utf-8")) if written else {})
