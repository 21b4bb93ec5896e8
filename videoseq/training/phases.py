"""How long the phases of a training step take, on the device's own clock."""

import time
from collections import deque
from typing import Any

import torch

PHASES = ("transfer", "forward", "backward", "optimizer")
"""Of a step: its batch crosses to the device, the loss is computed, its gradients, and the weights are moved."""

_Mark = Any
"""A point in time: an event in the stream of a GPU, else seconds on the host's clock."""


class PhaseClock:
    """Adds up the seconds of phases; on a GPU by events in its stream, for which the host waits only when it asks.

    Attributes:
        seconds: Phase -> seconds so far; on a GPU those of the phases that it is through with.
    """

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self._marks: deque[tuple[str | None, _Mark]] = deque()

    def start(self, phase: str | None, device: torch.device) -> None:
        """Ends the phase that runs and starts another; None starts none.

        Args:
            phase: One of `PHASES`.
            device: Where the work is done.
        """
        self._marks.append((phase, _mark(device)))
        while len(self._marks) > 1 and _is_passed(self._marks[1][1]):
            self._add_first()

    def finish(self) -> None:
        """Waits until the device is through with all phases, and forgets the one that runs."""
        while len(self._marks) > 1:
            self._add_first()
        self._marks.clear()

    def _add_first(self) -> None:
        (phase, start), (_, end) = self._marks.popleft(), self._marks[0]
        if phase is not None:
            self.seconds[phase] += _seconds_between(start, end)


def _mark(device: torch.device) -> _Mark:
    if device.type != "cuda":
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(device))
    return event


def _is_passed(mark: _Mark) -> bool:
    return isinstance(mark, float) or bool(mark.query())


def _seconds_between(start: _Mark, end: _Mark) -> float:
    if isinstance(end, float):
        return end - float(start)
    end.synchronize()
    return float(start.elapsed_time(end)) / 1000  # it gives milliseconds
