"""The report of several classes in a video."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy
from torch.utils.tensorboard import SummaryWriter

from videoseq.models.answers import claimed
from videoseq.reporting.average_precision import average_precision, mean_of_classes
from videoseq.reporting.evaluation import print_evaluation
from videoseq.reporting.event_file import add_classes
from videoseq.reporting.label_tables import joined_names, label_table, write_label_predictions
from videoseq.reporting.scores import label_figures, label_sums
from videoseq.running.reports.clips import ClipReport
from videoseq.running.reports.report import MeasuredSplit
from videoseq.serving.inference import VideoAnswers


@dataclass(frozen=True)
class MultilabelReport(ClipReport):
    """See `Report`. A class is claimed where its probability reaches its threshold, see `claimed`."""

    def figures(self, answers: Tensor, targets: Tensor) -> dict[str, float]:
        """Returns `map`, 0 where no class occurs, `f1_macro`, `f1_micro` and `loss`."""
        occurs, probs = (targets > 0.5).numpy(), answers.double().numpy()
        sums = label_sums(occurs, self._claims(answers).numpy(), probs).sum(axis=0)
        precision = float(mean_of_classes(average_precision(probs, occurs)))
        return {
            "map": 0.0 if np.isnan(precision) else precision,
            **{name: float(value) for name, value in label_figures(sums).items()},
        }

    def write(self, folder: Path, title: str, measured: MeasuredSplit[VideoAnswers], paths: Sequence[str]) -> dict[str, Any]:
        """Writes `predictions.csv`."""
        probs, targets = measured.result.answers, torch.stack(measured.targets)
        names = self.predictor.loaded.config.class_names
        write_label_predictions(folder / "predictions.csv", paths, targets, probs, self._claims(probs), names)
        classes = self._classes(measured)
        print_evaluation(title, measured.metrics, classes)
        return {**measured.metrics, "per_class": classes}

    def summarise(self, writer: SummaryWriter, split: str, measured: MeasuredSplit[VideoAnswers], step: int) -> None:
        """Adds curves and bars of the classes."""
        occurs = torch.stack(measured.targets) > 0.5
        add_classes(writer, split, occurs, measured.result.answers, self._classes(measured), step)

    def said(self, answer: Tensor, target: Tensor) -> tuple[str, bool]:
        """Returns the classes that are claimed."""
        names = self.predictor.loaded.config.class_names
        pred, wanted = (joined_names(which, names) or "none" for which in (self._claims(answer), target > 0.5))
        return pred + ("" if pred == wanted else f", is {wanted}"), pred != wanted

    def notable(self, measured: MeasuredSplit[VideoAnswers], count: int) -> Mapping[str, list[int]]:
        """Returns the videos whose loss is lowest and highest."""
        losses = binary_cross_entropy(measured.result.answers, torch.stack(measured.targets), reduction="none").mean(1)  # (M,)
        order: list[int] = losses.argsort(stable=True).tolist()
        return {"lowest_loss": order[:count], "highest_loss": order[::-1][:count]}

    def _claims(self, probs: Tensor) -> Tensor:
        return claimed(probs, self.predictor.loaded.calibration)

    def _classes(self, measured: MeasuredSplit[VideoAnswers]) -> dict[str, dict[str, float]]:
        probs, targets = measured.result.answers, torch.stack(measured.targets)
        return label_table(targets, probs, self._claims(probs), self.predictor.loaded.config.class_names)
