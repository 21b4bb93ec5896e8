"""One command at a time in a folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from videoseq.errors import ConfigError

LOCK_NAME = ".lock"
"""Name of the file in a folder that a command holds while it is at work there."""

_POLL_SECONDS = 0.2


@contextmanager
def locked(folder: Path, patience_seconds: float = 10.0) -> Iterator[int]:
    """Keeps other commands out of a folder, which is made where it is missing.

    Args:
        folder: The folder.
        patience_seconds: How long to wait for it; the decoding processes of a run that was killed live on for some seconds.

    Yields:
        The file descriptor that holds the lock. A process that inherits it holds the lock too, also where this one is killed.

    Raises:
        ConfigError: Another command is at work in the folder, or a process that it started and that has outlived it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + patience_seconds
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                owner = os.pread(descriptor, 20, 0).decode()
                raise ConfigError(
                    f"another command is at work in {str(folder)!r} (process {owner}, or one that it started). "
                    "Fix: wait until it has ended, or stop it; another name=… or output=… has a folder of its own"
                )
            time.sleep(_POLL_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
