"""The report of one class for a video."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.utils.tensorboard import SummaryWriter

from videoseq.reporting.evaluation import per_class
from videoseq.reporting.event_file import add_classes
from videoseq.running.reports.clips import ClipReport
from videoseq.running.reports.report import MeasuredSplit
from videoseq.serving.inference import VideoAnswers
from videoseq.training.evaluation import report_split
from videoseq.training.metrics import evaluate_probs


@dataclass(frozen=True)
class ClassificationReport(ClipReport):
    """See `Report`."""

    def figures(self, answers: Tensor, targets: Tensor) -> dict[str, float]:
        """See `evaluate_probs`."""
        return evaluate_probs(answers, targets)

    def write(self, folder: Path, title: str, measured: MeasuredSplit[VideoAnswers], paths: Sequence[str]) -> dict[str, Any]:
        """See `report_split`."""
        loaded = self.predictor.loaded
        targets = torch.stack(measured.targets)
        names = loaded.config.class_names
        return report_split(folder, title, paths, targets, measured.result.answers, names, loaded.calibration)

    def summarise(self, writer: SummaryWriter, split: str, measured: MeasuredSplit[VideoAnswers], step: int) -> None:
        """Adds curves and bars of the classes."""
        targets, probs = torch.stack(measured.targets), measured.result.answers
        classes = per_class(targets, probs, self.predictor.loaded.config.class_names)
        add_classes(writer, split, one_hot(targets, probs.shape[1]) > 0, probs, classes, step)

    def said(self, answer: Tensor, target: Tensor) -> tuple[str, bool]:
        """Returns the likeliest class and its probability."""
        names = self.predictor.loaded.config.class_names
        pred, wanted = int(answer.argmax()), int(target)
        return f"{names[pred]} {float(answer[pred]):.2f}" + ("" if pred == wanted else f", is {names[wanted]}"), pred != wanted

    def notable(self, measured: MeasuredSplit[VideoAnswers], count: int) -> Mapping[str, list[int]]:
        """Returns the predictions that the model is surest of, of those that are right and of those that are wrong."""
        probs, targets = measured.result.answers, torch.stack(measured.targets)
        return {
            name: most_confident(probs, targets, count, right=right)
            for name, right in (("surest_right", True), ("surest_wrong", False))
        }


def most_confident(probs: Tensor, targets: Tensor, count: int, *, right: bool) -> list[int]:
    """Returns the rows of the predictions that the model is surest of, the surest first, at most `count`.

    Args:
        probs: (N, K).
        targets: (N,) int64 class ids.
        count: How many.
        right: Whether those that are right are meant, or those that are wrong.
    """
    sureness, preds = probs.max(1)  # (N,)
    rows = torch.nonzero((preds == targets) == right).flatten()
    order = sureness[rows].argsort(descending=True, stable=True)
    chosen: list[int] = rows[order[:count]].tolist()
    return chosen
