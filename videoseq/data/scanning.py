"""Scanning videos: every file opened once, no frame decoded, and what was found remembered."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from videoseq.data.decoding.frame_folder import folder_state
from videoseq.data.frame_folders import check_gaps
from videoseq.data.scan_cache import ScanCache, Stamp
from videoseq.data.scan_pool import scan_in_processes
from videoseq.errors import DataError
from videoseq.types import FrameFolder, Limits, VideoInfo

logger = logging.getLogger(__name__)

_STAMP_THREADS = 8


def scan_videos(
    paths: Sequence[Path],
    *,
    cache_file: Path | None,
    limits: Limits,
    num_workers: int,
    on_done: Callable[[], None] | None = None,
    frames: Mapping[Path, FrameFolder] | None = None,
) -> dict[Path, VideoInfo]:
    """Scans many videos in processes of their own; a bad one never stops the others.

    Args:
        paths: The files and folders of frames; repeats are scanned once.
        cache_file: Where good results are kept, an Arrow IPC file; None keeps none. A file whose size and modification
            time agree with a result is not opened again, nor a folder all of whose images do. Where it cannot be written, a
            warning says so.
        limits: What a video may ask for; one that takes longer than `max_seconds` is given up.
        num_workers: Processes at once, at least 1; none is started when all results are known.
        on_done: Called once for every element of `paths` as its result is there.
        frames: How frames lie in those of the paths that are folders.

    Returns:
        A result for every path, under the path as given; `error` says why a video cannot be used.

    Raises:
        DataError: The processes do not start, or frames are missing in the middle of a folder: that is no bad video but an
            extraction that was interrupted, or a wrong pattern.
    """
    cache = None if cache_file is None else ScanCache(cache_file)
    found: dict[Path, VideoInfo] = {}
    unknown: list[Path] = []
    # What is given -> the absolute path that is scanned; two names of one file are scanned once.
    absolute = {path: path.absolute() for path in paths}
    repeats = Counter(absolute[path] for path in paths)
    folders = {absolute[path]: how for path, how in (frames or {}).items()}
    numbers: dict[Path, list[int]] = {}
    # Looking at files is waiting for the file system, which serves several at once.
    with ThreadPoolExecutor(_STAMP_THREADS) as pool:
        for path, state in zip(repeats, pool.map(lambda path: _look(path, folders.get(path)), repeats), strict=True):
            if state is not None and path in folders:
                numbers[path] = state.numbers
            known = cache.get(path, state.stamp, limits) if cache is not None and state is not None else None
            if known is None:
                unknown.append(path)
            else:
                found[path] = known
                _advance(on_done, repeats[path])
    check_gaps(numbers)
    try:
        for info in scan_in_processes(unknown, limits, min(num_workers, len(unknown)), folders):
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


class _State(NamedTuple):
    """What is known of a video that was looked at and not opened; the numbers are those of a folder's frames."""

    stamp: Stamp
    numbers: list[int]


def _look(path: Path, frames: FrameFolder | None) -> _State | None:
    """Returns the state of a video; None where it cannot be looked at: what is wrong with it, its scan says."""
    try:
        if frames is not None:
            state = folder_state(path, frames)
            return _State(Stamp(state.size_bytes, state.digest), state.numbers)
        status = path.stat()
        return _State(Stamp(status.st_size, status.st_mtime_ns), [])
    except (OSError, ValueError, DataError):
        return None


def _advance(on_done: Callable[[], None] | None, times: int) -> None:
    if on_done is not None:
        for _ in range(times):
            on_done()
