"""How the time of an epoch grows with the number of videos, the frames of a clip and the workers."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

from videoseq.benchmarks.comparison import Comparison, Contender
from videoseq.benchmarks.training_runs import run_training

_NUM_VIDEOS = (104, 200, 400)
_NUM_FRAMES = (8, 16, 32, 64)
_WORKERS = (0, 1, 2)
_MIDDLE = {"data.synthetic.num_train": 104, "clip.num_frames": 16, "data.num_workers": 0}
_WORDS = (
    "data=moving_shapes",
    "data.synthetic.num_val=8",
    "data.synthetic.num_test=8",
    f"data.synthetic.num_frames={_NUM_FRAMES[-1]}",
    "model/encoder=simple",
    "clip.height=32",
    "clip.width=32",
    "training.max_epochs=3",
    "training.calibrate=false",
    "trainer=cpu",
    "trainer.num_threads=1",
    "test=false",
)


@dataclass(frozen=True)
class Axis:
    """What is varied, all else being equal.

    Attributes:
        name: What the table and the picture call it.
        key: The option.
        values: Its values, ascending.
    """

    name: str
    key: str
    values: tuple[int, ...]


AXES = (
    Axis("videos", "data.synthetic.num_train", _NUM_VIDEOS),
    Axis("frames per clip", "clip.num_frames", _NUM_FRAMES),
    Axis("workers", "data.num_workers", _WORKERS),
)


def measure_growth(words: Sequence[str], axes: Sequence[Axis], repeats: int) -> list[Comparison]:
    """Trains a small model on moving shapes once for each value of each axis and turn, the middle values elsewhere.

    A figure is the median of the epochs behind the first one, whose time holds the start of the workers, too.

    Args:
        words: Further options of the trainings.
        axes: What is varied.
        repeats: Turns of each value.

    Raises:
        VideoseqError: A training fails.
    """
    with tempfile.TemporaryDirectory(prefix="videoseq-benchmark-") as folder:
        return [_along(axis, words, Path(folder), repeats) for axis in axes]


def exponent(seconds: Mapping[int, float]) -> float:
    """Returns the b of seconds = a · n^b that fits best: 1 is linear, less is better.

    >>> round(exponent({100: 2.0, 200: 4.0, 400: 8.0}), 3)
    1.0
    """
    slope, _ = linear_regression([math.log(n) for n in seconds], [math.log(value) for value in seconds.values()])
    return slope


def growth_note(axis: Axis, seconds: Sequence[float]) -> str:
    """Returns how an epoch grows along an axis; from 0 on there is no power, so that the ends are compared."""
    first, last = axis.values[0], axis.values[-1]
    if first > 0:
        return f"grows as n^{exponent(dict(zip(axis.values, seconds, strict=True))):.2f}; aim: n^1 or less"
    return f"an epoch with {first} {axis.name} takes {seconds[0] / seconds[-1]:.2f} times as long as one with {last}"


def curve(axis: Axis, comparison: Comparison) -> dict[str, Any]:
    """Returns what the picture of an axis is drawn from."""
    return {"name": axis.name, "values": list(axis.values), "seconds": list(comparison.runs.values())}


def _along(axis: Axis, words: Sequence[str], folder: Path, repeats: int) -> Comparison:
    contenders = [
        Contender(f"{value} {axis.name}", partial(_seconds, {**_MIDDLE, axis.key: value}, words, folder))
        for value in axis.values
    ]
    comparison = Comparison(f"by {axis.name}", "seconds of an epoch", contenders, less_is_better=True)
    comparison.run(repeats, warm_up=False)
    comparison.notes.append(growth_note(axis, [median(runs) for runs in comparison.runs.values()]))
    return comparison


def _seconds(options: Mapping[str, int], words: Sequence[str], folder: Path) -> float:
    shapes = folder / f"shapes_{options['data.synthetic.num_train']}"  # written once
    own = [*_WORDS, f"data.root={shapes}", f"paths.cache={folder}/cache", *(f"{key}={value}" for key, value in options.items())]
    with tempfile.TemporaryDirectory(dir=folder) as run_folder:
        return median(run_training([*own, *words], Path(run_folder)).epoch_seconds)
