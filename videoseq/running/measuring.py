"""Measuring a checkpoint: the videos of a split go in, figures and files come out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from videoseq.data.dataset import Reading
from videoseq.data.manifest import Manifest
from videoseq.data.options import DataOptions
from videoseq.data.videos import Video
from videoseq.models.calibration import Calibration
from videoseq.models.checkpoint import LoadedModel, store_calibration
from videoseq.reporting.progress import progress_bar
from videoseq.reporting.run_files import BadVideoFile
from videoseq.serving.device import choose_device
from videoseq.serving.inference import VideoProbs
from videoseq.serving.predictor import Predictor, targets_and_paths
from videoseq.training.calibration import MIN_VIDEOS, fit_calibration
from videoseq.training.evaluation import report_split
from videoseq.training.metrics import evaluate_probs
from videoseq.training.options import TrainerOptions
from videoseq.types import Split

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredSplit:
    """What a model says about a split, and how right it is.

    Attributes:
        result: Probabilities of every video.
        targets: (M,) int64 class ids of the videos of `result`.
        metrics: Its figures, those of `report_split` where its files were written.
    """

    result: VideoProbs
    targets: Tensor
    metrics: dict[str, Any]


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
) -> MeasuredSplit:
    """Measures a model on a split, and writes its predictions, its figures and what could not be read.

    Args:
        predictor: The model.
        videos: The videos of the split.
        split: Its name.
        folder: Where the files go.
        root: Paths below it are written relative to it.
        num_clips: Clips of a video over whose probabilities is averaged.
        num_crops: Crops of a clip, likewise.

    Raises:
        DataError: None of the videos could be read.
    """
    result = predictor.predict(videos, num_clips=num_clips, num_crops=num_crops)
    targets, paths = targets_and_paths(result, videos, root)
    listed = BadVideoFile(folder / "bad_videos.csv")
    for position, reason in result.failures:
        record = videos[position].record
        listed.add(record.path, record.row, split, reason)
        logger.warning("left out of %s: %s", split, reason)
    loaded = predictor.loaded
    metrics = report_split(folder, split, paths, targets, result.probs, loaded.config.class_names, loaded.calibration)
    return MeasuredSplit(result, targets, metrics)


def measure_validation(
    predictor: Predictor, videos: Sequence[Video], checkpoint: Path, *, calibrate: bool
) -> tuple[Predictor, MeasuredSplit, dict[str, Any] | None]:
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
    result = predictor.predict(videos)
    targets, _ = targets_and_paths(result, videos, None)
    fitted = fit_calibration(result.logits, targets) if calibrate else None
    calibration = Calibration() if fitted is None else fitted
    if calibration != predictor.loaded.calibration:
        store_calibration(checkpoint, calibration)
    before, after = (evaluate_probs(either.probs(result.logits), targets) for either in (Calibration(), calibration))
    section = None
    if fitted is not None:
        section = {
            "temperature": fitted.temperature,
            "thresholds": dict(zip(predictor.loaded.config.class_names, fitted.thresholds, strict=True)),
            "num_videos": len(targets),
            "before": _sureness(before),
            "after": _sureness(after),
        }
        text = "calibrated on %d videos: temperature %.2f, ECE %.3f before and %.3f after"
        logger.info(text, len(targets), fitted.temperature, before["ece"], after["ece"])
    elif calibrate and not result.logits.isfinite().all():
        text = "not calibrated: logits of %d of %d validation videos are infinite or no numbers; try a lower optimizer.lr"
        logger.warning(text, int((~result.logits.isfinite()).any(1).sum()), len(targets))
    elif calibrate:
        logger.info("not calibrated: that takes at least %d validation videos, got %d", MIN_VIDEOS, len(targets))
    loaded = replace(predictor.loaded, calibration=calibration)
    calibrated = replace(result, probs=calibration.probs(result.logits))
    return replace(predictor, loaded=loaded), MeasuredSplit(calibrated, targets, after), section


def _sureness(figures: dict[str, float]) -> dict[str, float]:
    """Returns what a temperature changes: the calibration error, and the mean negative log-likelihood, which is the loss."""
    return {"ece": figures["ece"], "nll": figures["loss"]}


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
