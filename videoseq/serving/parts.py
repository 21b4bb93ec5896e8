"""Which clips a prediction is made from: whole videos, windows of a long video, or single frames of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from videoseq.data.frame_extraction import check_frame
from videoseq.data.videos import Video
from videoseq.types import ClipSpec, VideoInfo, VideoRecord


def whole_video(info: VideoInfo) -> Video:
    """Returns a video without a label, from its first frame to its last."""
    return Video(VideoRecord(info.path, label=""), info)


def usual_window_seconds(clip: ClipSpec, info: VideoInfo, trained_seconds: float) -> float:
    """Returns how long a part of a video the model is used to see, in seconds.

    Args:
        clip: The model's clips. A `random_clip` has a span of its own; other samplings cover what they were given.
        info: The video to be predicted.
        trained_seconds: Median length of the training videos.
    """
    if clip.sampling == "random_clip":
        return clip.clip_span / (clip.target_fps or info.fps or 1.0)
    return trained_seconds


def windows(info: VideoInfo, length_seconds: float, step_seconds: float) -> list[Video]:
    """Returns a video's windows, the last one ending with the video; one window where the video is no longer than that.

    Args:
        info: The video.
        length_seconds: Length of a window.
        step_seconds: Step from start to start.
    """
    duration = info.duration_seconds
    last = duration - length_seconds
    if last <= 0:
        return [whole_video(info)]
    starts = [*np.arange(0, last, step_seconds).tolist(), last]
    if len(starts) > 1 and starts[-1] - starts[-2] < 1e-6 * duration:
        del starts[-2]
    return [_part(info, start, min(start + length_seconds, duration)) for start in starts]


def frame_windows(info: VideoInfo, frames: Sequence[int], clip: ClipSpec, length_seconds: float) -> list[Video]:
    """Returns one part of a video per frame asked for: the frame alone for a single-frame model, else a window around it.

    Args:
        info: The video.
        frames: Indices of source frames.
        clip: The model's clips.
        length_seconds: Length of a window.

    Raises:
        DataError: The video has no such frame.
    """
    times = info.frame_seconds
    parts = []
    for frame in frames:
        check_frame(info, frame)
        if clip.num_frames == 1 and clip.sampling != "all":
            end = float(times[frame + 1]) if frame + 1 < info.num_frames else info.duration_seconds + 1
            parts.append(_part(info, float(times[frame]), end))
        else:
            latest = max(info.duration_seconds - length_seconds, 0.0)
            start = min(max(float(times[frame]) - length_seconds / 2, 0.0), latest)
            parts.append(_part(info, start, start + length_seconds))
    return parts


def _part(info: VideoInfo, start: float, end: float) -> Video:
    whole = whole_video(info)
    return replace(whole, record=replace(whole.record, start_seconds=start, end_seconds=end))
