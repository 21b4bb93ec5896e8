"""What the folds of a cross-validation come to: out-of-fold predictions, figures with their intervals, comparisons."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.errors import DataError
from videoseq.reporting.files import writable, write_csv, write_json
from videoseq.reporting.run_files import git_commit, versions
from videoseq.reporting.statistics import (
    FEW_GROUPS,
    Evidence,
    Interval,
    compare_sentence,
    intervals,
    mean_and_std,
    paired_intervals,
)
from videoseq.running.fold_tasks import fold_task
from videoseq.running.folds import Fold, FoldPlan
from videoseq.training.run_folder import METRICS_FILE
from videoseq.types import LESS_IS_BETTER

RESULT_FILE = "crossvalidation.json"
COMPARISON_FILE = "comparison.json"
_OF_CANDIDATES = ("mean", "std", "out_of_fold", "interval_95", "folds")
_METHOD = (
    "percentile bootstrap of the out-of-fold predictions over {groups} groups of videos that share a file, their content or "
    "a group: whole groups are drawn with replacement, all repeats of a video together, 10000 times, seed 0"
)


@dataclass(frozen=True)
class OutOfFold:
    """What is said about every video by the models that were not trained on it, once in each repeat.

    Attributes:
        rows: Repeat, fold, path and group of every video, and what the run's file says of it, in words.
        units: (N,) number of the unit of each row's video.
        numbers: (N, S), see `FoldTask`.
    """

    rows: tuple[Mapping[str, Any], ...]
    units: NDArray[np.int64]
    numbers: NDArray[np.float64]

    def evidence(self, plan: FoldPlan) -> Evidence:
        """Returns the figures of all rows, and of any draw of units."""
        return fold_task(plan.task, plan.class_names).evidence(self.units, self.numbers, plan.num_units)


def collect(plan: FoldPlan, runs: Sequence[Path], root: Path | None) -> OutOfFold:
    """Reads the test predictions of all folds.

    Args:
        plan: The folds.
        runs: The folder of each fold's run.
        root: Folder of the data set, absolute, from which the paths of the predictions count.

    Raises:
        DataError: A prediction is of a video that its fold does not test.
    """
    base = root or Path()
    task = fold_task(plan.task, plan.class_names)
    rows, units, numbers = [], [], []
    for fold, run in zip(plan.folds, runs, strict=True):
        tested = _tested_units(plan, fold, base)
        with (run / task.file).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                place = str(Path(writable(str(base))) / row["path"])
                if place not in tested:
                    raise DataError(f"{str(run)!r} tested {row['path']!r}, which is not in the test part of its fold")
                unit, group = tested[place]
                said = {key: value for key, value in row.items() if key not in ("path", "above_threshold")}
                rows.append({"repeat": fold.repeat, "fold": fold.number, "path": row["path"], "group": group, **said})
                units.append(unit)
                numbers.append(task.numbers(row))
    return OutOfFold(tuple(rows), np.array(units), np.array(numbers, np.float64))


def _tested_units(plan: FoldPlan, fold: Fold, base: Path) -> dict[str, tuple[int, str]]:
    """Returns number and name (a group, or the path of its first video) of the unit of every video tested, by its path."""
    named: dict[int, str] = {}
    for unit, video in zip(plan.units, plan.videos, strict=True):
        path = video.record.path
        shown = path.relative_to(base) if path.is_relative_to(base) else path
        named.setdefault(unit, str(shown) if video.record.group is None else video.record.group)
    return {
        writable(str(video.record.path)): (unit, named[unit])
        for video, unit, split in zip(plan.videos, plan.units, fold.splits, strict=True)
        if split == "test"
    }


def summarise_folds(plan: FoldPlan, runs: Sequence[Path], found: OutOfFold, folder: Path, command: str) -> dict[str, Any]:
    """Writes and returns what a cross-validation comes to.

    `crossvalidation.json`: every fold's figures, their mean and standard deviation, the figures of all out-of-fold
    predictions together (`out_of_fold`), and for these `interval_95`. `predictions.csv`, or `videos.csv` where every frame has
    an
    answer: a row for each video and repeat. `confusion_matrix.png` or `scatter.png`: all of them.

    Args:
        plan: The folds.
        runs: The folder of each fold's run.
        found: Their predictions.
        folder: Where the files go.
        command: The command that a user would type to get the same.
    """
    folds = [_fold_figures(plan, fold, run, folder) for fold, run in zip(plan.folds, runs, strict=True)]
    mean, std = mean_and_std([fold["test"] for fold in folds])
    task, evidence = fold_task(plan.task, plan.class_names), found.evidence(plan)
    result = {
        "command": command,
        "folds": folds,
        "mean": mean,
        "std": std,
        "out_of_fold": evidence.together(),
        "interval_95": _ends(intervals(evidence)),
        "interval_method": _method(plan.num_units),
        "num_videos": len(plan.videos),
        "num_groups": plan.num_units,
        "num_predictions": len(found.rows),
        "per_class": task.classes(found.numbers),
        "versions": versions(),
        "git_commit": git_commit(),
    }
    write_csv(folder / task.file, list(found.rows[0]), found.rows)
    task.draw(folder, found.numbers)
    write_json(folder / RESULT_FILE, result)
    return result


def compare(
    plan: FoldPlan, found: Mapping[str, OutOfFold], results: Mapping[str, Mapping[str, Any]], command: str
) -> dict[str, Any]:
    """Returns how every candidate differs from the first, on the same folds.

    With several comparisons the intervals are widened (Bonferroni), so that all of them hold together with 95 %.

    Args:
        plan: The folds that all were trained on.
        found: The out-of-fold predictions of each candidate, by its label.
        results: What `summarise_folds` gave for each.
        command: The command that a user would type to get the same.
    """
    (first, base), *others = ((label, one.evidence(plan)) for label, one in found.items())
    level = 1 - 0.05 / len(others)
    headline = plan.task.headline
    differences = []
    for label, evidence in others:
        paired = paired_intervals(base, evidence, level=level)
        difference = paired[headline] if paired is not None else None
        sentence = compare_sentence(
            first,
            label,
            headline,
            difference,
            plan.num_units,
            level,
            higher_is_better=headline not in LESS_IS_BETTER,
        )
        differences.append(
            {
                "first": first,
                "second": label,
                "difference": {name: one.value for name, one in paired.items()} if paired is not None else None,
                "interval": _ends(paired),
                "level": level,
                "sentence": sentence,
            }
        )
    return {
        "command": command,
        "headline": headline,
        "candidates": [
            {"candidate": label, **{key: result[key] for key in _OF_CANDIDATES}} for label, result in results.items()
        ],
        "differences": differences,
        "interval_method": _method(plan.num_units) + ", the same groups for both sides of a difference",
        "num_videos": len(plan.videos),
        "num_groups": plan.num_units,
        "versions": versions(),
        "git_commit": git_commit(),
    }


def _method(num_groups: int) -> str:
    if num_groups < 2:
        return "none: one group says nothing about others"
    return _METHOD.format(groups=num_groups) + ("; too few groups to be believed" if num_groups < FEW_GROUPS else "")


def _ends(found: Mapping[str, Interval] | None) -> dict[str, list[float]] | None:
    return None if found is None else {name: [one.low, one.high] for name, one in found.items()}


def _fold_figures(plan: FoldPlan, fold: Fold, run: Path, folder: Path) -> dict[str, Any]:
    metrics = json.loads((run / METRICS_FILE).read_text(encoding="utf-8"))
    return {
        "repeat": fold.repeat,
        "fold": fold.number,
        "seed": fold.seed,
        "split_seed": fold.split_seed,
        "run": str(run.relative_to(folder)),
        "num_videos": {part: len(videos) for part, videos in plan.parts(fold).items()},
        "epochs": metrics["epochs"],
        "seconds": metrics["seconds"],
        "val": _numbers(metrics["val"]),
        "test": _numbers(metrics["test"]),
    }


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if isinstance(value, int | float)}
