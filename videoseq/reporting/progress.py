"""Progress on the terminal: a live bar where there is one, a short line where there is none."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

logger = logging.getLogger(__name__)


@contextmanager
def progress_bar(description: str, total: int) -> Iterator[Callable[[], None]]:
    """Shows how far a piece of work is and gives the function that counts one step of it.

    A process whose log keeps warnings to itself shows nothing either: another one speaks for it.

    Args:
        description: What is done, such as `scanning`.
        total: Number of steps; with none nothing is shown.
    """
    started = time.perf_counter()
    if not total:
        yield lambda: None
    elif sys.stderr.isatty() and logger.isEnabledFor(logging.WARNING):
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(description, total=total)
            yield lambda: bar.advance(task)
    else:
        yield lambda: None
    if total:
        logger.info("%s: %d in %.1f s", description, total, time.perf_counter() - started)
