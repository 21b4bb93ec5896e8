"""The wanted frames of an open file, with as little decoded as exactness allows."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import chain

import av.container
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from videoseq.data.decoding.bitstream import inspector
from videoseq.data.decoding.demux import has_guessed_times
from videoseq.errors import DecodeError
from videoseq.types import VideoInfo

# Containers with an index of packets. In the others a seek guesses, reads much, and may stop behind the keyframe.
_INDEXED = frozenset({"mp4", "matroska", "avi"})
# A seek costs as much as reading on by 5 to 7 packets that are not decoded: 27 us against 4 to 17 us each.
_PACKETS_OF_A_SEEK = 8


class SeekError(Exception):
    """The container did not lead to the keyframe that the scan had found."""


@dataclass(frozen=True)
class Run:
    """A stretch of frames that is decoded in one go.

    Attributes:
        start: The keyframe that decoding starts at.
        wanted: Frames to be given out, ascending, none before `start`.
    """

    start: int
    wanted: list[int]


def plan_runs(wanted: NDArray[np.int64], keyframes: NDArray[np.int64]) -> list[Run]:
    """Returns the stretches to decode so that every wanted frame comes and no more than needed before it::

        keyframes  |0...........|12..........|24..........      wanted 14, 16, 23, 24, 40 with a keyframe 36
        runs                     12: 14 16     23 24 (goes on)   36: 40

    Args:
        wanted: Indices, (T,) ascending without repeats.
        keyframes: Indices that decoding can start at exactly, (k,) ascending, the first one 0.
    """
    starts = keyframes[np.searchsorted(keyframes, wanted, side="right") - 1]
    runs: list[Run] = []
    for index, start in zip(wanted.tolist(), starts.tolist(), strict=True):
        if runs and start <= runs[-1].wanted[-1] + 1:
            runs[-1].wanted.append(index)
        else:
            runs.append(Run(start, [index]))
    return runs


class FrameSource:
    """The frames of an open file by ascending index, each checked to be the one asked for.

    Args:
        info: What the scan found.
        container: The open file.
        stream: Its video stream.
        can_skip: Whether frames that nobody wants and no other refers to are left out.
    """

    def __init__(self, info: VideoInfo, container: av.container.InputContainer, stream: VideoStream, *, can_skip: bool) -> None:
        self.info = info
        self.container = container
        self.stream = stream
        # Frame threads hang after a fork, and a loader has its own processes.
        stream.thread_type = "NONE"
        self.pts = None if has_guessed_times(info) else info.pts
        context = stream.codec_context
        self.inspect = inspector(context.codec.canonical_name, context.extradata or b"") if can_skip else None
        self.packets = self.container.demux(self.stream)

    def frames(self, indices: NDArray[np.int64]) -> Iterator[VideoFrame]:
        """Yields the frames of these indices.

        Args:
            indices: (T,) ascending without repeats, each below `info.num_frames`.

        Raises:
            DecodeError: A frame is missing, damaged, out of order, or of another size than the video.
            SeekError: The container did not lead to a keyframe.
        """
        position = 0
        for run in plan_runs(indices, self.info.keyframes):
            packets = self.packets if run.start == 0 else self._packets_from(run.start, run.start - position)
            position, wanted, expected = run.start, set(run.wanted), iter(run.wanted)
            for index, frame in self._skipping(packets, wanted) if self.inspect else self._counting(packets, run.start):
                self._check(frame, index)
                position = index + 1
                if index in wanted:
                    # A decoder that knows too late how far frames are reordered gives some too early and loses others.
                    if index != next(expected):
                        raise self._error(f"frame {index} comes too early; try ffmpeg -i x out.mp4")
                    yield frame
                if index == run.wanted[-1]:
                    break
            else:
                raise self._error(f"only {position} of {self.info.num_frames} frames could be decoded; the file is damaged")

    def _packets_from(self, start: int, distance: int) -> "Iterator[Packet[VideoStream]]":
        """Returns the packets from that of a keyframe on, which is `distance` frames ahead; the decoder forgets all before."""
        assert self.pts is not None
        start_pts = int(self.pts[start])
        # Without skipping, the decoder was fed beyond the last wanted frame until it came, perhaps beyond the keyframe.
        is_near = self.inspect is not None and distance <= _PACKETS_OF_A_SEEK
        if not is_near and self.info.container in _INDEXED:
            self.container.seek(start_pts, stream=self.stream, backward=True)
            self.packets = self.container.demux(self.stream)
        self.stream.codec_context.flush_buffers()
        # A seek may stop at an earlier packet; decoding starts at the exact keyframe and nowhere else.
        for packet in self.packets:
            if packet.pts == start_pts:
                return chain([packet], self.packets)
            if not packet.size or (packet.pts is not None and packet.pts > start_pts):
                break
        raise SeekError

    def _counting(self, packets: "Iterator[Packet[VideoStream]]", start: int) -> Iterator[tuple[int, VideoFrame]]:
        """Yields every frame from `start` on, with the index that it must have."""
        index = start
        for packet in packets:
            for frame in self.stream.decode(packet):
                yield index, frame
                index += 1

    def _skipping(self, packets: "Iterator[Packet[VideoStream]]", wanted: set[int]) -> Iterator[tuple[int, VideoFrame]]:
        """Yields wanted frames and those that others may refer to, each with the index that it must have.

        Frames are shown in the order of their times: the next one is the earliest of those whose packets were decoded.
        """
        assert self.pts is not None
        assert self.inspect is not None
        awaited = {int(self.pts[index]) for index in wanted}
        due: list[int] = []
        for packet in packets:
            if packet.size and packet.pts not in awaited and self.inspect(bytes(packet), packet.is_keyframe).skippable:
                continue
            if packet.size and packet.pts is not None and not packet.is_discard:
                heappush(due, int(np.searchsorted(self.pts, packet.pts)))
            awaited.discard(packet.pts)
            frames = self.stream.decode(packet)
            if not awaited and packet.size:
                # All is decoded: what the decoder holds back for the sake of the order comes at once.
                frames += self.stream.decode(None)
            for frame in frames:
                if not due:
                    raise self._error("more frames than packets; try ffmpeg -i x out.mp4")
                yield heappop(due), frame
            if not awaited:
                return

    def _check(self, frame: VideoFrame, index: int) -> None:
        info = self.info
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
