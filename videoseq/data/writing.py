"""Writing real encoded videos with PyAV."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray


def write_video(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    fps: float = 25,
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
    pixel_format: str = "yuv420p",
    pts: Iterable[int] | None = None,
) -> None:
    """Encodes frames into a video file; the container follows the file's suffix.

    Args:
        path: Where to write.
        frames: RGB frames, each (H, W, 3) uint8, all of one size; H and W even for 4:2:0 pixel formats.
        fps: Frames per second.
        codec: An encoder of FFmpeg's: `libx264`, `libx265`, `libvpx-vp9`, `mpeg4`, …
        options: Options of the encoder, such as `{"g": "12", "crf": "18"}`.
        pixel_format: Pixel format of the stream.
        pts: Presentation time of each frame in units of 1/1000 s, for a variable frame rate; None is a constant one.
    """
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        if not isinstance(stream, VideoStream):
            raise ValueError(f"expected a video encoder such as 'libx264', got {codec!r}")
        stream.pix_fmt = pixel_format
        stream.thread_type = "NONE"
        times = None if pts is None else iter(pts)
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for position, image in enumerate(frames):
            if position == 0:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = position if times is None else next(times)
            frame.time_base = 1 / rate if times is None else Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
