"""How long a whole training takes, beside the usual script."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median

from videoseq.benchmarks.comparison import Comparison, Contender
from videoseq.benchmarks.training_runs import TrainingRun, run_training

_PEER = "videoseq.benchmarks.peers.frame_loop"


def compare_trainings(words: Sequence[str], title: str, aim: float, repeats: int) -> tuple[Comparison, list[TrainingRun]]:
    """Compares trainings from the start of the process to its end, each with an empty cache.

    Ours trains as the options say, and once more with nothing cached; both also calibrate, draw and log. The peer is
    `peers/frame_loop.py`: same clips, encoder, batch size, workers and epochs, without augmentation.

    Args:
        words: What stands behind `python -m videoseq.train`.
        title: The training in a few words.
        aim: Ratio that ours is to reach.
        repeats: Trainings of each.

    Returns:
        The comparison, and what was seen of ours without a cache.

    Raises:
        VideoseqError: A training fails.
    """
    runs: list[TrainingRun] = []

    def uncached() -> float:
        runs.append(train_anew([*words, "data.cache=none"]))
        return runs[-1].seconds

    contenders = [
        Contender("videoseq", lambda: train_anew(words).seconds, is_ours=True),
        Contender("videoseq, data.cache=none", uncached, is_ours=True),
        Contender("CNN on each frame, then LSTM", lambda: train_anew(words, _PEER).seconds, aim=aim),
    ]
    comparison = Comparison(title, "seconds of the training", contenders, less_is_better=True)
    return comparison.run(repeats, warm_up=False), runs


def compare_caching(words: Sequence[str], title: str, repeats: int) -> Comparison:
    """Compares epochs on cached features with the same epochs without a cache, from the second on, validation included.

    A figure is the median of a training's epochs; what comes before its second one, the encoding too, stands in the notes.

    Args:
        words: What stands behind `python -m videoseq.train`: of at least two epochs, the encoder frozen.
        title: The training in a few words.
        repeats: Trainings of each.

    Raises:
        VideoseqError: A training fails.
    """

    runs: dict[str, list[TrainingRun]] = {"features": [], "none": []}

    def epoch_seconds(mode: str) -> float:
        runs[mode].append(train_anew([*words, f"data.cache={mode}"]))
        return median(runs[mode][-1].epoch_seconds)

    contenders = [
        Contender("data.cache=features", partial(epoch_seconds, "features"), is_ours=True),
        Contender("data.cache=none", partial(epoch_seconds, "none"), aim=50),
    ]
    comparison = Comparison(title, "seconds of an epoch from the second on", contenders, less_is_better=True)
    comparison.run(repeats, warm_up=False)
    comparison.notes += [
        f"not counted with data.cache={mode}: {median(run.epoch_ends[0] for run in seen):.3g} s from the start of the process "
        f"to the end of the first epoch, {median(run.metrics['cache']['build_seconds'] for run in seen):.3g} s of them encoding"
        for mode, seen in runs.items()
    ]
    return comparison


def train_anew(words: Sequence[str], module: str = "videoseq.train") -> TrainingRun:
    """Runs a training in a folder of its own, with an empty cache."""
    with tempfile.TemporaryDirectory(prefix="videoseq-benchmark-") as folder:
        return run_training([*words, f"paths.cache={folder}/cache"], Path(folder), module)
