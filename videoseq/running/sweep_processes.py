"""Runs of a sweep that are processes of their own: Ctrl-C reaches each once, and one that dies takes no sweep with it."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from videoseq.reporting.sweep_table import SweepTable


def run_in_processes(folder: Path, start: Callable[[], None]) -> None:
    """Starts the runs of a sweep, again where a process died, until each was tried.

    Args:
        folder: The folder of the sweep.
        start: Starts all runs and returns when they have ended; one that was tried before ends at once.

    Raises:
        KeyboardInterrupt: A signal stopped them.
        BrokenProcessPool: The processes do not start.
    """
    table = SweepTable(folder)
    with _handed_on_signals() as received:
        while True:
            try:
                start()
                return
            except BrokenProcessPool:
                if received:
                    raise KeyboardInterrupt from None
                reason = "its process, or one beside it, was ended by the system, as when memory runs out"
                if not table.give_up(f"{reason}: try fewer at once (hydra.launcher.n_jobs=)"):
                    raise


@contextmanager
def run_of_parent() -> Iterator[None]:
    """Makes a process of joblib fit for a run: with decoding processes of its own, and signals from the parent alone.

    A terminal sends Ctrl-C to its whole process group; a training that got it twice would stop without saving. Outside the
    context signals are ignored: between two runs there is nothing to save.
    """
    # joblib makes its own way of starting processes the default, and no other kind of process can be started that way.
    multiprocessing.set_start_method(multiprocessing.get_all_start_methods()[0], force=True)
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _handed_on_signals() -> Iterator[list[int]]:
    """Hands SIGINT and SIGTERM of this process on to its children as SIGINT; the third one ends this process at once.

    The first makes a training save and stop, the second makes it stop at once. Gives the signals that have come.
    """
    received: list[int] = []

    def hand_on(number: int, frame: FrameType | None) -> None:
        received.append(number)
        children = [child.pid for child in multiprocessing.active_children() if child.pid is not None]
        if not children:
            raise KeyboardInterrupt
        for child in children:
            os.kill(child, signal.SIGINT)
        if len(received) == 2:
            restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        restore()
