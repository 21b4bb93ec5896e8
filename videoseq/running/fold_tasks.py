"""What a cross-validation takes from the tests of its folds, by task: numbers of every video, and their figures."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from videoseq.reporting.average_precision import Rankings, mean_of_classes
from videoseq.reporting.evaluation import per_class, write_confusion
from videoseq.reporting.files import writable
from videoseq.reporting.frame_tables import VALUE_SUMS, class_table, frame_sum_columns
from videoseq.reporting.label_tables import SEPARATOR, label_table
from videoseq.reporting.scores import (
    Floats,
    class_figures,
    class_sums,
    frame_figures,
    label_figures,
    label_sums,
    value_figures,
    value_sums,
)
from videoseq.reporting.statistics import Evidence, evidence_of_sums
from videoseq.reporting.value_figures import scatter_figure
from videoseq.types import TaskName, TaskSpec

Units = NDArray[np.int64]
Classes = dict[str, dict[str, float]]


@dataclass(frozen=True)
class FoldTask(ABC):
    """Reads what a run leaves of its test, a row for each video.

    Attributes:
        class_names: Name of each output.
        file: Which file of the run.
    """

    class_names: tuple[str, ...]
    file: ClassVar[str] = "predictions.csv"

    @property
    def names(self) -> list[str]:
        """The names as they stand in a file."""
        return [writable(name) for name in self.class_names]

    @abstractmethod
    def numbers(self, row: Mapping[str, str]) -> Sequence[float]:
        """Returns the S numbers of a row."""

    @abstractmethod
    def evidence(self, units: Units, numbers: Floats, num_units: int) -> Evidence:
        """Returns the evidence of N rows.

        Args:
            units: (N,) number of the unit of each row's video.
            numbers: (N, S).
            num_units: G.
        """

    def classes(self, numbers: Floats) -> Classes:
        """Returns the figures of every class over all rows, (N, S); none where there are no classes."""
        return {}

    @abstractmethod
    def draw(self, folder: Path, numbers: Floats) -> None:
        """Draws what there is to see of all rows, (N, S), into a folder."""

    def _probs(self, row: Mapping[str, str]) -> list[float]:
        return [float(row[f"prob_{name}"]) for name in self.names]


class ClassificationFolds(FoldTask):
    """Class id and K probabilities."""

    def numbers(self, row: Mapping[str, str]) -> Sequence[float]:
        """See `FoldTask.numbers`."""
        return [self.names.index(row["target"]), *self._probs(row)]

    def evidence(self, units: Units, numbers: Floats, num_units: int) -> Evidence:
        """See `class_figures`."""
        return evidence_of_sums(units, class_sums(numbers[:, 0].astype(np.int64), numbers[:, 1:]), num_units, class_figures)

    def classes(self, numbers: Floats) -> Classes:
        """See `per_class`."""
        found = torch.from_numpy(numbers)
        return per_class(found[:, 0].long(), found[:, 1:], self.class_names)

    def draw(self, folder: Path, numbers: Floats) -> None:
        """Draws `confusion_matrix.png`."""
        found = torch.from_numpy(numbers)
        write_confusion(folder / "confusion_matrix.png", found[:, 0].long(), found[:, 1:], self.class_names)


class MultilabelFolds(FoldTask):
    """Of every class whether it occurs, whether it is claimed, and its probability: 3 K numbers."""

    def numbers(self, row: Mapping[str, str]) -> Sequence[float]:
        """See `FoldTask.numbers`."""
        occurs, claims = (row[column].split(SEPARATOR) for column in ("targets", "preds"))
        return [*(name in occurs for name in self.names), *(name in claims for name in self.names), *self._probs(row)]

    def evidence(self, units: Units, numbers: Floats, num_units: int) -> Evidence:
        """Returns `map`, which is computed anew from all rows for every draw, and those of `label_figures`."""
        targets, claims, probs = np.split(numbers, 3, axis=1)
        sums = evidence_of_sums(units, label_sums(targets > 0, claims > 0, probs), num_units, label_figures)
        rankings = Rankings(probs, targets > 0, units)

        def figures(weights: Floats) -> dict[str, Floats]:
            return {"map": mean_of_classes(rankings.average_precision(weights)), **sums.figures(weights)}

        return Evidence(sums.counts, figures)

    def classes(self, numbers: Floats) -> Classes:
        """See `label_table`."""
        targets, claims, probs = (torch.from_numpy(part) for part in np.split(numbers, 3, axis=1))
        return label_table(targets, probs, claims > 0, self.class_names)

    def draw(self, folder: Path, numbers: Floats) -> None:
        """Draws nothing: `per_class` says it."""


class RegressionFolds(FoldTask):
    """The true and the predicted value."""

    def numbers(self, row: Mapping[str, str]) -> Sequence[float]:
        """See `FoldTask.numbers`."""
        return [float(row["target"]), float(row["pred"])]

    def evidence(self, units: Units, numbers: Floats, num_units: int) -> Evidence:
        """See `value_figures`."""
        sums = value_sums(numbers[:, 0], numbers[:, 1], mean=float(numbers[:, 0].mean()))
        return evidence_of_sums(units, sums, num_units, value_figures)

    def draw(self, folder: Path, numbers: Floats) -> None:
        """Draws `scatter.png`."""
        scatter_figure(numbers[:, 0], numbers[:, 1], "out of fold").savefig(folder / "scatter.png", dpi=120)


class SummedFolds(FoldTask):
    """What the frames of a video add to the figures, the first of which is how many have a label."""

    file: ClassVar[str] = "videos.csv"

    @property
    @abstractmethod
    def columns(self) -> Sequence[str]:
        """Names of the sums."""

    @abstractmethod
    def figures(self, sums: Floats) -> dict[str, Floats]:
        """Returns the figures of sums (..., S)."""

    def numbers(self, row: Mapping[str, str]) -> Sequence[float]:
        """See `FoldTask.numbers`."""
        return [float(row[column]) for column in self.columns]

    def evidence(self, units: Units, numbers: Floats, num_units: int) -> Evidence:
        """Returns the evidence of the rows of videos that have a label."""
        has_label = numbers[:, 0] > 0
        return evidence_of_sums(units[has_label], numbers[has_label], num_units, self.figures)

    def draw(self, folder: Path, numbers: Floats) -> None:
        """Draws nothing: the pictures of the folds show their videos."""


class FramesFolds(SummedFolds):
    """Sums over frames and segments."""

    @property
    def columns(self) -> Sequence[str]:
        """See `frame_sum_columns`."""
        return frame_sum_columns(self.names)

    def figures(self, sums: Floats) -> dict[str, Floats]:
        """See `frame_figures`."""
        return frame_figures(sums)

    def classes(self, numbers: Floats) -> Classes:
        """See `class_table`."""
        return class_table(numbers.sum(axis=0)[: 2 + 3 * len(self.class_names)], self.class_names)


class FrameValuesFolds(SummedFolds):
    """Sums over values."""

    @property
    def columns(self) -> Sequence[str]:
        """See `VALUE_SUMS`."""
        return VALUE_SUMS

    def figures(self, sums: Floats) -> dict[str, Floats]:
        """See `value_figures`."""
        return value_figures(sums)


_TASKS: dict[tuple[TaskName, bool], type[FoldTask]] = {
    ("classification", False): ClassificationFolds,
    ("multilabel", False): MultilabelFolds,
    ("regression", False): RegressionFolds,
    ("frames", True): FramesFolds,
    ("regression", True): FrameValuesFolds,
}


def fold_task(task: TaskSpec, class_names: tuple[str, ...]) -> FoldTask:
    """Returns what reads the tests of a task."""
    return _TASKS[task.name, task.per_frame](class_names)
