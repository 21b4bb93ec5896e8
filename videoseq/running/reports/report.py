"""What every report can do: measure what a model says about the videos of a split, write it down and show it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.models.calibration import Calibration
from videoseq.reporting.scores import Floats
from videoseq.serving.frame_inference import FrameAnswers
from videoseq.serving.inference import FrameOrder, VideoAnswers
from videoseq.serving.predictor import Predictor

AnswersT = TypeVar("AnswersT", VideoAnswers, FrameAnswers)


@dataclass(frozen=True)
class MeasuredSplit(Generic[AnswersT]):
    """What a model says about a split, and how right it is.

    Attributes:
        videos: The M videos that could be read.
        result: What is said about them.
        targets: What is true of each of them, as a batch has it.
        metrics: Its figures; where its files were written those of the classes too, under `per_class`.
        sums: What each video adds to the figures, (M, S); (0, 0) where they are not made of sums over videos.
    """

    videos: tuple[Video, ...]
    result: AnswersT
    targets: tuple[Tensor, ...]
    metrics: dict[str, Any]
    sums: Floats = field(default_factory=lambda: np.zeros((0, 0)))


@dataclass(frozen=True)
class Report(ABC, Generic[AnswersT]):
    """Measures, writes and shows what a model says about a split; one class for each kind of answer.

    Attributes:
        predictor: The model.
        picture: Name of the picture that shows some of the videos.
    """

    predictor: Predictor
    picture: ClassVar[str]

    @property
    def headline(self) -> str:
        """The figure that says most."""
        return self.predictor.loaded.config.task.headline

    @abstractmethod
    def ask(
        self, videos: Sequence[Video], *, num_clips: int = 1, num_crops: int = 1, order: FrameOrder = "ordered"
    ) -> MeasuredSplit[AnswersT]:
        """Asks the model about videos and measures its answers.

        Args:
            videos: The videos of a split.
            num_clips: Clips of a video over whose answers is averaged; 1 where there is an answer for each frame.
            num_crops: Crops of a clip, likewise.
            order: The order in which the frames of a clip are shown; `ordered` where there is an answer for each frame.

        Raises:
            DataError: None of the videos could be read, or none has a label.
        """

    @abstractmethod
    def evidence(self, measured: MeasuredSplit[AnswersT]) -> tuple[Tensor, Tensor]:
        """Returns the logits (N, K) of what has a label, before any calibration, and the targets (N, …), for a single view."""

    @abstractmethod
    def calibrated(self, measured: MeasuredSplit[AnswersT], calibration: Calibration) -> MeasuredSplit[AnswersT]:
        """Returns what a model without a calibration says, in a single view, with one."""

    @abstractmethod
    def write(self, folder: Path, title: str, measured: MeasuredSplit[AnswersT], paths: Sequence[str]) -> dict[str, Any]:
        """Writes the files of a split, prints its figures and returns them, those of the classes under `per_class`.

        Args:
            folder: Where the files go.
            title: Heading.
            measured: What is said.
            paths: How each of its videos is named.
        """

    @abstractmethod
    def show(self, folder: Path, measured: MeasuredSplit[AnswersT]) -> None:
        """Draws `picture`, some of the videos with what the model says, into a folder, where `write` has not done so."""

    @abstractmethod
    def summarise(self, writer: SummaryWriter, split: str, measured: MeasuredSplit[AnswersT], step: int) -> None:
        """Adds the figures' curves and pictures to TensorBoard."""

    def summarise_videos(self, writer: SummaryWriter, split: str, measured: MeasuredSplit[AnswersT], step: int) -> None:
        """Adds some of the videos to TensorBoard, where `summarise` has not."""

    def with_calibration(self, calibration: Calibration) -> Predictor:
        """Returns the predictor with another calibration."""
        return replace(self.predictor, loaded=replace(self.predictor.loaded, calibration=calibration))


def read_ones(videos: Sequence[Video], result: VideoAnswers | FrameAnswers) -> tuple[Video, ...]:
    """Returns the videos that a result is about.

    Raises:
        DataError: None of the videos could be read.
    """
    if not result.videos:
        raise DataError(f"none of {len(videos)} videos could be read; the first: {result.failures[0][1]}")
    return tuple(videos[position] for position in result.videos)


def shown_paths(videos: Sequence[Video], root: Path | None) -> list[str]:
    """Returns the paths of videos, below the root where they lie there."""
    base = root.expanduser().absolute() if root is not None else None
    paths = [video.record.path for video in videos]
    return [str(path.relative_to(base) if base and path.is_relative_to(base) else path) for path in paths]


def spread(num_videos: int, count: int) -> list[int]:
    """Returns at most `count` rows, spread evenly over all."""
    count = min(count, num_videos)
    return [position * num_videos // count for position in range(count)]
