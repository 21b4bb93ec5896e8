"""PyAV as its documentation shows it: decode from the start, or seek to each frame."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray


def read_sequentially(path: Path, indices: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Decodes from the first frame to the last one wanted."""
    wanted, frames = set(indices), []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                frames.append(_rgb(frame, size))
            if len(frames) == len(wanted):
                break
    return np.stack(frames)


def read_seeking(path: Path, indices: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Seeks to the keyframe before each wanted frame that is more than a second ahead, and decodes from there.

    The time of a frame is its number over the frame rate, right where that is constant.
    """
    frames = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        fps, time_base = stream.average_rate, stream.time_base
        assert fps is not None
        assert time_base is not None
        first = stream.start_time or 0
        step = 1 / fps / time_base  # in units of the time base
        decoded, position = container.decode(stream), 0
        for index in indices:
            pts = first + round(Fraction(index) * step)
            if index - position > fps:
                container.seek(pts, stream=stream, backward=True)
                decoded = container.decode(stream)
            frame = next(frame for frame in decoded if frame.pts is not None and frame.pts >= pts - step / 2)
            frames.append(_rgb(frame, size))
            position = index + 1
    return np.stack(frames)


def _rgb(frame: VideoFrame, size: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = size
    small = frame.reformat(width=width, height=height, format="rgb24", interpolation=Interpolation.BILINEAR, threads=1)
    return small.to_ndarray().astype(np.uint8, copy=False)
