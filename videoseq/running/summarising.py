"""What TensorBoard shows of a finished run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from videoseq.reporting.event_file import add_options
from videoseq.running.reports import MeasuredSplit, report_of
from videoseq.serving.predictor import Predictor
from videoseq.training.run_folder import TENSORBOARD_FOLDER
from videoseq.types import Split


def summarise_run(
    folder: Path,
    predictor: Predictor,
    measured: Mapping[Split, MeasuredSplit[Any]],
    options: Mapping[str, Any],
    step: int,
) -> None:
    """Adds a run's options and final figures, and the curves, bars and clips behind them, to its TensorBoard folder.

    Clips are those of the last split that was measured: those that are worth a look, see `ClipReport.notable`.

    Args:
        folder: The run's folder.
        predictor: The measured model.
        measured: What the model says about each measured split.
        options: The run's options.
        step: Optimiser steps of the run.
    """
    report = report_of(predictor)
    with SummaryWriter(folder / TENSORBOARD_FOLDER) as writer:
        for split, part in measured.items():
            report.summarise(writer, split, part, step)
        report.summarise_videos(writer, split, part, step)
        add_options(writer, options, {split: part.metrics for split, part in measured.items()}, step)
