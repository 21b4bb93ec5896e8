"""Rows of predictions of a model with an answer for each frame: segments, values, or the frames asked for."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from videoseq.data.frame_extraction import check_frame
from videoseq.data.tracks import TOLERANCE_SECONDS
from videoseq.errors import DataError
from videoseq.serving.answer_rows import said
from videoseq.serving.frame_inference import VideoFrames
from videoseq.serving.parts import whole_video
from videoseq.serving.predictor import Predictor
from videoseq.serving.requests import RowRequest
from videoseq.serving.segments import segments_of
from videoseq.types import VideoInfo


def predict_frame_rows(
    predictor: Predictor, infos: Sequence[VideoInfo], request: RowRequest
) -> tuple[list[dict[str, Any]], dict[Path, str]]:
    """Returns the rows of whole videos, and why some videos have none.

    A row holds `path`, and

    - of a segment, where a model has classes, `start_seconds`, `end_seconds`, `label` and `prob`, the mean over its frames;
    - of a frame, where a model has values, `time_seconds` and `value`: of every frame, or every `step_seconds` of the one that
      is shown then;
    - of a frame that is asked for `frame`, `time_seconds` and what `said` returns; where the model does not see every frame it
      is the answer about the last one that it sees until then.

    Args:
        predictor: The model.
        infos: Videos that the scan found usable.
        request: Which rows.
    """
    failures: dict[Path, str] = {}
    for info in infos:
        try:
            for frame in request.frames or ():
                check_frame(info, frame)
        except DataError as error:
            failures[info.path] = str(error)
    asked = [info for info in infos if info.path not in failures]
    result = predictor.predict_frames([whole_video(info) for info in asked])
    failures |= {asked[position].path: reason for position, reason in result.failures}
    rows = [
        {"path": str(asked[position].path), **row}
        for position, found in zip(result.videos, result.answers, strict=True)
        for row in _rows(predictor, asked[position], found, request)
    ]
    return rows, failures


def _rows(predictor: Predictor, info: VideoInfo, found: VideoFrames, request: RowRequest) -> Iterator[dict[str, Any]]:
    config = predictor.loaded.config
    if request.frames is not None:
        places = np.searchsorted(found.frames, request.frames, side="right") - 1
        for frame, place in zip(request.frames, places.tolist(), strict=True):
            seconds = round(float(info.frame_seconds[frame]), 6)
            yield {"frame": frame, "time_seconds": seconds, **said(predictor, found.answers[place], request.top_k)}
    elif config.task.has_classes:
        for segment in segments_of(found.answers, found.seconds, info.duration_seconds, request.min_seconds):
            yield {
                "start_seconds": round(segment.start_seconds, 6),
                "end_seconds": round(segment.end_seconds, 6),
                "label": config.class_names[segment.class_id],
                "prob": round(segment.prob, 6),
            }
    else:
        times = found.seconds
        if request.step_seconds is not None:
            times = np.arange(0, info.duration_seconds - TOLERANCE_SECONDS, request.step_seconds)
        places = np.searchsorted(found.seconds, times + TOLERANCE_SECONDS, side="right") - 1
        for time, place in zip(times.tolist(), places.tolist(), strict=True):
            yield {"time_seconds": round(time, 6), **said(predictor, found.answers[place], request.top_k)}
