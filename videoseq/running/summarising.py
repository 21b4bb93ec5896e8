"""What TensorBoard shows of a finished run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from videoseq.data.videos import Video
from videoseq.reporting.event_file import add_classes, add_clips, add_options
from videoseq.running.measuring import MeasuredSplit
from videoseq.running.shown_clips import most_confident, shown_clips
from videoseq.serving.predictor import Predictor
from videoseq.training.run_folder import TENSORBOARD_FOLDER
from videoseq.types import Split

_NUM_CLIPS = 8


def summarise_run(
    folder: Path,
    predictor: Predictor,
    videos: Mapping[Split, Sequence[Video]],
    measured: Mapping[Split, MeasuredSplit],
    options: Mapping[str, Any],
    step: int,
) -> None:
    """Adds a run's options and final figures, and the curves, bars and clips behind them, to its TensorBoard folder.

    Clips are those of the last split that was measured: of the predictions that are right and of those that are wrong, the ones
    that the model is surest of.

    Args:
        folder: The run's folder.
        predictor: The measured model.
        videos: The videos of every split.
        measured: What the model says about each measured split.
        options: The run's options.
        step: Optimiser steps of the run.
    """
    names = predictor.loaded.config.class_names
    with SummaryWriter(folder / TENSORBOARD_FOLDER) as writer:
        for split, part in measured.items():
            add_classes(writer, split, part.targets, part.result.probs, names, step)
        rows = {
            name: most_confident(part.result.probs, part.targets, _NUM_CLIPS, right=right)
            for name, right in (("surest_right", True), ("surest_wrong", False))
        }
        clips = {name: shown_clips(predictor, videos[split], part.result, chosen) for name, chosen in rows.items()}
        add_clips(writer, split, clips, step)
        add_options(writer, options, {split: part.metrics for split, part in measured.items()}, step)
