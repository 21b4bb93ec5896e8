"""Whether there is room on the disk for what a run is about to keep."""

import logging
import shutil
import stat
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)

_SPARED_BYTES = 10**9
"""What a cache leaves free on the disk: the run's own files have to go somewhere."""


def taken_bytes(folder: Path) -> int:
    """Returns what all files of a folder take, which need not be there; others may write and delete in it meanwhile."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):
            status = file.stat()
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def room_problem(folder: Path, taken: int, needed_bytes: int, limit_gb: float, *, what: str) -> str | None:
    """Says in the log how much a cache needs and how much is free; returns why that does not fit, None where it does.

    Args:
        folder: Where all caches of one kind lie; it need not be there.
        taken: What they take, as `taken_bytes` has found.
        needed_bytes: What is to be written, not nothing.
        limit_gb: `data.cache_limit_gb`.
        what: What is to be kept, for the messages, such as `4000 frames of 250 videos`.

    Raises:
        OSError: The folder cannot be read.
    """
    parent = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(parent).free
    needed = f"{what} need {shown_bytes(needed_bytes)}"
    logger.info(
        "%s; %s takes %s of the %g GB of data.cache_limit_gb, and its disk has %s free",
        needed,
        folder,
        shown_bytes(taken),
        limit_gb,
        shown_bytes(free),
    )
    if taken + needed_bytes > limit_gb * 1e9:
        others = f" beside the {shown_bytes(taken)} that {str(folder)!r} takes" if taken else ""
        return f"{needed}{others}, more than data.cache_limit_gb={limit_gb:g} allows"
    if needed_bytes > free - _SPARED_BYTES:
        return (
            f"{needed}, but the disk of {str(folder)!r} has {shown_bytes(free)} free, of which {shown_bytes(_SPARED_BYTES)} "
            "are left to others"
        )
    return None


def shown_bytes(count: int) -> str:
    """Returns a number of bytes for a message, such as `1.24 GB`; 1 kB is 1000 bytes.

        >>> shown_bytes(1_236_000_000)
        '1.24 GB'

    Args:
        count: Bytes.
    """
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"
