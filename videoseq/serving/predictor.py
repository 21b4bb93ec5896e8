"""A checkpoint that says something about videos."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from videoseq.data.dataset import EvalClips, Reading
from videoseq.data.loading import evaluation_loader
from videoseq.data.manifest import Progress
from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.models.checkpoint import LoadedModel, load_checkpoint
from videoseq.serving.frame_inference import FrameAnswers, frame_chunks, infer_frames
from videoseq.serving.inference import FrameOrder, VideoAnswers, infer_videos


@dataclass(frozen=True)
class Predictor:
    """A model with all that it needs to say something about videos.

    Attributes:
        loaded: The model and what it was built from.
        reading: How frames are read.
        device: Where the model runs.
        precision: `32-true`, `bf16-mixed` or `16-mixed`.
        progress: Makes the progress bar.
        batch_size: Clips of a batch.
        num_workers: Processes that decode.
    """

    loaded: LoadedModel
    reading: Reading
    device: torch.device
    precision: str
    progress: Progress
    batch_size: int = 16
    num_workers: int = 0

    @classmethod
    def from_checkpoint(
        cls,
        checkpoint: Path,
        *,
        reading: Reading,
        device: torch.device,
        precision: str,
        progress: Progress,
        batch_size: int,
        num_workers: int,
    ) -> Self:
        """Loads the model of a checkpoint.

        Raises:
            CheckpointError: The file is no checkpoint of videoseq.
        """
        return cls(load_checkpoint(checkpoint), reading, device, precision, progress, batch_size, num_workers)

    def predict(
        self,
        videos: Sequence[Video],
        *,
        num_clips: int = 1,
        num_crops: int = 1,
        order: FrameOrder = "ordered",
        attention: bool = False,
    ) -> VideoAnswers:
        """Averages the calibrated answers about every video over its clips and crops, for a model with one answer for each.

        Args:
            videos: The videos.
            num_clips: Clips of a video.
            num_crops: Crops of a clip.
            order: The order in which the frames of a clip are shown.
            attention: Whether the result tells how much each frame counts.

        Raises:
            ModelError: Attention is asked for, but the model does not pool by it.
        """
        clips = EvalClips(videos, self.loaded.config.clip, self.reading, num_clips, num_crops)
        loader = evaluation_loader(clips, self.batch_size, self.num_workers)
        with self.progress("predicting" if order == "ordered" else f"predicting {order}", len(loader)) as advance:
            return infer_videos(
                self.loaded.model,
                loader,
                device=self.device,
                precision=self.precision,
                task=self.loaded.config.task,
                calibration=self.loaded.calibration,
                order=order,
                attention=attention,
                advance=advance,
            )

    def predict_frames(self, videos: Sequence[Video]) -> FrameAnswers:
        """Returns the calibrated answers about every frame of whole videos, for a model with one answer for each.

        Args:
            videos: The videos.

        Raises:
            DataError: The labelled part of a video holds no frame.
        """
        if not videos:  # a loader of nothing has no batch to start from
            return FrameAnswers((), (), ())
        clip = self.loaded.config.clip
        chunks = frame_chunks(videos, clip, self.reading, batch_size=self.batch_size, num_workers=self.num_workers)
        with self.progress("predicting", len(chunks)) as advance:
            return infer_frames(
                self.loaded.model,
                chunks,
                videos,
                clip,
                task=self.loaded.config.task,
                device=self.device,
                precision=self.precision,
                calibration=self.loaded.calibration,
                advance=advance,
            )

    def middle_clips(self, videos: Sequence[Video]) -> list[Tensor]:
        """Returns the centre crop of every video's middle clip as the model sees it, (T, C, H, W) uint8 RGB.

        Where there are processes that decode, one of them does: one that is forked after this process has decoded could hang.

        Raises:
            DataError: A video cannot be read.
        """
        clips = EvalClips(videos, self.loaded.config.clip, self.reading)
        found: list[Tensor] = []
        for batch in evaluation_loader(clips, self.batch_size, min(self.num_workers, 1)):
            if batch.failures:
                raise DataError(batch.failures[0][1])
            found += [clip[:length] for clip, length in zip(batch.video, batch.lengths.tolist(), strict=True)]
        return found
