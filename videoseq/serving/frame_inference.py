"""What a model says about every frame of videos of any length, which are read in chunks and never held as a whole."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from videoseq.data.batch import ClipBatch
from videoseq.data.chunks import evaluation_chunks, longest_chunks, shown_frames
from videoseq.data.dataset import Reading
from videoseq.data.loading import ClipLoader
from videoseq.data.videos import Video
from videoseq.models.answers import answers_of
from videoseq.models.calibration import Calibration
from videoseq.models.carried_state import CarriedState
from videoseq.models.video_model import VideoModel
from videoseq.serving.device import autocast
from videoseq.serving.encoding import fast_encoding
from videoseq.types import ClipSpec, TaskSpec


@dataclass(frozen=True, eq=False)
class VideoFrames:
    """What a model says about the frames of one video; about a frame that a clip shows several times, as where `target_fps` is
    more than the video has, it is the answer about the last time.

    Attributes:
        answers: Calibrated probabilities (n, K) of classes, or (n,) values in units, float32.
        logits: (n, K) float32, what the head has said.
        frames: The source frame that each answer belongs to, (n,) int64, ascending, none twice.
        seconds: When that is shown, (n,) float64, the first frame of the file at 0, ascending, none twice.
    """

    answers: Tensor
    logits: Tensor
    frames: NDArray[np.int64]
    seconds: NDArray[np.float64]


@dataclass(frozen=True)
class FrameAnswers:
    """What a model says about the frames of videos.

    Attributes:
        videos: Positions of the M videos in the data set's table, ascending.
        answers: What it says about each of them.
        failures: (position, why) of every video of which a chunk could not be read; these are not among `videos`.
    """

    videos: tuple[int, ...]
    answers: tuple[VideoFrames, ...]
    failures: tuple[tuple[int, str], ...]


def frame_chunks(videos: Sequence[Video], clip: ClipSpec, reading: Reading, *, batch_size: int, num_workers: int) -> ClipLoader:
    """Returns the loader that `infer_frames` takes its batches from: all frames of all videos in chunks.

    Args:
        videos: The videos.
        clip: The model's clips: size, rate and step of their frames.
        reading: How frames are read.
        batch_size: The most videos that are read side by side.
        num_workers: Processes that decode.

    Raises:
        DataError: The labelled part of a video holds no frame.
    """
    chunk_frames, num_lanes = longest_chunks(len(videos), batch_size)
    return evaluation_chunks(videos, clip, reading, chunk_frames=chunk_frames, num_lanes=num_lanes, num_workers=num_workers)


def infer_frames(
    model: VideoModel,
    chunks: Iterable[ClipBatch],
    videos: Sequence[Video],
    clip: ClipSpec,
    *,
    task: TaskSpec,
    device: torch.device,
    precision: str = "32-true",
    calibration: Calibration = Calibration(),  # noqa: B008
    advance: Callable[[], None] = lambda: None,
) -> FrameAnswers:
    """Runs a model over the chunks of videos.

    A causal head goes on from chunk to chunk with its state, so that the memory does not grow with the video. Any other gets
    the features of a whole video at once, which wait for it on the CPU.

    Args:
        model: The model, with logits for each frame; it is put into eval mode and onto the device.
        chunks: What `frame_chunks` returns for the videos.
        videos: The videos.
        clip: The model's clips.
        task: What its outputs mean.
        device: Where the model runs.
        precision: `32-true`, `bf16-mixed` or `16-mixed`.
        calibration: What turns logits into probabilities.
        advance: Called after every batch.
    """
    model = model.to(device).eval()
    carried = CarriedState()
    parts: dict[int, list[Tensor]] = defaultdict(list)
    shown: dict[int, NDArray[np.int64]] = {}
    found: dict[int, VideoFrames] = {}
    failures: dict[int, str] = {}
    with torch.no_grad(), fast_encoding(model, device):
        for batch in chunks:
            failures.update(batch.failures)
            with autocast(device, precision):
                pieces = _pieces(model, batch, carried, device)
            for position, piece in zip(batch.videos, pieces, strict=True):
                parts[position].append(piece)
                if position not in shown:  # of a long video it is long itself, and its chunks are many
                    shown[position] = shown_frames(videos[position], clip)
                if sum(map(len, parts[position])) < len(shown[position]):
                    continue
                logits = torch.cat(parts.pop(position))  # (n, K); of a head that is not causal the features, (n, D)
                if not model.head.is_causal:
                    with autocast(device, precision):
                        logits = model.classify(logits[None].to(device))[0][0].float().cpu()  # (n, D) -> (n, K)
                found[position] = _answers(logits, shown.pop(position), videos[position], task, calibration)
            advance()
    read = tuple(sorted(found.keys() - failures.keys()))
    return FrameAnswers(read, tuple(found[position] for position in read), tuple(sorted(failures.items())))


def _answers(logits: Tensor, shown: NDArray[np.int64], video: Video, task: TaskSpec, calibration: Calibration) -> VideoFrames:
    """Returns one answer for each frame that is shown, (n,) ascending, from the logits (n, K) of each time that it is."""
    is_last = np.append(np.diff(shown) != 0, True)
    logits, frames = logits[torch.from_numpy(is_last)], shown[is_last]
    return VideoFrames(answers_of(logits, task, calibration), logits, frames, video.info.frame_seconds[frames])


def _pieces(model: VideoModel, batch: ClipBatch, carried: CarriedState, device: torch.device) -> list[Tensor]:
    """Returns the logits of the chunks of a batch where the head can go on, else their features, float32 on the CPU."""
    if not len(batch):
        carried.forget()
        return []
    assert batch.lanes is not None
    assert batch.resets is not None
    moved = batch.to(device)
    found = model.encode(moved.video, moved.lengths)  # (B, T, D)
    if model.head.is_causal:
        found, state = model.classify(found, moved.lengths, carried.before(batch.lanes, batch.resets, device))  # (B, T, K)
        carried.keep(state, batch.lanes)
    rows = zip(found.float().cpu(), batch.lengths.tolist(), strict=True)
    return [row[:length] for row, length in rows]
