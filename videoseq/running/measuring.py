"""Measuring a checkpoint: the videos of a split go in, figures and files come out."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from videoseq.data.dataset import Reading
from videoseq.data.manifest import Manifest
from videoseq.data.options import DataOptions
from videoseq.data.videos import Video
from videoseq.models.calibration import Calibration
from videoseq.models.checkpoint import LoadedModel, store_calibration
from videoseq.reporting.progress import progress_bar
from videoseq.reporting.run_files import BadVideoFile
from videoseq.running.reports import MeasuredSplit, report_of
from videoseq.running.reports.report import shown_paths
from videoseq.serving.device import choose_device
from videoseq.serving.predictor import Predictor
from videoseq.training.calibration import fit_calibration, least_number
from videoseq.training.options import TrainerOptions
from videoseq.types import Split

logger = logging.getLogger(__name__)

RESULT_FILES = (
    "metrics.json",
    "predictions.csv",
    "segments.csv",
    "frames.csv",
    "values.csv",
    "videos.csv",
    "confusion_matrix.png",
    "reliability.png",
    "scatter.png",
    "clips.png",
    "timelines.png",
    "curves.png",
)
"""What an evaluation may leave in its folder, besides `bad_videos.csv`."""


def predictor_of(loaded: LoadedModel, data: DataOptions, trainer: TrainerOptions) -> Predictor:
    """Returns a predictor that reads as `data` and runs where `trainer` says."""
    return Predictor(
        loaded,
        Reading(data.decoder, data.limits, data.bad_videos, data.skip_loop_filter),
        choose_device(trainer.accelerator, trainer.num_threads),
        trainer.precision,
        progress_bar,
        data.batch_size,
        data.workers,
    )


def measure_split(
    predictor: Predictor,
    videos: Sequence[Video],
    split: Split,
    folder: Path,
    root: Path | None,
    *,
    num_clips: int = 1,
    num_crops: int = 1,
) -> MeasuredSplit[Any]:
    """Measures a model on a split, and writes its predictions, its figures and what could not be read.

    Args:
        predictor: The model.
        videos: The videos of the split.
        split: Its name.
        folder: Where the files go.
        root: Paths below it are written relative to it.
        num_clips: Clips of a video over whose answers is averaged; 1 where there is an answer for each frame.
        num_crops: Crops of a clip, likewise.

    Raises:
        DataError: None of the videos could be read, or none has a label.
    """
    report = report_of(predictor)
    measured = report.ask(videos, num_clips=num_clips, num_crops=num_crops)
    listed = BadVideoFile(folder / "bad_videos.csv")
    for position, reason in measured.result.failures:
        record = videos[position].record
        listed.add(record.path, record.row, split, reason)
        logger.warning("left out of %s: %s", split, reason)
    return replace(measured, metrics=report.write(folder, split, measured, shown_paths(measured.videos, root)))


def measure_validation(
    predictor: Predictor, videos: Sequence[Video], checkpoint: Path, *, calibrate: bool
) -> tuple[Predictor, MeasuredSplit[Any], dict[str, Any] | None]:
    """Measures a checkpoint on the validation videos, a single view of each, and stores its calibration in it.

    The calibration is fitted on the logits, whatever calibration the checkpoint has, so that measuring twice changes nothing.

    Args:
        predictor: The model of the checkpoint.
        videos: The validation videos.
        checkpoint: The file, which is replaced where its calibration is another.
        calibrate: Whether a calibration is fitted; without, the checkpoint is left with none.

    Returns:
        The predictor with the new calibration, what it says with it, and where one was fitted the `calibration` section of
        `metrics.json`: temperature, thresholds, and the error and likelihood before and after.

    Raises:
        DataError: None of the videos could be read.
    """
    report = report_of(predictor)
    report = replace(report, predictor=report.with_calibration(Calibration()))
    before = report.ask(videos)
    logits, targets = report.evidence(before)
    task = predictor.loaded.config.task
    fitted = fit_calibration(logits, targets, task) if calibrate else None
    calibration = Calibration() if fitted is None else fitted
    if calibration != predictor.loaded.calibration:
        store_calibration(checkpoint, calibration)
    after = report.calibrated(before, calibration)
    calibrated = report.with_calibration(calibration)
    what = "labelled frames" if task.per_frame else "videos"
    if fitted is not None:
        names = predictor.loaded.config.class_names
        section = {
            "temperature": fitted.temperature,
            "thresholds": dict(zip(names, fitted.thresholds, strict=True)) if fitted.thresholds else {},
            f"num_{what.removeprefix('labelled ')}": len(targets),
            "before": _sureness(before.metrics),
            "after": _sureness(after.metrics),
        }
        text = "calibrated on %d %s: temperature %.2f, negative log-likelihood %.3f before and %.3f after"
        logger.info(text, len(targets), what, fitted.temperature, before.metrics["loss"], after.metrics["loss"])
        return calibrated, after, section
    if calibrate and not logits.isfinite().all():
        text = "not calibrated: logits of %d of %d validation %s are infinite or no numbers; try a lower optimizer.lr"
        logger.warning(text, int((~logits.isfinite()).any(1).sum()), len(targets), what)
    elif calibrate and task.has_classes:
        logger.info("not calibrated: that takes at least %d validation %s, got %d", least_number(task), what, len(targets))
    return calibrated, after, None


def _sureness(figures: dict[str, float]) -> dict[str, float]:
    """Returns what a temperature changes: the mean negative log-likelihood, and of a classification the calibration error."""
    return {**({"ece": figures["ece"]} if "ece" in figures else {}), "nll": figures["loss"]}


def clear_results(folder: Path) -> None:
    """Deletes what an earlier evaluation has left in a folder: not all of its files are written again by every other one.

    A folder without `metrics.json` holds no evaluation, and is left alone.
    """
    if (folder / "metrics.json").is_file():
        for name in RESULT_FILES:
            (folder / name).unlink(missing_ok=True)


def list_bad_videos(folder: Path, manifest: Manifest, *, new: bool = False) -> BadVideoFile:
    """Returns `bad_videos.csv` of a folder with the videos that the scan left out.

    Args:
        folder: The folder.
        manifest: The scanned data set.
        new: Whether a file that is there is emptied first.
    """
    listed = BadVideoFile(folder / "bad_videos.csv", new=new)
    for bad in manifest.bad:
        listed.add(bad.record.path, bad.record.row, "", bad.reason)
    return listed
