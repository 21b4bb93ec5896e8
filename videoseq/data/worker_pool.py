"""Work on files in processes that can be killed: one file at a time each, with a deadline for each file."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import videoseq
from videoseq.errors import DataError

_START_SECONDS = 120.0


class Answer(NamedTuple):
    """What became of one file.

    Attributes:
        path: The file, or the folder of frames.
        row: What the process said of it; None where it said nothing.
        failure: Why it said nothing; empty where it did.
    """

    path: Path
    row: dict[str, Any] | None
    failure: str = ""


@dataclass(frozen=True)
class Work:
    """What the processes do.

    Attributes:
        module: Name of the module that they run, which calls `serve`.
        name: What is done to a file, for messages, such as `the scan`.
        max_seconds: Wall-clock seconds after which the process of a file is killed.
        request: Makes what is sent for a file: a dict that JSON can hold.
    """

    module: str
    name: str
    max_seconds: Callable[[Path], float]
    request: Callable[[Path], dict[str, Any]]


def run_in_processes(work: Work, paths: Sequence[Path], num_workers: int) -> Iterator[Answer]:
    """Yields what became of every file as it comes, in no order.

    Args:
        work: What is done.
        paths: The files and folders of frames, absolute, without repeats.
        num_workers: Processes at once, at least 1; never more than files.

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
                    workers.append(_Worker(work))
                    selector.register(workers[-1].answers, selectors.EVENT_READ, workers[-1])
                deadline = min(worker.deadline for worker in workers)
                seconds = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
                ready = {key.data for key, _ in selector.select(seconds)}
                for worker in list(workers):
                    result = worker.receive() if worker in ready else worker.expire()
                    if result is not None:
                        yield result
                    if worker.is_idle and waiting:
                        path = waiting.popleft()
                        worker.send(path)
                    elif worker.is_idle or worker.is_dead:
                        selector.unregister(worker.answers)
                        worker.kill()
                        workers.remove(worker)
        finally:
            for worker in workers:
                worker.kill()


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answers every line of standard input until it ends: what the module of a `Work` does in its process.

    A line is what `Work.request` made, as JSON; an empty object, sent first, says that the process has started.

    Args:
        answer: Makes the answer to a request, a dict that JSON can hold.
    """
    # Whatever a native library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


class _Worker:
    """One process, and the file that it is at."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.path: Path | None = None
        self.is_idle = False
        self.is_dead = False
        self.deadline = time.monotonic() + _START_SECONDS
        self._buffer = bytearray()
        package_parent = str(Path(videoseq.__file__).parent.parent)
        known = os.environ.get("PYTHONPATH")
        self._process = subprocess.Popen(
            [sys.executable, "-m", work.module],
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

    def send(self, path: Path) -> None:
        """Gives the idle process a file."""
        assert self._process.stdin is not None
        self.path, self.is_idle = path, False
        self.deadline = time.monotonic() + self.work.max_seconds(path)
        request = json.dumps(self.work.request(path))
        try:
            self._process.stdin.write(request.encode("ascii") + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            # It died between two files; `receive` finds the end of its answers.
            pass

    def receive(self) -> Answer | None:
        """Takes what the process has written; returns the result once it is whole, or once the process has ended."""
        part = os.read(self.answers.fileno(), 1 << 20)
        if not part:
            self.is_dead = True
            return self._failed(self._cause())
        self._buffer += part
        if not self._buffer.endswith(b"\n"):
            return self.expire()
        row = json.loads(self._buffer)
        self._buffer.clear()
        path, self.path, self.is_idle, self.deadline = self.path, None, True, float("inf")
        return None if path is None else Answer(path, row)

    def expire(self) -> Answer | None:
        """Returns the error of the file if the process has taken too long for it, and gives the process up."""
        if self.is_idle or time.monotonic() < self.deadline:
            return None
        self.is_dead = True
        seconds = self.work.max_seconds(self.path) if self.path is not None else _START_SECONDS
        return self._failed(
            f"{self.work.name} took longer than {seconds:g} seconds and was killed; the file may be damaged, else raise "
            "data.limits.max_seconds"
        )

    def kill(self) -> None:
        """Ends the process whatever it does, and takes its pipes back."""
        self._process.kill()
        self._process.communicate()

    def _cause(self) -> str:
        ending = self._ending()
        fixes = {
            "SIGKILL": "as where memory runs out: use fewer data.num_workers",
            "exit code 1": "a fault of the program, not of the file: please report it",
        }
        return f"{self.work.name} crashed ({ending}); {fixes.get(ending, 'the file is damaged, try ffmpeg -i x out.mp4')}"

    def _failed(self, cause: str) -> Answer:
        if self.path is None:
            raise DataError(
                f"the process of {self.work.name} does not start ({self._ending()}); "
                f"expected `{sys.executable} -m {self.work.module}` to run"
            )
        return Answer(self.path, None, cause)

    def _ending(self) -> str:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it hangs"
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
