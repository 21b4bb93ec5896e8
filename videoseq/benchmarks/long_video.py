"""A long video made of short ones."""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoseq.data.decoding import stream_frames
from videoseq.data.writing import write_video
from videoseq.types import VideoInfo

_FPS = 25


def write_long_video(infos: Sequence[VideoInfo], path: Path, seconds: float) -> Path:
    """Writes the frames of videos one after the other, again from the first where they do not suffice; returns the path.

    It is encoded as x264 does by default, keyframes up to 250 frames apart, at the size of the first video.

    Args:
        infos: The scanned videos.
        path: Where to write.
        seconds: Length, at 25 frames per second.
    """
    size = (infos[0].height // 2 * 2, infos[0].width // 2 * 2)  # 4:2:0 needs even ones
    write_video(path, islice(_frames(infos, size), max(round(seconds * _FPS), 1)), fps=_FPS)
    return path


def _frames(infos: Sequence[VideoInfo], size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    for info in cycle(infos):
        yield from stream_frames(info, np.arange(info.num_frames), size=size)
