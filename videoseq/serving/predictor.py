"""A checkpoint that classifies videos."""

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
from videoseq.serving.inference import FrameOrder, VideoProbs, infer_videos


@dataclass(frozen=True)
class Predictor:
    """A model with all that it needs to classify videos.

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
        self, videos: Sequence[Video], *, num_clips: int = 1, num_crops: int = 1, order: FrameOrder = "ordered"
    ) -> VideoProbs:
        """Averages the calibrated probabilities of every video over its clips and crops.

        Args:
            videos: The videos.
            num_clips: Clips of a video.
            num_crops: Crops of a clip.
            order: The order in which the frames of a clip are shown.
        """
        clips = EvalClips(videos, self.loaded.config.clip, self.reading, num_clips, num_crops)
        loader = evaluation_loader(clips, self.batch_size, self.num_workers)
        with self.progress("classifying" if order == "ordered" else f"classifying {order}", len(loader)) as advance:
            return infer_videos(
                self.loaded.model,
                loader,
                device=self.device,
                precision=self.precision,
                calibration=self.loaded.calibration,
                order=order,
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


def targets_and_paths(result: VideoProbs, videos: Sequence[Video], root: Path | None) -> tuple[Tensor, list[str]]:
    """Returns the class ids (M,) and the paths, below the root where they lie there, of the videos of a result.

    Raises:
        DataError: None of the videos could be read.
    """
    if not result.videos:
        raise DataError(f"none of {len(videos)} videos could be read; the first: {result.failures[0][1]}")
    chosen = [videos[position] for position in result.videos]
    base = root.expanduser().absolute() if root is not None else None
    paths = [
        str(video.record.path.relative_to(base) if base and video.record.path.is_relative_to(base) else video.record.path)
        for video in chosen
    ]
    return torch.tensor([video.target for video in chosen], dtype=torch.int64), paths
