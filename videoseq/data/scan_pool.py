"""Scanning files in processes that can be killed: one file at a time each, with a deadline for each file."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import videoseq
from videoseq.data.scan_rows import from_row
from videoseq.errors import DataError
from videoseq.types import FrameFolder, Limits, VideoInfo, plain_dict

_START_SECONDS = 120.0


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
    waiting = deque(paths)
    workers: list[_Worker] = []
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or workers:
                # One that is starting will take a file as well.
                num_starting = sum(worker.path is None for worker in workers)
                for _ in range(min(max(1, num_workers) - len(workers), len(waiting) - num_starting)):
                    workers.append(_Worker(limits))
                    selector.register(workers[-1].answers, selectors.EVENT_READ, workers[-1])
                deadline = min(worker.deadline for worker in workers)
                ready = {key.data for key, _ in selector.select(max(0.0, deadline - time.monotonic()))}
                for worker in list(workers):
                    result = worker.receive() if worker in ready else worker.expire()
                    if result is not None:
                        yield result
                    if worker.is_idle and waiting:
                        path = waiting.popleft()
                        worker.send(path, frames.get(path))
                    elif worker.is_idle or worker.is_dead:
                        selector.unregister(worker.answers)
                        worker.kill()
                        workers.remove(worker)
        finally:
            for worker in workers:
                worker.kill()


class _Worker:
    """One process, and the file that it is at."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.path: Path | None = None
        self.is_idle = False
        self.is_dead = False
        self.deadline = time.monotonic() + _START_SECONDS
        self._buffer = bytearray()
        package_parent = str(Path(videoseq.__file__).parent.parent)
        known = os.environ.get("PYTHONPATH")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "videoseq.data.scan_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([package_parent, known] if known else [package_parent])},
        )

    @property
    def answers(self) -> IO[bytes]:
        """The pipe that the answers come from."""
        assert self._process.stdout is not None
        return self._process.stdout

    def send(self, path: Path, frames: FrameFolder | None) -> None:
        """Gives the idle process a file to scan, or a folder of frames."""
        assert self._process.stdin is not None
        self.path, self.is_idle = path, False
        self.deadline = time.monotonic() + self.limits.max_seconds
        how = None if frames is None else plain_dict(frames)
        task = json.dumps({"path": str(path), "limits": plain_dict(self.limits), "frames": how})
        try:
            self._process.stdin.write(task.encode("ascii") + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            # It died between two files; `receive` finds the end of its answers.
            pass

    def receive(self) -> VideoInfo | None:
        """Takes what the process has written; returns the result once it is whole, or once the process has ended."""
        part = os.read(self.answers.fileno(), 1 << 20)
        if not part:
            self.is_dead = True
            return self._failed(f"the scan crashed ({self._ending()}); the file is damaged, try ffmpeg -i x out.mp4")
        self._buffer += part
        if not self._buffer.endswith(b"\n"):
            return self.expire()
        row = json.loads(self._buffer)
        self._buffer.clear()
        self.path, self.is_idle, self.deadline = None, True, float("inf")
        return from_row(row) if row else None

    def expire(self) -> VideoInfo | None:
        """Returns the error of the file if the process has taken too long for it, and gives the process up."""
        if self.is_idle or time.monotonic() < self.deadline:
            return None
        self.is_dead = True
        return self._failed(
            f"the scan took longer than max_seconds={self.limits.max_seconds:g} and was killed; the file may be "
            "damaged, else raise data.limits.max_seconds"
        )

    def kill(self) -> None:
        """Ends the process whatever it does, and takes its pipes back."""
        self._process.kill()
        self._process.communicate()

    def _failed(self, cause: str) -> VideoInfo:
        if self.path is None:
            raise DataError(
                f"the process that scans videos does not start ({self._ending()}); "
                f"expected `{sys.executable} -m videoseq.data.scan_worker` to run"
            )
        return VideoInfo(self.path, error=cause)

    def _ending(self) -> str:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it hangs"
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
