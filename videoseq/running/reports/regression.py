"""The report of a value for a video."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from videoseq.reporting.evaluation import print_evaluation
from videoseq.reporting.scores import value_figures, value_sums
from videoseq.reporting.value_figures import scatter_figure, write_value_predictions
from videoseq.running.reports.clips import ClipReport
from videoseq.running.reports.report import MeasuredSplit
from videoseq.serving.inference import VideoAnswers
from videoseq.types import TaskSpec


@dataclass(frozen=True)
class RegressionReport(ClipReport):
    """See `Report`."""

    def figures(self, answers: Tensor, targets: Tensor) -> dict[str, float]:
        """See `figures_of_values`."""
        task = self.predictor.loaded.config.task
        sums = value_sums(targets.double().numpy(), answers.double().numpy(), mean=task.mean, std=task.std)
        return figures_of_values(sums.sum(axis=0), task)

    def write(self, folder: Path, title: str, measured: MeasuredSplit[VideoAnswers], paths: Sequence[str]) -> dict[str, Any]:
        """Writes `predictions.csv` and `scatter.png`."""
        write_value_predictions(folder / "predictions.csv", paths, torch.stack(measured.targets), measured.result.answers)
        _scatter(measured, title).savefig(folder / "scatter.png", dpi=120)
        print_evaluation(title, measured.metrics, {})
        return measured.metrics

    def summarise(self, writer: SummaryWriter, split: str, measured: MeasuredSplit[VideoAnswers], step: int) -> None:
        """Adds predicted over true values."""
        writer.add_figure(f"{split}/values", _scatter(measured, split), step)

    def said(self, answer: Tensor, target: Tensor) -> tuple[str, bool]:
        """Returns the predicted and the true value; none is exact, so none is called wrong."""
        return f"{float(answer):.4g}, is {float(target):.4g}", False

    def notable(self, measured: MeasuredSplit[VideoAnswers], count: int) -> Mapping[str, list[int]]:
        """Returns the videos whose error is smallest and largest."""
        errors = (measured.result.answers - torch.stack(measured.targets)).abs()  # (M,)
        order: list[int] = errors.argsort(stable=True).tolist()
        return {"smallest_error": order[:count], "largest_error": order[::-1][:count]}


def figures_of_values(sums: Any, task: TaskSpec) -> dict[str, float]:
    """Returns `mae`, `rmse` and `r2` from the sum of rows of `value_sums`, and `loss`, the mean squared standardised error.

    Args:
        sums: (5,), of values that the task's mean and deviation have standardised.
        task: What is learned.
    """
    found = {name: float(value) for name, value in value_figures(sums, std=task.std).items()}
    return {**found, "loss": found["rmse"] ** 2 / task.std**2}


def _scatter(measured: MeasuredSplit[VideoAnswers], title: str) -> Figure:
    targets, preds = torch.stack(measured.targets).double().numpy(), measured.result.answers.double().numpy()
    return scatter_figure(targets, preds, f"{title}: R² {measured.metrics['r2']:.3f}")
