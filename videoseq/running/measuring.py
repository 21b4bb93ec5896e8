"""Measuring a checkpoint: the videos of a split go in, figures and files come out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from videoseq.data.dataset import Reading, Video
from videoseq.data.manifest import Manifest
from videoseq.data.options import DataOptions
from videoseq.models.checkpoint import LoadedModel
from videoseq.reporting.progress import progress_bar
from videoseq.reporting.run_files import BadVideoFile
from videoseq.serving.device import choose_device
from videoseq.serving.inference import VideoProbs
from videoseq.serving.predictor import Predictor, targets_and_paths
from videoseq.training.evaluation import report_split
from videoseq.training.options import TrainerOptions
from videoseq.types import Split

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredSplit:
    """What a model says about a split, and how right it is.

    Attributes:
        result: Probabilities of every video.
        targets: (M,) int64 class ids of the videos of `result`.
        metrics: The figures of `report_split`.
    """

    result: VideoProbs
    targets: Tensor
    metrics: dict[str, Any]


def predictor_of(loaded: LoadedModel, data: DataOptions, trainer: TrainerOptions) -> Predictor:
    """Returns a predictor that reads as `data` and runs where `trainer` says."""
    return Predictor(
        loaded,
        Reading(data.decoder, data.limits, data.bad_videos),
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
    """Measures a model on a split, and writes `predictions.csv`, `confusion_matrix.png` and what could not be read.

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
    metrics = report_split(folder, split, paths, targets, result.probs, predictor.loaded.config.class_names)
    return MeasuredSplit(result, targets, metrics)


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
