"""Scanning videos: every file opened once, no frame decoded, and what was found remembered."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from videoseq.data.decoding.demux import demux_video
from videoseq.data.scan_cache import ScanCache
from videoseq.data.scan_pool import scan_in_processes
from videoseq.types import Limits, VideoInfo


def scan_video(path: Path, limits: Limits = Limits()) -> VideoInfo:  # noqa: B008
    """Scans one file in this process: reads every packet of its video stream and decodes none.

    Args:
        path: The file.
        limits: What the file may ask for; `max_seconds` is not watched here, only by `scan_videos`.

    Returns:
        Every field filled, `error` None.

    Raises:
        DecodeError: The file cannot be used at all; see `demux_video`.
    """
    return demux_video(path, limits)


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
        cache_file: Where results are kept, an Arrow IPC file; None keeps none. A file whose size and modification
            time agree with a result is not opened again.
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
    unknown: dict[Path, os.stat_result | None] = {}
    # What is given -> the absolute path that is scanned; two names of one file are scanned once.
    absolute = {path: path.absolute() for path in paths}
    repeats = Counter(absolute[path] for path in paths)
    for path in repeats:
        status = _stat(path)
        known = cache.get(path, status, limits) if cache is not None and status is not None else None
        if known is None:
            unknown[path] = status
        else:
            found[path] = known
    _advance(on_done, sum(repeats[path] for path in found))
    try:
        for info in scan_in_processes(list(unknown), limits, min(num_workers, len(unknown))):
            status = unknown[info.path]
            if info.error is not None and status is not None:
                # As of before the scan: a file that changed meanwhile is scanned again.
                info = replace(info, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)
            found[info.path] = info
            _advance(on_done, repeats[info.path])
    finally:
        if cache is not None and (new := [found[path] for path, status in unknown.items() if path in found and status]):
            cache.add(new, limits)
    return {path: found[absolute[path]] for path in paths}


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def _advance(on_done: Callable[[], None] | None, times: int) -> None:
    if on_done is not None:
        for _ in range(times):
            on_done()
