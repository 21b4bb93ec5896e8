"""Scanning files in processes that can be killed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from videoseq.data.scan_rows import from_row
from videoseq.data.worker_pool import Work, run_in_processes
from videoseq.types import FrameFolder, Limits, VideoInfo, plain_dict


def scan_in_processes(
    paths: Sequence[Path], limits: Limits, num_workers: int, frames: Mapping[Path, FrameFolder]
) -> Iterator[VideoInfo]:
    """Yields the scan result of every video as it comes, in no order.

    Args:
        paths: The files and folders of frames, absolute, without repeats.
        limits: What each may ask for; a process is killed that takes longer than `max_seconds` for one file.
        num_workers: Processes at once, at least 1; never more than files.
        frames: How frames lie in those of the paths that are folders.

    Raises:
        DataError: The processes do not start.
    """

    def request(path: Path) -> dict[str, Any]:
        how = frames.get(path)
        return {"path": str(path), "limits": plain_dict(limits), "frames": None if how is None else plain_dict(how)}

    work = Work("videoseq.data.scan_worker", "the scan", lambda _: limits.max_seconds, request)
    for answer in run_in_processes(work, paths, num_workers):
        yield VideoInfo(answer.path, error=answer.failure) if answer.row is None else from_row(answer.row)
