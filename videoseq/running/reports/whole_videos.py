"""Reports of tasks with an answer for each frame, measured on whole videos."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from videoseq.data.dataset import clip_target
from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.models.answers import answers_of
from videoseq.models.calibration import Calibration
from videoseq.reporting.scores import Floats
from videoseq.running.reports.report import MeasuredSplit, Report, read_ones, spread
from videoseq.serving.frame_inference import FrameAnswers, VideoFrames
from videoseq.serving.inference import FrameOrder
from videoseq.training.metrics import labelled

NUM_TIMELINES = 8
"""Videos of a picture."""


@dataclass(frozen=True)
class WholeVideoReport(Report[FrameAnswers]):
    """See `Report`; of the videos that are shown the whole time is."""

    def ask(
        self, videos: Sequence[Video], *, num_clips: int = 1, num_crops: int = 1, order: FrameOrder = "ordered"
    ) -> MeasuredSplit[FrameAnswers]:
        """Asks about all frames of all videos; see `Report.ask`."""
        assert (num_clips, num_crops, order) == (1, 1, "ordered")
        result = self.predictor.predict_frames(videos)
        return self.measured(read_ones(videos, result), result)

    def measured(self, videos: tuple[Video, ...], result: FrameAnswers) -> MeasuredSplit[FrameAnswers]:
        """Measures a result about videos that could be read.

        Raises:
            DataError: None of their frames has a label.
        """
        targets = tuple(clip_target(video, one.frames) for video, one in zip(videos, result.answers, strict=True))
        measured = MeasuredSplit(videos, result, targets, {})
        if not len(self.evidence(measured)[1]):
            raise DataError(f"none of the frames of {len(videos)} videos has a label to compare with: choose other videos")
        sums = np.stack([self.video_sums(one, wanted) for one, wanted in zip(result.answers, targets, strict=True)])
        return replace(measured, metrics=self.figures(sums.sum(axis=0)), sums=sums)

    @abstractmethod
    def video_sums(self, found: VideoFrames, targets: Tensor) -> Floats:
        """Returns what a video adds, (S,); zeros where none of its frames has a label.

        Args:
            found: What is said about its frames.
            targets: (n,), `IGNORED` or NaN without a label.
        """

    @abstractmethod
    def figures(self, sums: Floats) -> dict[str, float]:
        """Returns the figures of the sum (S,) over videos."""

    def evidence(self, measured: MeasuredSplit[FrameAnswers]) -> tuple[Tensor, Tensor]:
        """See `Report.evidence`."""
        return self.of_labelled(measured, lambda one: one.logits)

    def of_labelled(
        self, measured: MeasuredSplit[FrameAnswers], what: Callable[[VideoFrames], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Returns what is said about the frames of all videos that have a label, and their targets."""
        task = self.predictor.loaded.config.task
        pairs = zip(measured.result.answers, measured.targets, strict=True)
        said, targets = zip(*(labelled(what(one), wanted, task) for one, wanted in pairs), strict=True)
        return torch.cat(said), torch.cat(targets)

    def calibrated(self, measured: MeasuredSplit[FrameAnswers], calibration: Calibration) -> MeasuredSplit[FrameAnswers]:
        """See `Report.calibrated`."""
        task = self.predictor.loaded.config.task
        answers = tuple(replace(one, answers=answers_of(one.logits, task, calibration)) for one in measured.result.answers)
        report = replace(self, predictor=self.with_calibration(calibration))
        return report.measured(measured.videos, replace(measured.result, answers=answers))

    def show(self, folder: Path, measured: MeasuredSplit[FrameAnswers]) -> None:
        """Draws nothing: `write` has drawn it."""

    def shown_rows(self, measured: MeasuredSplit[FrameAnswers]) -> list[int]:
        """Returns the videos of the picture, spread over the split."""
        return spread(len(measured.videos), NUM_TIMELINES)
