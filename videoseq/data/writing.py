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
    time_base: Fraction = Fraction(1, 1000),
    container: str | None = None,
) -> None:
    """Encodes frames into a video file.

    Args:
        path: Where to write.
        frames: RGB frames, each (H, W, 3) uint8, all of one size; H and W even for 4:2:0 pixel formats.
        fps: Frames per second.
        codec: An encoder of FFmpeg's: `libx264`, `libx265`, `libvpx-vp9`, `mpeg4`, …
        options: Options of the encoder, such as `{"g": "12", "crf": "18"}`.
        pixel_format: Pixel format of the stream.
        pts: Presentation time of each frame in units of `time_base`, for a variable frame rate; None is a constant one.
        time_base: Seconds per unit of `pts`; 1 over a whole number.
        container: `mp4` keeps `pts` exactly, whatever the unit; None is what the file's suffix says.

    Raises:
        OSError: The file cannot be written, or not to its end.
    """
    rate = Fraction(fps).limit_denominator(1001)
    # Without an edit list: one written in coarse units would discard a frame.
    exact = {"video_track_timescale": str(time_base.denominator), "use_editlist": "0"} if container == "mp4" else {}
    # A file of Python's: FFmpeg closes its own without a word about a disk that is full.
    with path.open("wb") as file, av.open(file, "w", format=container, container_options=exact) as output:
        stream = output.add_stream(codec, rate=rate, options=dict(options or {}))
        if not isinstance(stream, VideoStream):
            raise ValueError(f"expected a video encoder such as 'libx264', got {codec!r}")
        stream.pix_fmt = pixel_format
        stream.thread_type = "NONE"
        times = None if pts is None else iter(pts)
        if times is not None:
            stream.codec_context.time_base = time_base
        for position, image in enumerate(frames):
            if position == 0:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = position if times is None else next(times)
            frame.time_base = 1 / rate if times is None else time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
