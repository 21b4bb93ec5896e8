"""The report of a value for each frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from videoseq.reporting.evaluation import print_evaluation
from videoseq.reporting.frame_tables import VALUE_SUMS, write_sums, write_values
from videoseq.reporting.scores import Floats, value_sums
from videoseq.reporting.value_figures import ValueCurve, curves_figure, scatter_figure
from videoseq.running.reports.regression import figures_of_values
from videoseq.running.reports.report import MeasuredSplit
from videoseq.running.reports.whole_videos import WholeVideoReport
from videoseq.serving.frame_inference import FrameAnswers, VideoFrames


@dataclass(frozen=True)
class FrameValuesReport(WholeVideoReport):
    """See `Report`."""

    picture: ClassVar[str] = "curves.png"

    def video_sums(self, found: VideoFrames, targets: Tensor) -> Floats:
        """See `value_sums`; of values that the task's mean and deviation have standardised."""
        task = self.predictor.loaded.config.task
        return _sums(found, targets, mean=task.mean, std=task.std)

    def figures(self, sums: Floats) -> dict[str, float]:
        """See `figures_of_values`."""
        return figures_of_values(sums, self.predictor.loaded.config.task)

    def write(self, folder: Path, title: str, measured: MeasuredSplit[FrameAnswers], paths: Sequence[str]) -> dict[str, Any]:
        """Writes `values.csv`, `videos.csv`, `scatter.png` and `curves.png`."""
        write_values(folder / "values.csv", _value_rows(measured, paths))
        write_sums(folder / "videos.csv", paths, VALUE_SUMS, _sums_in_units(measured))
        self._scatter(measured, title).savefig(folder / "scatter.png", dpi=120)
        self._curves(measured, paths).savefig(folder / self.picture, dpi=110)
        print_evaluation(title, measured.metrics, {})
        return measured.metrics

    def summarise(self, writer: SummaryWriter, split: str, measured: MeasuredSplit[FrameAnswers], step: int) -> None:
        """Adds predicted over true values, and both over time."""
        writer.add_figure(f"{split}/values", self._scatter(measured, split), step)
        paths = [video.record.path.name for video in measured.videos]
        writer.add_figure(f"{split}/curves", self._curves(measured, paths), step)

    def _scatter(self, measured: MeasuredSplit[FrameAnswers], title: str) -> Figure:
        preds, targets = (part.double().numpy() for part in self.of_labelled(measured, lambda one: one.answers))
        return scatter_figure(targets, preds, f"{title}: R² {measured.metrics['r2']:.3f}")

    def _curves(self, measured: MeasuredSplit[FrameAnswers], paths: Sequence[str]) -> Figure:
        shown = []
        for row in self.shown_rows(measured):
            found = measured.result.answers[row]
            targets, preds = measured.targets[row].double().numpy(), found.answers.double().numpy()
            shown.append(ValueCurve(paths[row], found.seconds, targets, preds))
        return curves_figure(shown)


def _sums(found: VideoFrames, targets: Tensor, *, mean: float = 0.0, std: float = 1.0) -> Floats:
    has_label = ~targets.isnan()
    wanted, preds = (part[has_label].double().numpy() for part in (targets, found.answers))
    sums: Floats = value_sums(wanted, preds, mean=mean, std=std).sum(axis=0)
    return sums


def _sums_in_units(measured: MeasuredSplit[FrameAnswers]) -> Floats:
    """Returns what each video adds in units, (M, 5): a cross-validation adds it up over models of other standards."""
    return np.stack([_sums(*pair) for pair in zip(measured.result.answers, measured.targets, strict=True)])


def _value_rows(measured: MeasuredSplit[FrameAnswers], paths: Sequence[str]) -> Iterator[dict[str, Any]]:
    for path, found, targets in zip(paths, measured.result.answers, measured.targets, strict=True):
        rows = zip(found.frames.tolist(), found.seconds.tolist(), targets.tolist(), found.answers.tolist(), strict=True)
        for frame, seconds, target, value in rows:
            yield {
                "path": path,
                "frame": frame,
                "time_seconds": round(seconds, 6),
                "target": "" if np.isnan(target) else f"{target:.9g}",
                "value": f"{value:.9g}",
            }
