"""Which videos of a measured split are shown, as clips beside what the model says."""

from collections.abc import Sequence

import torch
from torch import Tensor

from videoseq.data.videos import Video
from videoseq.reporting.clip_sheet import ShownClip
from videoseq.serving.inference import VideoProbs
from videoseq.serving.predictor import Predictor


def spread(num_videos: int, count: int) -> list[int]:
    """Returns at most `count` rows, spread evenly over all."""
    count = min(count, num_videos)
    return [position * num_videos // count for position in range(count)]


def most_confident(probs: Tensor, targets: Tensor, count: int, *, right: bool) -> list[int]:
    """Returns the rows of the predictions that the model is surest of, the surest first, at most `count`.

    Args:
        probs: (N, K).
        targets: (N,) int64 class ids.
        count: How many.
        right: Whether those that are right are meant, or those that are wrong.
    """
    sureness, preds = probs.max(1)  # (N,)
    rows = torch.nonzero((preds == targets) == right).flatten()
    order = sureness[rows].argsort(descending=True, stable=True)
    chosen: list[int] = rows[order[:count]].tolist()
    return chosen


def shown_clips(predictor: Predictor, videos: Sequence[Video], result: VideoProbs, rows: Sequence[int]) -> list[ShownClip]:
    """Returns the middle clips of some videos with what the model said about the whole videos.

    Args:
        predictor: The model.
        videos: The videos of the split.
        result: What the model said about them.
        rows: Rows of `result`.
    """
    names = predictor.loaded.config.class_names
    chosen = [videos[result.videos[row]] for row in rows]
    return [
        ShownClip(frames, names[video.target], names[int(result.probs[row].argmax())], float(result.probs[row].max()))
        for frames, video, row in zip(predictor.middle_clips(chosen), chosen, rows, strict=True)
    ]
