"""Writing the frames of one video in a form that decodes fast."""

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videoseq.data.decoding import read_frames, stream_frames
from videoseq.data.preparing.settings import Coding
from videoseq.data.writing import write_video
from videoseq.errors import DecodeError
from videoseq.types import Limits, VideoInfo

_IMAGES_AT_ONCE = 16


def frames_at(info: VideoInfo, size: tuple[int, int], limits: Limits) -> Iterator[NDArray[np.uint8]]:
    """Yields every frame of a scanned video in a size, few of them in memory at once.

    Args:
        info: What the scan found.
        size: Height and width in pixels.
        limits: What the video may ask for.

    Yields:
        (H, W, 3) uint8 RGB, 0..255, turned for display.

    Raises:
        DecodeError: A frame cannot be read exactly.
    """
    if not info.frame_pattern:
        yield from stream_frames(info, range(info.num_frames), size=size, limits=limits)
        return
    for start in range(0, info.num_frames, _IMAGES_AT_ONCE):
        indices = range(start, min(start + _IMAGES_AT_ONCE, info.num_frames))
        yield from read_frames(info, indices, size=size, limits=limits)


def encode(info: VideoInfo, place: Path, size: tuple[int, int], coding: Coding, gop: int, limits: Limits) -> None:
    """Writes a copy of a video: an MP4 file of H.264 with the same times, or a folder of images with the same names.

    Args:
        info: What the scan found.
        place: Where the copy goes; nothing is there.
        size: Height and width in pixels of the copy.
        coding: How it is encoded.
        gop: Frames from one keyframe to the next.
        limits: What the video may ask for.

    Raises:
        DecodeError: A frame cannot be read exactly, or the times cannot be written.
        OSError: The copy cannot be written.
    """
    frames = frames_at(info, size, limits)
    if info.frame_pattern:
        _write_images(info, place, frames, coding)
        return
    time_base = info.time_base
    try:
        write_video(
            place,
            map(np.ascontiguousarray, frames),
            codec="libx264",
            options=_x264(coding, gop),
            pixel_format=coding.pixel_format,
            pts=((info.pts - info.first_pts) * time_base.numerator).tolist(),
            time_base=Fraction(1, time_base.denominator),
            container="mp4",
        )
    except av.FFmpegError as error:
        raise DecodeError(
            info.path, "encode", "pyav", f"its frames cannot be written as H.264 in MP4 ({error}); try ffmpeg -i x out.mp4"
        ) from error


def _x264(coding: Coding, gop: int) -> dict[str, str]:
    groups = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:bframes={min(3, gop - 1)}:b-adapt=0:b-pyramid=none"
    # Equal frames give equal packets, whatever their times: by these, copies of one video are kept on one side of a split.
    alike = "force-cfr=1:mbtree=0"
    # No arithmetic coding and no deblocking (`fastdecode`): at these sizes they cost more time than they save bytes.
    return {
        "crf": f"{coding.crf:g}",
        "preset": "medium",
        "tune": "fastdecode",
        "threads": "1",
        "x264-params": f"{groups}:{alike}",
    }


def _write_images(info: VideoInfo, folder: Path, frames: Iterator[NDArray[np.uint8]], coding: Coding) -> None:
    """Writes an image for each frame; images are told by their first bytes, never by their names."""
    folder.mkdir()
    how = {"format": "PNG"} if coding.jpeg_quality is None else {"format": "JPEG", "quality": coding.jpeg_quality}
    for number, pixels in enumerate(frames, info.first_pts):
        # By way of memory: Pillow says nothing of a file that takes only a part of what it writes, as on a full disk.
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, **how)
        (folder / (info.frame_pattern % number)).write_bytes(buffer.getbuffer())
