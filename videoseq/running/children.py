"""The processes that the first process of a run starts beside it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

from videoseq.errors import ConfigError, ProcessFailed

_POLL_SECONDS = 0.05


class Children:
    """Processes that run the command of this one, each told its number.

    Args:
        count: How many.
        environment: Variables that they get besides this process's own.

    Raises:
        ConfigError: This process is no command that could be run again.
    """

    def __init__(self, count: int, environment: Mapping[str, str]) -> None:
        spec = sys.modules["__main__"].__spec__
        if count and (spec is None or spec.name != "videoseq.train"):
            raise ConfigError(
                "several devices need a process each: use the command python -m videoseq.train, which starts them, or torchrun"
            )
        # Groups of their own: Ctrl-C on the terminal reaches the first process alone, which tells the others.
        self._processes = [
            subprocess.Popen(
                [sys.executable, *sys.orig_argv[1:]],
                env={**os.environ, **environment, "RANK": str(number), "LOCAL_RANK": str(number)},
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
            for number in range(1, count + 1)
        ]

    def wait(self, seconds: float) -> None:
        """Waits until all have ended, and kills those that have not by then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and any(process.poll() is None for process in self._processes):
            time.sleep(_POLL_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kills those that still run; they have nothing to save."""
        for process in self._processes:
            process.kill()
            process.wait()

    def failure(self) -> ProcessFailed | None:
        """Returns how one of those ended that did not end well: one that was killed, if there is any."""
        codes = [(process.poll() or 0, number) for number, process in enumerate(self._processes, start=1)]
        code, number = min(codes, default=(0, 0), key=lambda ended: (ended[0] == 0, ended))
        if not code:
            return None
        how = f"ended with exit code {code}" if code > 0 else f"was ended by {signal.Signals(-code).name}"
        return ProcessFailed(f"process {number} of the run {how}", 1)
