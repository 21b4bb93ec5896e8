"""Metrics of every task, the same objects in training and in evaluation."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import isnan
from typing import Any, Self

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from videoseq.models.answers import claimed
from videoseq.reporting.average_precision import average_precision, mean_of_classes
from videoseq.reporting.reliability import NUM_BINS, Reliability, reliability
from videoseq.reporting.scores import Floats, label_figures, label_sums, value_figures, value_sums
from videoseq.types import IGNORED, LESS_IS_BETTER, TaskSpec

_ALONE: dict[str, Any] = {"sync_on_compute": False}
"""`EpochFigures` puts those of several processes together."""

_UNCHECKED: dict[str, Any] = {**_ALONE, "validate_args": False}
"""The checks of what comes in would make a GPU wait in every step."""


class CalibrationError(Metric):
    """Expected calibration error, see `Reliability.ece`, fed with probs (B, K) and targets (B,)."""

    higher_is_better = False
    full_state_update = False
    sums: Tensor

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.add_state("sums", torch.zeros(NUM_BINS, 3), dist_reduce_fx="sum")

    def update(self, probs: Tensor, targets: Tensor) -> None:
        """Adds a batch."""
        self.sums += reliability(probs, targets).sums

    def compute(self) -> Tensor:
        """Returns the error over all batches, a scalar."""
        return Reliability(self.sums).ece


class MeanAveragePrecision(Metric):
    """Mean over the classes that occur of their average precision, fed with probs (B, K) and targets (B, K); 0 where none does.

    It keeps all it is fed: the order of all clips counts.
    """

    higher_is_better = True
    full_state_update = False
    probs: list[Tensor]
    targets: list[Tensor]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.add_state("probs", [], dist_reduce_fx="cat")
        self.add_state("targets", [], dist_reduce_fx="cat")

    def update(self, probs: Tensor, targets: Tensor) -> None:
        """Adds a batch."""
        self.probs.append(probs)
        self.targets.append(targets)

    def compute(self) -> Tensor:
        """Returns the mean over all batches, a scalar."""
        probs, targets = (torch.cat(parts).double().cpu().numpy() for parts in (self.probs, self.targets))
        found = float(mean_of_classes(average_precision(probs, targets > 0.5)))
        return torch.tensor(0.0 if isnan(found) else found)


class SummedFigure(Metric, ABC):
    """A figure of `reporting.scores`, of which only sums are kept: on the CPU, since not every device knows float64.

    Args:
        name: Which.
        num_sums: How many sums.
    """

    full_state_update = False
    sums: Tensor

    def __init__(self, name: str, num_sums: int, **options: Any) -> None:
        super().__init__(**options)
        self.name = name
        self.add_state("sums", torch.zeros(num_sums, dtype=torch.float64), dist_reduce_fx="sum")

    def _apply(self, *_: Any, **__: Any) -> Self:
        """Leaves the sums where and as they are, whatever device or type the module goes to."""
        return self

    def update(self, answers: Tensor, targets: Tensor) -> None:
        """Adds a batch."""
        self.sums += torch.from_numpy(self.sums_of(answers, targets).sum(0))

    def compute(self) -> Tensor:
        """Returns the figure over all batches, a scalar."""
        return torch.tensor(float(self.figures_of(self.sums.numpy())[self.name]))

    @abstractmethod
    def sums_of(self, answers: Tensor, targets: Tensor) -> Floats:
        """Returns what a batch adds, a row for each of its answers."""

    @abstractmethod
    def figures_of(self, sums: Floats) -> dict[str, Floats]:
        """Returns all figures of such sums."""


class LabelFigure(SummedFigure):
    """`f1_macro` or `f1_micro` of classes that are claimed from 0.5 on, fed with probs (B, K) and targets (B, K)."""

    def sums_of(self, answers: Tensor, targets: Tensor) -> Floats:
        """See `label_sums`."""
        return label_sums((targets > 0.5).cpu().numpy(), claimed(answers).cpu().numpy(), answers.double().cpu().numpy())

    def figures_of(self, sums: Floats) -> dict[str, Floats]:
        """See `label_figures`."""
        return label_figures(sums)


class ValueFigure(SummedFigure):
    """`mae`, `rmse` or `r2`, fed with values (N,) and targets (N,) in units.

    Args:
        name: Which.
        task: Mean and deviation of the values.
    """

    def __init__(self, name: str, task: TaskSpec, **options: Any) -> None:
        super().__init__(name, 5, **options)
        self.mean, self.std = task.mean, task.std

    def sums_of(self, answers: Tensor, targets: Tensor) -> Floats:
        """See `value_sums`."""
        values, wanted = (part.double().cpu().numpy() for part in (answers, targets))
        return value_sums(wanted, values, mean=self.mean, std=self.std)

    def figures_of(self, sums: Floats) -> dict[str, Floats]:
        """See `value_figures`."""
        return value_figures(sums, std=self.std)


def _of_classification(task: TaskSpec, num_outputs: int) -> dict[str, Metric]:
    top5 = MulticlassAccuracy(num_outputs, average="micro", top_k=min(5, num_outputs), **_UNCHECKED)
    same = _of_frames(task, num_outputs)
    return {
        "accuracy": same["accuracy"],
        "top5_accuracy": top5,
        "f1_macro": same["f1_macro"],
        "ece": CalibrationError(**_ALONE),
    }


def _of_multilabel(task: TaskSpec, num_outputs: int) -> dict[str, Metric]:
    f1 = {name: LabelFigure(name, 2 + 3 * num_outputs, **_ALONE) for name in ("f1_macro", "f1_micro")}
    return {"map": MeanAveragePrecision(**_ALONE), **f1}


def _of_frames(task: TaskSpec, num_outputs: int) -> dict[str, Metric]:
    return {
        "accuracy": MulticlassAccuracy(num_outputs, average="micro", **_UNCHECKED),
        "f1_macro": MulticlassF1Score(num_outputs, average="macro", **_UNCHECKED),
    }


def _of_regression(task: TaskSpec, num_outputs: int) -> dict[str, Metric]:
    return {name: ValueFigure(name, task, **_ALONE) for name in ("mae", "rmse", "r2")}


_METRICS: dict[str, Callable[[TaskSpec, int], dict[str, Metric]]] = {
    "classification": _of_classification,
    "multilabel": _of_multilabel,
    "frames": _of_frames,
    "regression": _of_regression,
}


def build_metrics(task: TaskSpec, num_outputs: int) -> MetricCollection:
    """Returns the metrics of a task, fed with what `labelled` returns.

    They are `accuracy`, `top5_accuracy` (of K classes where K < 5: always 1), `f1_macro` and `ece` of a classification;
    `map`, `f1_macro` and `f1_micro` of multilabel; `accuracy` and `f1_macro` of frames; `mae`, `rmse` and `r2` of a regression.

    Args:
        task: What is learned.
        num_outputs: K.
    """
    # No groups: torchmetrics would compute as one what happens to agree on the first batch, top 5 and macro F1 for example.
    return MetricCollection(dict(_METRICS[task.name](task, num_outputs)), compute_groups=False)


def labelled(answers: Tensor, targets: Tensor, task: TaskSpec) -> tuple[Tensor, Tensor]:
    """Returns the answers that have a target, and these; a GPU waits for how many there are where some may have none.

    Args:
        answers: (B, K) or (B,), or of every frame (B, T, K) or (B, T).
        targets: Those of a batch; `IGNORED` or NaN where there is none.
        task: What they are.

    Returns:
        (M, K) and (M,) of classes, (M, K) and (M, K) of multilabel, (M,) and (M,) of values.
    """
    if not task.per_frame:
        return answers, targets
    is_labelled = targets != IGNORED if task.has_classes else ~targets.isnan()
    return answers[is_labelled], targets[is_labelled]


def num_labelled(targets: Tensor) -> int:
    """Returns how many clips of a batch have a label, of one frame at least where frames have them.

    Args:
        targets: (B,), (B, K) or (B, T), on the CPU; `IGNORED` or NaN where there is none.
    """
    are_labelled = ~targets.isnan() if targets.is_floating_point() else targets != IGNORED
    return int(are_labelled.flatten(1).any(1).sum()) if targets.ndim > 1 else int(are_labelled.sum())


def evaluate_probs(probs: Tensor, targets: Tensor) -> dict[str, float]:
    """Returns the metrics of a classification over a whole split, the mean negative log-likelihood as `loss` included.

    Args:
        probs: (N, K) averaged probabilities.
        targets: (N,) int64 class ids.
    """
    metrics = build_metrics(TaskSpec(), probs.shape[1])
    metrics.update(probs, targets)
    likelihood = probs[torch.arange(len(targets)), targets].clamp(min=1e-12)
    return {
        **{name: float(value) for name, value in metrics.compute().items()},
        "loss": float(-likelihood.log().mean()),
    }


def selection_score(monitor: str, figures: dict[str, float]) -> float:
    """Returns the figure by which checkpoints are ranked: larger is better.

    Of equal values the one of the lower loss is better. The loss contributes less than 0.001, so it decides only between
    values that agree to three decimals: on few validation videos many epochs tie, and the first of them is the least trained.
    Errors and losses themselves, where less is better, do not tie and count alone. Where the figure is no number, as `r2` of
    values that are all the same, the loss alone counts.

    Args:
        monitor: The validation figure that counts.
        figures: All of them, by name.
    """
    value, loss = figures[monitor], figures["loss"]
    if monitor in LESS_IS_BETTER:
        return -value
    return -loss if isnan(value) else value - 1e-3 * (1 - 1 / (1 + loss))
