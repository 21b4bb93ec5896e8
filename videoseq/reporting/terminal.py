"""What commands write to the terminal: the package's log, and lines that tell which of several runs they are from."""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO


def log_to_terminal() -> None:
    """Sends the package's log to standard error as it is now, warnings with their level in front."""

    class Plain(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            text = super().format(record)
            return text if record.levelno == logging.INFO else f"{record.levelname}: {text}"

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Plain("%(message)s"))
    logger = logging.getLogger("videoseq")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)


def show_every_name() -> None:
    """Lets the terminal show names that it cannot show with escapes: they must not end a run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def labelled_terminal(label: str) -> Iterator[None]:
    """Puts a label in front of every line that is written in the context, the package's log included."""
    streams = LabelledLines(sys.stdout, label), LabelledLines(sys.stderr, label)
    try:
        with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
            log_to_terminal()
            yield
    finally:
        for stream in streams:
            stream.close()
        log_to_terminal()


class LabelledLines(io.TextIOBase):
    """Writes whole lines to a stream, each behind a label, so that lines of several processes stay apart.

    Args:
        stream: Where the lines go.
        label: What stands in front of each.
    """

    def __init__(self, stream: TextIO, label: str) -> None:
        self._stream = stream
        self._label = label
        self._begun = ""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return self._stream.encoding

    def writable(self) -> bool:
        """Says that it can be written."""
        return True

    def write(self, text: str) -> int:
        """Writes the lines that are whole and keeps the rest for the next call."""
        *lines, self._begun = (self._begun + text).split("\n")
        if lines:
            self._stream.write("".join(f"{self._label}{line}\n" for line in lines))
            self._stream.flush()
        return len(text)

    def close(self) -> None:
        """Ends the line that was begun; the stream stays open."""
        if self._begun:
            self.write("\n")
        super().close()
