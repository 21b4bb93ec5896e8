"""What a command says about a split: one report for each kind of answer that a model gives."""

from typing import Any

from videoseq.running.reports.classification import ClassificationReport
from videoseq.running.reports.frame_values import FrameValuesReport
from videoseq.running.reports.frames import FramesReport
from videoseq.running.reports.multilabel import MultilabelReport
from videoseq.running.reports.regression import RegressionReport
from videoseq.running.reports.report import MeasuredSplit, Report
from videoseq.serving.predictor import Predictor
from videoseq.types import TaskName

__all__ = ["FramesReport", "MeasuredSplit", "Report", "report_of"]

_REPORTS: dict[tuple[TaskName, bool], type[Report[Any]]] = {
    ("classification", False): ClassificationReport,
    ("multilabel", False): MultilabelReport,
    ("regression", False): RegressionReport,
    ("frames", True): FramesReport,
    ("regression", True): FrameValuesReport,
}
"""By the task, and whether there is an answer for each frame."""


def report_of(predictor: Predictor) -> Report[Any]:
    """Returns the report of what a model says."""
    task = predictor.loaded.config.task
    return _REPORTS[task.name, task.per_frame](predictor)
