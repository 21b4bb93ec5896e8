"""Rows of predictions: one per video, per window of a long video, per frame asked for, or per segment."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from videoseq.data.videos import Video
from videoseq.errors import CheckpointError, DataError
from videoseq.serving.answer_rows import said
from videoseq.serving.attention import attention_row
from videoseq.serving.frame_predictions import predict_frame_rows
from videoseq.serving.parts import frame_windows, usual_window_seconds, whole_video, windows
from videoseq.serving.predictor import Predictor
from videoseq.serving.requests import RowRequest
from videoseq.types import VideoInfo


def predict_rows(
    predictor: Predictor, infos: Sequence[VideoInfo], request: RowRequest
) -> tuple[list[dict[str, Any]], dict[Path, str]]:
    """Returns the rows of videos, and why some videos have none.

    A row holds `path`; `start_seconds` and `end_seconds` of a window, or `frame` and `time_seconds`; and what the model says,
    see `said`. A video of which a part cannot be read has no rows at all. Those of a model with an answer for each frame are
    told by `predict_frame_rows`.

    Args:
        predictor: The model.
        infos: Videos that the scan found usable.
        request: Which rows; see `RowRequest.check`.

    Raises:
        ModelError: Attention is asked for, but the model does not pool by it.
    """
    if predictor.loaded.config.task.per_frame:
        return predict_frame_rows(predictor, infos, request)
    parts: list[tuple[Video, dict[str, Any]]] = []
    failures: dict[Path, str] = {}
    for info in infos:
        try:
            parts.extend(_parts(predictor, info, request))
        except DataError as error:
            failures[info.path] = str(error)
    videos = [video for video, _ in parts]
    clip = predictor.loaded.config.clip
    result = predictor.predict(videos, num_clips=request.num_clips, num_crops=request.num_crops, attention=request.attention)
    failures |= {parts[position][0].info.path: reason for position, reason in result.failures}
    rows = [
        {
            "path": str(parts[position][0].info.path),
            **parts[position][1],
            **said(predictor, answer, request.top_k),
            **({"attention": attention_row(videos[position], clip, result.attention[position])} if request.attention else {}),
        }
        for position, answer in zip(result.videos, result.answers, strict=True)
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
