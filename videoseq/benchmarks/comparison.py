"""Measuring several ways of one piece of work side by side: in turns, with medians, spread and ratios."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Literal

Clock = Literal["CPU", "wall"]
_CLOCKS: dict[Clock, Callable[[], float]] = {"CPU": time.process_time, "wall": time.perf_counter}


@dataclass(frozen=True)
class Contender:
    """One way of doing the work.

    Attributes:
        name: What the tables call it.
        measure: Does the work once and returns its figure.
        is_ours: Whether the others are compared with it.
        aim: Ratio to this one that the first of ours is to reach.
    """

    name: str
    measure: Callable[[], float]
    is_ours: bool = False
    aim: float | None = None


@dataclass
class Comparison:
    """The figures of contenders that took turns.

    Attributes:
        title: What was done.
        unit: What a figure counts, such as `clips per CPU second`.
        contenders: Who took part, in the order of their turns.
        less_is_better: Whether the figure is a duration and not a rate.
        runs: Name of a contender -> its figure in each turn.
        notes: What a reader of the table must know.
    """

    title: str
    unit: str
    contenders: Sequence[Contender]
    less_is_better: bool = False
    runs: dict[str, list[float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def run(self, repeats: int, *, warm_up: bool = True) -> "Comparison":
        """Lets all take turns, A B C A B C …, and returns itself.

        Args:
            repeats: Turns of each.
            warm_up: Whether a turn comes before them that is not counted: it fills the caches of files and imports.
        """
        self.runs = {contender.name: [] for contender in self.contenders}
        for turn in range(-int(warm_up), repeats):
            for contender in self.contenders:
                figure = contender.measure()
                if turn >= 0:
                    self.runs[contender.name].append(figure)
        return self

    def plain(self) -> dict[str, Any]:
        """Returns everything as plain values; a ratio above 1 means that ours is better, turn by turn."""
        ours = [contender for contender in self.contenders if contender.is_ours]
        peers = [contender for contender in self.contenders if not contender.is_ours]
        rows = [
            {
                "name": contender.name,
                "is_ours": contender.is_ours,
                **_summary(self.runs[contender.name]),
                "runs": self.runs[contender.name],
            }
            for contender in self.contenders
        ]
        ratios = [
            {
                "ours": own.name,
                "peer": peer.name,
                **_summary(self._ratios(own.name, peer.name)),
                "aim": peer.aim if own is ours[0] else None,
            }
            for own in ours
            for peer in peers
        ]
        shown = {"title": self.title, "unit": self.unit, "less_is_better": self.less_is_better}
        return {**shown, "rows": rows, "ratios": ratios, "notes": self.notes}

    def _ratios(self, own: str, peer: str) -> list[float]:
        pairs = zip(self.runs[own], self.runs[peer], strict=True)
        return [theirs / our if self.less_is_better else our / theirs for our, theirs in pairs]


def rate(work: Callable[[], int], clock: Clock) -> Callable[[], float]:
    """Returns a measurement: how many of the things that a piece of work returns it does in a second.

    Args:
        work: Does the work and returns how much it was.
        clock: `CPU`: seconds of this process on all cores, the right one for work on one thread, which others on the
            machine disturb little. `wall`: seconds that pass.
    """

    def measure() -> float:
        started = _CLOCKS[clock]()
        done = work()
        return done / (_CLOCKS[clock]() - started)

    return measure


def _summary(values: Sequence[float]) -> dict[str, Any]:
    """Returns median and quartiles; a single value is all three."""
    low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return {"median": median(values), "quartiles": [low, high]}
