"""Reports of tasks with one answer for a video."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from videoseq.data.dataset import clip_target
from videoseq.data.videos import Video
from videoseq.models.answers import answers_of
from videoseq.models.calibration import Calibration
from videoseq.reporting.clip_sheet import ShownClip, write_clip_sheet
from videoseq.reporting.event_file import add_clips
from videoseq.running.reports.report import MeasuredSplit, Report, read_ones, spread
from videoseq.serving.inference import FrameOrder, VideoAnswers

NUM_CLIPS = 8
"""Clips of a sheet."""

_NO_FRAMES = np.zeros(0, np.int64)
"""A target of a whole video does not ask which are shown."""


@dataclass(frozen=True)
class ClipReport(Report[VideoAnswers]):
    """See `Report`; the videos that are shown are clips beside what the model says."""

    picture: ClassVar[str] = "clips.png"

    def ask(
        self, videos: Sequence[Video], *, num_clips: int = 1, num_crops: int = 1, order: FrameOrder = "ordered"
    ) -> MeasuredSplit[VideoAnswers]:
        """Averages over the clips and crops of every video; see `Report.ask`."""
        result = self.predictor.predict(videos, num_clips=num_clips, num_crops=num_crops, order=order)
        return self.measured(read_ones(videos, result), result)

    def measured(self, videos: tuple[Video, ...], result: VideoAnswers) -> MeasuredSplit[VideoAnswers]:
        """Measures a result about videos that could be read."""
        targets = tuple(clip_target(video, _NO_FRAMES) for video in videos)
        return MeasuredSplit(videos, result, targets, self.figures(result.answers, torch.stack(targets)))

    @abstractmethod
    def figures(self, answers: Tensor, targets: Tensor) -> dict[str, float]:
        """Returns the figures of a split.

        Args:
            answers: (M, K), or (M,) of values.
            targets: Those of a batch.
        """

    @abstractmethod
    def said(self, answer: Tensor, target: Tensor) -> tuple[str, bool]:
        """Returns in words what is said about a video, and what is true where that differs; and whether it does."""

    @abstractmethod
    def notable(self, measured: MeasuredSplit[VideoAnswers], count: int) -> Mapping[str, list[int]]:
        """Returns the rows of the videos that are worth a look, `count` at most, under a name that says why."""

    def evidence(self, measured: MeasuredSplit[VideoAnswers]) -> tuple[Tensor, Tensor]:
        """See `Report.evidence`."""
        return measured.result.logits, torch.stack(measured.targets)

    def calibrated(self, measured: MeasuredSplit[VideoAnswers], calibration: Calibration) -> MeasuredSplit[VideoAnswers]:
        """See `Report.calibrated`."""
        answers = answers_of(measured.result.logits, self.predictor.loaded.config.task, calibration)
        report = replace(self, predictor=self.with_calibration(calibration))
        return report.measured(measured.videos, replace(measured.result, answers=answers))

    def show(self, folder: Path, measured: MeasuredSplit[VideoAnswers]) -> None:
        """Draws a sheet of clips spread over the split."""
        write_clip_sheet(folder / self.picture, self.shown(measured, spread(len(measured.videos), NUM_CLIPS)))

    def summarise_videos(self, writer: SummaryWriter, split: str, measured: MeasuredSplit[VideoAnswers], step: int) -> None:
        """Adds sheets of the notable clips to TensorBoard."""
        rows = self.notable(measured, NUM_CLIPS)
        add_clips(writer, split, {name: self.shown(measured, chosen) for name, chosen in rows.items()}, step)

    def shown(self, measured: MeasuredSplit[VideoAnswers], rows: Sequence[int]) -> list[ShownClip]:
        """Returns the middle clips of some videos with what the model said about the whole videos."""
        clips = self.predictor.middle_clips([measured.videos[row] for row in rows])
        said = (self.said(measured.result.answers[row], measured.targets[row]) for row in rows)
        return [ShownClip(frames, *words) for frames, words in zip(clips, said, strict=True)]
