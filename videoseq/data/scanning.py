"""Scanning videos: every file opened once, no frame decoded, and what was found remembered."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from videoseq.data.decoding.frame_folder import folder_state
from videoseq.data.frame_folders import check_gaps
from videoseq.data.scan_cache import ScanCache, Stamp
from videoseq.data.scan_pool import scan_in_processes
from videoseq.errors import DataError
from videoseq.types import FrameFolder, Limits, VideoInfo

logger = logging.getLogger(__name__)


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
    stamps = _stamps(repeats, folders)
    for path in repeats:
        known = cache.get(path, stamps[path], limits) if cache is not None and path in stamps else None
        if known is None:
            unknown.append(path)
        else:
            found[path] = known
    _advance(on_done, sum(repeats[path] for path in found))
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


def _stamps(paths: Iterable[Path], folders: Mapping[Path, FrameFolder]) -> dict[Path, Stamp]:
    """Returns the stamps of the videos that can be looked at; what is wrong with the others, their scan says."""
    stamps: dict[Path, Stamp] = {}
    numbers: dict[Path, list[int]] = {}
    for path in paths:
        try:
            if path in folders:
                state = folder_state(path, folders[path])
                numbers[path] = state.numbers
                stamps[path] = Stamp(state.size_bytes, state.digest)
            else:
                status = path.stat()
                stamps[path] = Stamp(status.st_size, status.st_mtime_ns)
        except (OSError, ValueError, DataError):
            continue
    check_gaps(numbers)
    return stamps


def _advance(on_done: Callable[[], None] | None, times: int) -> None:
    if on_done is not None:
        for _ in range(times):
            on_done()
