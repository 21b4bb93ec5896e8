"""Answers about whole videos, averaged over their clips and crops."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from videoseq.data.batch import ClipBatch
from videoseq.models.answers import answers_of
from videoseq.models.calibration import Calibration
from videoseq.models.video_model import VideoModel
from videoseq.serving.device import autocast
from videoseq.serving.encoding import fast_encoding
from videoseq.types import TaskSpec, derive_seed

FrameOrder = Literal["ordered", "shuffled", "reversed", "single"]
REORDERINGS: tuple[FrameOrder, ...] = ("shuffled", "reversed", "single")


@dataclass(frozen=True)
class VideoAnswers:
    """What a model says about videos as wholes.

    Attributes:
        videos: Positions of the M videos in the data set's table, ascending.
        answers: The mean over each video's clips and crops, float32: probabilities (M, K), after calibration, or of a
            regression values (M,) in the units of its data.
        logits: (M, K) float32, the mean likewise, before calibration; of a single view they are those of the model.
        failures: (position, why) of every video of which a clip could not be read; these are not among `videos`.
        attention: Position of a video -> the weight of each valid frame of its last view, (T,) float32, together 1; empty
            where it was not asked for.
    """

    videos: tuple[int, ...]
    answers: Tensor
    logits: Tensor
    failures: tuple[tuple[int, str], ...]
    attention: Mapping[int, Tensor] = field(default_factory=dict)


def infer_videos(
    model: VideoModel,
    batches: Iterable[ClipBatch],
    *,
    device: torch.device,
    precision: str = "32-true",
    task: TaskSpec = TaskSpec(),  # noqa: B008
    calibration: Calibration = Calibration(),  # noqa: B008
    order: FrameOrder = "ordered",
    attention: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> VideoAnswers:
    """Runs a model over batches of clips and averages the answers about every video.

    Args:
        model: The model; it is put into eval mode and onto the device.
        batches: Clips; those of one video may stand in several batches.
        device: Where the model runs.
        precision: `32-true`, `bf16-mixed` or `16-mixed`.
        task: What the logits mean: one answer for each video.
        calibration: Its temperature is in the answers about a view, which are then averaged.
        order: The order in which a clip's valid frames are shown; `single` repeats one of them, drawn at random.
        attention: Whether the result tells how much each frame counts.
        advance: Called after every batch.

    Raises:
        ModelError: Attention is asked for, but the model does not pool by it.
    """
    model = model.to(device).eval()
    sums: dict[int, tuple[Tensor, int]] = {}
    failures: dict[int, str] = {}
    num_views: Counter[int] = Counter()
    weights: dict[int, Tensor] = {}
    with fast_encoding(model, device):
        for batch in batches:
            failures.update(batch.failures)
            if len(batch):
                views = _count_views(batch.videos, num_views)
                shown = batch if order == "ordered" else reorder_frames(batch, order, views)
                with torch.inference_mode(), autocast(device, precision):
                    moved = shown.to(device)
                    features = model.encode(moved.video, moved.lengths)  # (B, T, D)
                    logits, _ = model.classify(features, moved.lengths)  # (B, K)
                    if attention:
                        looked_at = model.head.attention(features, moved.lengths).float().cpu()  # (B, T)
                        rows = zip(batch.videos, looked_at, batch.lengths.tolist(), strict=True)
                        weights |= {position: row[:length] for position, row, length in rows}
                answers = answers_of(logits, task, calibration).view(len(batch), -1)  # (B, K)
                both = torch.stack([answers, logits.float()], dim=1).cpu()  # (B, 2, K)
                for position, row in zip(batch.videos, both, strict=True):
                    total, count = sums.get(position, (torch.zeros_like(row), 0))
                    sums[position] = (total + row, count + 1)
            advance()
    videos = tuple(sorted(position for position in sums if position not in failures))
    means = [sums[position][0] / sums[position][1] for position in videos]
    answers, logits = torch.stack(means, dim=1) if means else torch.zeros(2, 0, 1)  # (2, M, K)
    failed = tuple(sorted(failures.items()))
    return VideoAnswers(videos, answers if task.has_classes else answers[:, 0], logits, failed, weights)


def _count_views(videos: Sequence[int], num_views: Counter[int]) -> list[int]:
    """Returns for each clip of a batch which view of its video it is, counted from 0, and adds them to the views so far."""
    views = []
    for position in videos:
        views.append(num_views[position])
        num_views[position] += 1
    return views


def reorder_frames(batch: ClipBatch, order: FrameOrder, views: Sequence[int]) -> ClipBatch:
    """Returns a batch whose clips show their valid frames in another order.

    What is drawn for a clip is a function of its video's position and its view, so it does not depend on the batch around it.

    Args:
        batch: Clips.
        order: `shuffled`: a random permutation per clip; `reversed`; `single`: one frame per clip, drawn at random and
            repeated.
        views: Which view of its video each clip is, counted from 0.
    """
    video = batch.video.clone()
    for row, (position, view, length) in enumerate(zip(batch.videos, views, batch.lengths.tolist(), strict=True)):
        generator = torch.Generator().manual_seed(derive_seed(position, view))
        if order == "reversed":
            positions = torch.arange(length - 1, -1, -1)
        elif order == "shuffled":
            positions = torch.randperm(length, generator=generator)
        else:
            positions = torch.randint(length, (1,), generator=generator).expand(length)
        video[row, :length] = batch.video[row, positions]
    return replace(batch, video=video)
