"""Which moments of a video a model with an attention pool looks at."""

from torch import Tensor

from videoseq.data.dataset import timeline
from videoseq.data.sampling import sample_clip
from videoseq.data.videos import Video
from videoseq.types import ClipSpec


def attention_row(video: Video, clip: ClipSpec, weights: Tensor) -> list[dict[str, float]]:
    """Returns how much each frame of a video's middle clip counts for what a model says about it.

    Args:
        video: The video.
        clip: How the clip was cut.
        weights: Of the frames of the clip, (T,), together 1.

    Returns:
        `time_seconds` and `weight` of every frame, in the order of the clip.
    """
    frames = timeline(video, clip)
    shown = frames[sample_clip(len(frames), clip, rng=None)]
    seconds = video.info.frame_seconds[shown].tolist()
    return [
        {"time_seconds": round(time, 6), "weight": round(weight, 6)}
        for time, weight in zip(seconds, weights.tolist(), strict=True)
    ]
