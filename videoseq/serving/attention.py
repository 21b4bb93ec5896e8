"""Which moments of a video a model with an attention pool looks at."""

from collections.abc import Sequence
from typing import Any

import torch

from videoseq.data.dataset import EvalClips, timeline
from videoseq.data.loading import evaluation_loader
from videoseq.data.sampling import sample_clip
from videoseq.data.videos import Video
from videoseq.serving.device import autocast
from videoseq.serving.encoding import fast_encoding
from videoseq.serving.predictor import Predictor


def attention_of(predictor: Predictor, videos: Sequence[Video]) -> dict[int, list[dict[str, float]]]:
    """Returns how much each frame of a video's middle clip counts for what the model says about it.

    Args:
        predictor: The model.
        videos: The videos.

    Returns:
        Position of the video -> `time_seconds` and `weight` of every frame in the order of the clip, the weights summing to 1;
        videos that cannot be read are left out.

    Raises:
        ModelError: The model does not pool by attention.
    """
    clip, model = predictor.loaded.config.clip, predictor.loaded.model.to(predictor.device)
    loader = evaluation_loader(EvalClips(videos, clip, predictor.reading), predictor.batch_size, predictor.num_workers)
    found: dict[int, list[dict[str, float]]] = {}
    for batch in loader:
        if not len(batch):
            continue
        with fast_encoding(model, predictor.device), torch.inference_mode(), autocast(predictor.device, predictor.precision):
            weights = model.attention(batch.video.to(predictor.device), batch.lengths).float().cpu()  # (B, T)
        for position, row, length in zip(batch.videos, weights, batch.lengths.tolist(), strict=True):
            found[position] = _by_time(videos[position], predictor, row[:length].tolist())
    return found


def _by_time(video: Video, predictor: Predictor, weights: Sequence[float]) -> list[dict[str, Any]]:
    clip = predictor.loaded.config.clip
    frames = timeline(video, clip)
    shown = frames[sample_clip(len(frames), clip, rng=None)]
    seconds = video.info.frame_seconds[shown].tolist()
    return [{"time_seconds": round(time, 6), "weight": round(weight, 6)} for time, weight in zip(seconds, weights, strict=True)]
