"""The log of a run: `train.log` in its folder."""

import logging
from logging.handlers import MemoryHandler
from pathlib import Path
from types import TracebackType
from typing import Self

from videoseq.errors import Interrupted, VideoseqError


class RunLog:
    """Writes the package's log into a file, also what was told before the run had a folder for it.

    A context, at whose end stands what ended the run: a mistake of the user's as its message, a bug with its traceback. A run
    that fails without a file leaves none.

    Args:
        path: The file, which is continued where it exists; None keeps what is told until `open` names it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._package = logging.getLogger("videoseq")
        self._early = MemoryHandler(capacity=1)  # without a target it keeps more than its capacity
        self._file: logging.FileHandler | None = None
        self._path = path

    def __enter__(self) -> Self:
        self._package.addHandler(self._early)
        if self._path is not None:
            self.open(self._path)
        return self

    def open(self, path: Path) -> None:
        """Starts, or continues, the file."""
        self._file = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
        self._file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._early.setTarget(self._file)
        self._package.removeHandler(self._early)
        self._early.close()
        self._package.addHandler(self._file)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._package.removeHandler(self._early)
        self._early.close()
        if self._file is None:
            return
        if error is not None:
            self._file.handle(_record(error))  # to the file alone: the terminal hears of it from whoever runs the command
        self._package.removeHandler(self._file)
        self._file.close()


def _record(error: BaseException) -> logging.LogRecord:
    stopped = isinstance(error, Interrupted | KeyboardInterrupt)
    expected = stopped or isinstance(error, VideoseqError)
    trace = None if expected else (type(error), error, error.__traceback__)
    level = logging.WARNING if stopped else logging.ERROR
    return logging.LogRecord("videoseq", level, "", 0, "%s", (str(error) or type(error).__name__,), trace)
