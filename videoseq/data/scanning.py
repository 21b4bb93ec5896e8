"""Scanning videos: every file opened once, no frame decoded, and what was found remembered."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from videoseq.data.scan_cache import ScanCache
from videoseq.data.scan_pool import scan_in_processes
from videoseq.types import Limits, VideoInfo

logger = logging.getLogger(__name__)


def scan_videos(
    paths: Sequence[Path],
    *,
    cache_file: Path | None,
    limits: Limits,
    num_workers: int,
    on_done: Callable[[], None] | None = None,
) -> dict[Path, VideoInfo]:
    """Scans many files in processes of their own; a bad file never stops the others.

    Args:
        paths: The files; repeats are scanned once.
        cache_file: Where good results are kept, an Arrow IPC file; None keeps none. A file whose size and modification
            time agree with a result is not opened again. Where it cannot be written, a warning says so.
        limits: What a file may ask for; one that takes longer than `max_seconds` is given up.
        num_workers: Processes at once, at least 1; none is started when all results are known.
        on_done: Called once for every element of `paths` as its result is there.

    Returns:
        A result for every path, under the path as given; `error` says why a file cannot be used.

    Raises:
        DataError: The processes do not start.
    """
    cache = None if cache_file is None else ScanCache(cache_file)
    found: dict[Path, VideoInfo] = {}
    unknown: list[Path] = []
    # What is given -> the absolute path that is scanned; two names of one file are scanned once.
    absolute = {path: path.absolute() for path in paths}
    repeats = Counter(absolute[path] for path in paths)
    for path in repeats:
        status = _stat(path)
        known = cache.get(path, status, limits) if cache is not None and status is not None else None
        if known is None:
            unknown.append(path)
        else:
            found[path] = known
    _advance(on_done, sum(repeats[path] for path in found))
    try:
        for info in scan_in_processes(unknown, limits, min(num_workers, len(unknown))):
            found[info.path] = info
            _advance(on_done, repeats[info.path])
    finally:
        # An error may pass (a slow disk, a permission), and a bad file is soon scanned again.
        new = [found[path] for path in unknown if path in found and found[path].error is None]
        if cache is not None and new:
            _save(cache, new)
    return {path: found[absolute[path]] for path in paths}


def _save(cache: ScanCache, infos: Sequence[VideoInfo]) -> None:
    """Adds results to the cache; what goes wrong there must neither end a run nor replace a Ctrl-C."""
    try:
        cache.add(infos)
    except OSError as error:
        logger.warning(
            "the scan results cannot be kept in %s (%s), every video is scanned again next time; "
            "name a folder that can be written with paths.cache=DIR",
            cache.file,
            error,
        )


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def _advance(on_done: Callable[[], None] | None, times: int) -> None:
    if on_done is not None:
        for _ in range(times):
            on_done()
