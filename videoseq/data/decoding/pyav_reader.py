"""Reading frames with PyAV: exact on every file that can be decoded at all."""

from collections.abc import Iterator
from dataclasses import replace

import av
import av.container
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from videoseq.data.decoding.decord_reader import DECORD_PIXEL_FORMATS
from videoseq.data.decoding.demux import find_video_stream, has_guessed_times
from videoseq.data.decoding.files import open_video
from videoseq.errors import DecodeError
from videoseq.types import VideoInfo


def read_with_pyav(info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Reads frames of a scanned file with PyAV on one thread: all that `stream_with_pyav` yields, as one array.

    Args:
        info: What the scan found.
        indices: Frames to read, (T,) ascending without repeats, each below `info.num_frames`.
        size: Height and width in pixels, as displayed, of the result; None is the video's own size.

    Returns:
        (T, H, W, 3) uint8 RGB, 0..255, turned for display.

    Raises:
        DecodeError: A frame is missing, damaged, out of order, or of another size than the first one.
    """
    height, width = size or (info.height, info.width)
    frames = np.empty((len(indices), height, width, 3), np.uint8)
    for row, frame in enumerate(stream_with_pyav(info, indices, size)):
        frames[row] = frame
    return frames


def stream_with_pyav(info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None) -> Iterator[NDArray[np.uint8]]:
    """Yields frames of a scanned file one by one, decoded with PyAV on one thread.

    Decoding starts at the last exact keyframe before each wanted frame, where that is ahead of the frame decoded last::

        keyframes  |0...........|12..........|24..........      wanted 14, 16, 30
        decoded                  12 13 14 15 16  24 … 30

    Args:
        info: What the scan found.
        indices: Frames to read, (T,) ascending without repeats, each below `info.num_frames`.
        size: Height and width in pixels, as displayed, of the result; None is the video's own size.

    Yields:
        (H, W, 3) uint8 RGB, 0..255, turned for display.

    Raises:
        DecodeError: A frame is missing, damaged, out of order, or of another size than the first one.
    """
    stage = "open"
    num_done = 0
    try:
        with open_video(info.path, info.container) as container:
            stream = find_video_stream(container, info.path)
            stage = "decode"
            source = _Source(info, container, stream)
            converter = _Converter(info, size)
            for index in indices.tolist():
                yield converter.convert(source.frame(index))
                num_done += 1
    except _SeekError:
        # From the beginning it is exact all the same.
        yield from stream_with_pyav(replace(info, keyframes=np.zeros(1, np.int64)), indices[num_done:], size)
    except DecodeError:
        raise
    except Exception as error:
        raise DecodeError(info.path, stage, "pyav", f"{error}; the file may be damaged, try ffmpeg -i x out.mp4") from error


class _SeekError(Exception):
    """The container did not lead to the keyframe that the scan had found."""


class _Source:
    """The frames of an open file by ascending index, each checked to be the one asked for."""

    def __init__(self, info: VideoInfo, container: av.container.InputContainer, stream: VideoStream) -> None:
        self.info = info
        self.container = container
        self.stream = stream
        # Frame threads hang after a fork, and a loader has its own processes.
        stream.thread_type = "NONE"
        self.pts = None if has_guessed_times(info) else info.pts
        self.position = 0
        self.decoded = self._decode(None)

    def frame(self, index: int) -> VideoFrame:
        """Returns frame `index`, which lies after all that were asked for before."""
        start = int(self.info.keyframes[np.searchsorted(self.info.keyframes, index, side="right") - 1])
        if start > self.position and self.pts is not None:
            self._seek(start, int(self.pts[start]))
        while True:
            frame = next(self.decoded, None)
            if frame is None:
                raise self._error(
                    f"only {self.position} of {self.info.num_frames} frames could be decoded; the file is damaged"
                )
            self._check(frame)
            self.position += 1
            if self.position > index:
                return frame

    def _seek(self, start: int, start_pts: int) -> None:
        self.container.seek(start_pts, stream=self.stream, backward=True)
        self.decoded = self._decode(start_pts)
        self.position = start

    def _decode(self, start_pts: int | None) -> Iterator[VideoFrame]:
        """Yields the frames from the packet with time `start_pts` on; None is the beginning."""
        for packet in self.container.demux(self.stream):
            if start_pts is not None:
                # A seek may stop at an earlier packet; decoding starts at the exact keyframe and nowhere else.
                if packet.pts != start_pts:
                    if not packet.size or (packet.pts is not None and packet.pts > start_pts):
                        raise _SeekError
                    continue
                start_pts = None
            yield from self.stream.decode(packet)

    def _check(self, frame: VideoFrame) -> None:
        info, index = self.info, self.position
        if frame.is_corrupt:
            raise self._error(f"frame {index} is damaged; cut the video before it, or encode it anew")
        if index >= info.num_frames:
            raise self._error(f"more frames than the {info.num_frames} that the scan counted")
        if self.pts is not None and frame.pts != self.pts[index]:
            raise self._error(
                f"frame {index} has pts {frame.pts}, expected {self.pts[index]}: frames are missing or out of order; "
                "try ffmpeg -i x out.mp4"
            )
        stored = (info.height, info.width) if info.rotation % 180 == 0 else (info.width, info.height)
        if (frame.height, frame.width) != stored:
            raise self._error(
                f"frame {index} is {frame.width}x{frame.height}, the video is {stored[1]}x{stored[0]}: the size "
                "changes in the middle; make it one size: ffmpeg -i x -vf scale=640:480 out.mp4"
            )
        if frame.rotation % 360 != info.rotation:
            raise self._error(
                f"frame {index} is to be turned by {frame.rotation % 360} degrees, the container says {info.rotation}; "
                "encode it anew: ffmpeg -i x out.mp4"
            )

    def _error(self, cause: str) -> DecodeError:
        return DecodeError(self.info.path, "decode", "pyav", cause)


class _Converter:
    """Turns decoded frames into RGB arrays of one size, pixel for pixel as decord does."""

    def __init__(self, info: VideoInfo, size: tuple[int, int] | None) -> None:
        height, width = size or (info.height, info.width)
        self.rotation = info.rotation
        self.height, self.width = (height, width) if info.rotation % 180 == 0 else (width, height)
        self.graph: av.filter.Graph | None = None

    def convert(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Returns a frame as (H, W, 3) uint8 RGB, scaled while it is converted and turned for display."""
        if frame.format.name in DECORD_PIXEL_FORMATS:
            frame = self._without_siting(frame)
        small = frame.reformat(
            width=self.width, height=self.height, format="rgb24", interpolation=Interpolation.BILINEAR, threads=1
        )
        pixels: NDArray[np.uint8] = small.to_ndarray().astype(np.uint8, copy=False)
        return np.rot90(pixels, self.rotation // 90)  # (h, w, 3) -> (H, W, 3)

    def _without_siting(self, frame: VideoFrame) -> VideoFrame:
        """Returns a frame of a format that decord reads too without its chroma position and its interlacing.

        The scaler of new FFmpegs heeds both and that of decord neither: with them the readers differ at coloured edges.
        """
        if self.graph is None:
            self.graph = av.filter.Graph()
            self.graph.threads = 1
            source = self.graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
            )
            plain = self.graph.add("setparams", "chroma_location=unspecified:field_mode=prog")
            sink = self.graph.add("buffersink")
            self.graph.link_nodes(source, plain, sink).configure()
        self.graph.vpush(frame)
        return self.graph.vpull()
