"""Reading frames with decord: fast, and exact only on the files that the demux pass found safe."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.data.decoding.ffmpeg_errors import count_decord_errors
from videoseq.errors import DecodeError
from videoseq.types import VideoInfo

# What decord 0.6.0 (FFmpeg 4.1) was found to read exactly; AV1 it does not know, 10-bit and grey frames it converts otherwise.
DECORD_CONTAINERS = frozenset({"mp4", "matroska", "avi"})
DECORD_CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "mpeg4", "mjpeg"})
DECORD_PIXEL_FORMATS = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"})


def miscopied_width(width: int) -> bool:
    """Whether decord fails to copy frames of this width: their padded rows look like rows of another pixel format."""
    return 48 % width == 0


def read_with_decord(info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Reads frames of a scanned file with decord on one thread.

    Args:
        info: What the scan found.
        indices: Frames to read, (T,) ascending without repeats, each below `info.num_frames`.
        size: Height and width in pixels of the result; None is the video's own size.

    Returns:
        (T, H, W, 3) uint8 RGB, 0..255.

    Raises:
        DecodeError: decord is not installed, would not read this file exactly, or fails.
    """
    if not info.decord_safe:
        raise DecodeError(
            info.path, "check", "decord", f"decord reads it wrongly ({info.unsafe_reason}); use reader auto or pyav"
        )
    height, width = size or (info.height, info.width)
    if miscopied_width(width):
        raise DecodeError(
            info.path, "check", "decord", f"decord cannot return frames of width {width}; use reader auto or pyav"
        )
    decord = _import_decord(info.path)
    stage = "open"
    try:
        errors = count_decord_errors(decord)
        errors_before = errors.value
        target = {} if size is None else {"width": width, "height": height}
        video = decord.VideoReader(str(info.path), ctx=decord.cpu(0), num_threads=1, **target)
        if len(video) != info.num_frames:
            raise ValueError(f"decord counts {len(video)} frames, the scan counted {info.num_frames}")
        stage = "decode"
        frames: NDArray[np.uint8] = video.get_batch(indices).asnumpy()
        if errors.value > errors_before:
            raise ValueError("the file is damaged, and decord hides damage; try ffmpeg -i x out.mp4")
    # decord raises RuntimeError, DECORDError, IndexError, AssertionError, …
    except Exception as error:
        # Its messages start with time, file and line of its sources, once or twice.
        cause = re.sub(r"\[\d\d:\d\d:\d\d\] \S+:\d+: ", "", str(error)).strip().splitlines()
        raise DecodeError(info.path, stage, "decord", cause[0] if cause else type(error).__name__) from error
    return frames


def _import_decord(path: Path) -> Any:
    try:
        import decord
    except (ImportError, OSError) as error:
        raise DecodeError(path, "open", "decord", f"decord is not installed ({error}); use reader pyav") from error
    decord.logging.set_level(decord.logging.QUIET)
    return decord
