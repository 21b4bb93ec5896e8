"""Scanning videos: every file opened once, no frame decoded, and what was found remembered."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoseq.data.decoding.frame_folder import folder_state
from videoseq.data.frame_folders import check_gaps
from videoseq.data.infos import Infos, join_infos
from videoseq.data.scan_cache import ScanCache
from videoseq.data.scan_pool import scan_in_processes
from videoseq.errors import DataError
from videoseq.types import FrameFolder, Limits, VideoInfo

logger = logging.getLogger(__name__)

_STAMP_THREADS = 8
_STAMPS_AT_ONCE = 64


def scan_videos(
    paths: Sequence[Path],
    *,
    cache_file: Path | None,
    limits: Limits,
    num_workers: int,
    on_done: Callable[[], None] | None = None,
    frames: Mapping[Path, FrameFolder] | None = None,
) -> dict[Path, VideoInfo]:
    """Scans some videos; `scan_table` says how, and does it for many.

    Args:
        paths: The files and folders of frames; repeats are scanned once.
        cache_file: As for `scan_table`.
        limits: As for `scan_table`.
        num_workers: As for `scan_table`.
        on_done: Called once for every element of `paths` when its result is there.
        frames: How frames lie in those of the paths that are folders.

    Returns:
        A result for every path, under the path as given; `error` says why a video cannot be used.

    Raises:
        DataError: As `scan_table`.
    """
    # What is given -> the absolute path that is scanned; two names of one file are scanned once.
    absolute = {path: str(path.absolute()) for path in paths}
    distinct = {path: position for position, path in enumerate(dict.fromkeys(absolute.values()))}
    folders = {absolute[path]: how for path, how in (frames or {}).items()}
    infos = scan_table(
        [*distinct], cache_file=cache_file, limits=limits, num_workers=num_workers, on_done=on_done, frames=folders
    )
    _advance(on_done, len(paths) - len(distinct))
    found = {path: infos[position] for path, position in distinct.items()}
    return {path: found[absolute[path]] for path in paths}


def scan_table(
    paths: Sequence[str],
    *,
    cache_file: Path | None,
    limits: Limits,
    num_workers: int,
    on_done: Callable[[], None] | None = None,
    frames: Mapping[str, FrameFolder],
) -> Infos:
    """Scans many videos in processes of their own; a bad one never stops the others.

    Args:
        paths: The files and folders of frames, absolute, without repeats.
        cache_file: Where good results are kept, an Arrow IPC file; None keeps none. A file whose size and modification
            time agree with a result is not opened again, nor a folder all of whose images do. Where it cannot be written, a
            warning says so.
        limits: What a video may ask for; one that takes longer than `max_seconds` is given up.
        num_workers: Processes at once, at least 1; none is started when all results are known.
        on_done: Called once for every path when its result is there.
        frames: How frames lie in those of the paths that are folders.

    Returns:
        The result of every path, in their order; `error` says why a video cannot be used.

    Raises:
        DataError: The processes do not start, or frames are missing in the middle of a folder: that is no bad video but an
            extraction that was interrupted, or a wrong pattern.
    """
    if not paths:
        return Infos.of([])
    cache = None if cache_file is None else ScanCache(cache_file)
    stamps = _look(paths, frames)
    rows = np.full(len(paths), -1) if cache is None else cache.find([os.fsencode(path) for path in paths], stamps, limits)
    known, unknown = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0)
    _advance(on_done, len(known))
    tables = [] if cache is None else [Infos.without_errors(cache.table.take(rows[known]))]
    position_of = {Path(paths[position]): position for position in unknown.tolist()}
    folders = {Path(path): how for path, how in frames.items()}
    found: dict[int, VideoInfo] = {}
    try:
        for info in scan_in_processes([*position_of], limits, min(num_workers, len(unknown)), folders):
            found[position_of[info.path]] = info
            _advance(on_done, 1)
    finally:
        # An error may pass (a slow disk, a permission), and a bad file is soon scanned again.
        new = [found[position] for position in sorted(found) if found[position].error is None]
        if cache is not None and new:
            _save(cache, new)
    tables += [Infos.of(found[position] for position in unknown.tolist())] if len(unknown) else []
    return join_infos(tables).take(np.argsort(np.concatenate([known, unknown])))


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


def _look(paths: Sequence[str], frames: Mapping[str, FrameFolder]) -> NDArray[np.int64]:
    """Returns size and fingerprint of every video as they are now, (N, 2) int64.

    Both are -1 where it cannot be looked at: what is wrong with it, its scan says.

    Raises:
        DataError: Frames are missing in the middle of a folder.
    """
    parts = [paths[start : start + _STAMPS_AT_ONCE] for start in range(0, len(paths), _STAMPS_AT_ONCE)]
    numbers: dict[Path, list[int]] = {}

    def look_at(part: Sequence[str]) -> NDArray[np.int64]:
        return np.array([_stamp(path, frames.get(path), numbers) for path in part], np.int64)

    # Looking at files is waiting for the file system, which serves several at once.
    with ThreadPoolExecutor(_STAMP_THREADS) as pool:
        stamps = np.concatenate([*pool.map(look_at, parts)])
    check_gaps({path: numbers[path] for path in map(Path, paths) if path in numbers} if numbers else {})
    return stamps


def _stamp(path: str, frames: FrameFolder | None, numbers: dict[Path, list[int]]) -> tuple[int, int]:
    """Returns size and fingerprint of a video, and adds the numbers of its frames where it is a folder."""
    try:
        if frames is not None:
            state = folder_state(Path(path), frames)
            numbers[Path(path)] = state.numbers
            return state.size_bytes, state.digest
        status = os.stat(path)  # noqa: PTH116 - a Path for every video takes its time
    except (OSError, ValueError, DataError):
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _advance(on_done: Callable[[], None] | None, times: int) -> None:
    if on_done is not None:
        for _ in range(times):
            on_done()
