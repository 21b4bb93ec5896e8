"""Rows of predictions: one per video, per window of a long video, or per frame asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from videoseq.data.videos import Video
from videoseq.errors import CheckpointError, DataError
from videoseq.serving.parts import frame_windows, usual_window_seconds, whole_video, windows
from videoseq.serving.predictor import Predictor
from videoseq.types import VideoInfo


@dataclass(frozen=True)
class RowRequest:
    """Which rows are asked for.

    Attributes:
        top_k: How many classes a row names.
        windows: Whether a video gets a row per window.
        window_seconds: Length of a window; None is what the model was trained on.
        window_step_seconds: Step from window to window; None is half a window.
        frames: Indices of frames that each get a row; None for whole videos or windows.
        num_clips: Clips of a video, window or frame over whose probabilities is averaged.
        num_crops: Crops of a clip, likewise.
    """

    top_k: int = 5
    windows: bool = False
    window_seconds: float | None = None
    window_step_seconds: float | None = None
    frames: tuple[int, ...] | None = None
    num_clips: int = 1
    num_crops: int = 1


def predict_rows(
    predictor: Predictor, infos: Sequence[VideoInfo], request: RowRequest
) -> tuple[list[dict[str, Any]], dict[Path, str]]:
    """Returns the rows of videos, and why some videos have none.

    A row holds `path`; `start_seconds` and `end_seconds` of a window, or `frame` and `time_seconds`; `pred` and `prob`;
    `above_threshold`, whether `prob` reaches the threshold of its class, True where it has none; and `top`, the `top_k`
    likeliest classes as (label, probability), likeliest first. A video of which a part cannot be read has no rows at all.

    Args:
        predictor: The model.
        infos: Videos that the scan found usable.
        request: Which rows.
    """
    parts: list[tuple[Video, dict[str, Any]]] = []
    failures: dict[Path, str] = {}
    for info in infos:
        try:
            parts.extend(_parts(predictor, info, request))
        except DataError as error:
            failures[info.path] = str(error)
    result = predictor.predict([video for video, _ in parts], num_clips=request.num_clips, num_crops=request.num_crops)
    failures |= {parts[position][0].info.path: reason for position, reason in result.failures}
    rows = [
        {"path": str(parts[position][0].info.path), **parts[position][1], **_best(predictor, probs, request.top_k)}
        for position, probs in zip(result.videos, result.probs, strict=True)
        if parts[position][0].info.path not in failures
    ]
    return rows, failures


def _parts(predictor: Predictor, info: VideoInfo, request: RowRequest) -> list[tuple[Video, dict[str, Any]]]:
    if request.frames is None and not request.windows:
        return [(whole_video(info), {})]
    length = request.window_seconds or _usual_seconds(predictor, info)
    if request.frames is not None:
        around = frame_windows(info, request.frames, predictor.loaded.config.clip, length)
        times = info.frame_seconds
        return [
            (video, {"frame": frame, "time_seconds": round(float(times[frame]), 6)})
            for frame, video in zip(request.frames, around, strict=True)
        ]
    return [
        (
            video,
            {
                "start_seconds": round(video.record.start_seconds or 0.0, 3),
                "end_seconds": round(video.record.end_seconds or info.duration_seconds, 3),
            },
        )
        for video in windows(info, length, request.window_step_seconds or length / 2)
    ]


def _usual_seconds(predictor: Predictor, info: VideoInfo) -> float:
    config = predictor.loaded.config
    if "median_seconds" not in config.origin:
        raise CheckpointError("the checkpoint does not say how long its training videos were: give window_seconds=")
    return usual_window_seconds(config.clip, info, float(config.origin["median_seconds"]))


def _best(predictor: Predictor, probs: Tensor, top_k: int) -> dict[str, Any]:
    names = predictor.loaded.config.class_names
    values, ids = probs.topk(min(top_k, len(names)))
    top = [(names[k], round(value, 6)) for k, value in zip(ids.tolist(), values.tolist(), strict=True)]
    above = predictor.loaded.calibration.reaches(int(ids[0]), float(values[0]))
    return {"pred": top[0][0], "prob": top[0][1], "above_threshold": above, "top": top}
