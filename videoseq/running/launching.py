"""Running a command as a process of its own, started with the words that a user would type."""

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any, Self

from videoseq.errors import Interrupted, VideoseqError

_HANDED_ON = {signal.SIGINT: signal.SIGINT, signal.SIGTERM: signal.SIGTERM, signal.SIGHUP: signal.SIGTERM}
"""Signal -> what the command gets; a terminal that closes must not end it without saving."""


def run_command(command: str, *arguments: str, keep_open: Sequence[int] = ()) -> None:
    """Runs `python -m videoseq.COMMAND ARGUMENTS…` and waits for it; signals are handed on to it.

    Args:
        command: Name of the command.
        arguments: Its words.
        keep_open: File descriptors that it inherits.

    Raises:
        Interrupted: A signal stopped it; what it saved can be continued.
        VideoseqError: It fails; its own message stands on the terminal.
    """
    said = f"videoseq.{command} {' '.join(arguments)}"
    with _SignalsHandedOn() as signals:
        # A process group of its own: Ctrl-C on the terminal reaches this process alone, and the command once, from here; a
        # second signal would stop it at once, without saving.
        process = subprocess.Popen(
            [sys.executable, "-m", f"videoseq.{command}", *arguments], process_group=0, pass_fds=keep_open
        )
        signals.to(process)
        status = process.wait()
    if signals.came:
        raise Interrupted(f"stopped while this ran: {said}")
    if status:
        how = f"ended with exit code {status}" if status > 0 else f"was ended by {signal.Signals(-status).name}"
        raise VideoseqError(f"{said} {how}")


class _SignalsHandedOn:
    """Takes over the signals that stop a command, and sends them to a process."""

    def __init__(self) -> None:
        self.came: list[signal.Signals] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _HANDED_ON:
                if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
                    self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *raised: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def to(self, process: "subprocess.Popen[bytes]") -> None:
        """Sends what comes to a process; also what has come while it was being started."""
        self._process = process
        for number in self.came:
            process.send_signal(_HANDED_ON[number])

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.came.append(signal.Signals(number))
        if self._process is not None:
            self._process.send_signal(_HANDED_ON[self.came[-1]])
