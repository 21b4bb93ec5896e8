"""Reading frames with PyAV: exact on every file that can be decoded at all."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from videoseq.data.decoding.conversion import Converter
from videoseq.data.decoding.demux import find_video_stream, has_guessed_times
from videoseq.data.decoding.files import open_video
from videoseq.data.decoding.pyav_source import FrameSource, SeekError
from videoseq.errors import DecodeError
from videoseq.types import VideoInfo


def read_with_pyav(
    info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None, *, skip_loop_filter: bool = False
) -> NDArray[np.uint8]:
    """Reads frames of a scanned file with PyAV on one thread: all that `stream_with_pyav` yields, as one array.

    Args:
        info: What the scan found.
        indices: Frames to read, (T,) ascending without repeats, each below `info.num_frames`.
        size: Height and width in pixels, as displayed, of the result; None is the video's own size.
        skip_loop_filter: As for `stream_with_pyav`.

    Returns:
        (T, H, W, 3) uint8 RGB, 0..255, turned for display.

    Raises:
        DecodeError: A frame is missing, damaged, out of order, or of another size than the first one.
    """
    height, width = size or (info.height, info.width)
    frames = np.empty((len(indices), height, width, 3), np.uint8)
    streamed = stream_with_pyav(info, indices, size, skip_loop_filter=skip_loop_filter)
    for row, frame in zip(frames, streamed, strict=True):
        row[...] = frame
    return frames


def stream_with_pyav(
    info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None, *, skip_loop_filter: bool = False
) -> Iterator[NDArray[np.uint8]]:
    """Yields frames of a scanned file one by one, decoded with PyAV on one thread.

    Decoding starts at the last exact keyframe before each wanted frame, where that is ahead of the frame decoded last. Where
    the scan found that frames may be left out, those that nobody wants and no other frame refers to are never decoded::

        keyframes  |0...........|12..........|24..........      wanted 14, 16, 30; odd frames are referred to by none
        decoded                  12   14   16   24 26 28 30

    Of damage, what the decoder reports of the frames that it decodes and that are shown no later than the last wanted one is
    noticed; what was left out is not looked at. A file that cannot be read in this way, because its decoder shows frames in
    another order than the packets promised or marks one as damaged, is read once more with nothing left out, and what fails
    then is the error. What was yielded before that stays: it came in order, each frame at its time.

    Args:
        info: What the scan found.
        indices: Frames to read, (T,) ascending without repeats, each below `info.num_frames`.
        size: Height and width in pixels, as displayed, of the result; None is the video's own size.
        skip_loop_filter: Whether decoders leave out the filter that smooths the edges of blocks: faster, and not exact.

    Yields:
        (H, W, 3) uint8 RGB, 0..255, turned for display.

    Raises:
        DecodeError: A frame is missing, damaged, out of order, or of another size than the first one.
    """
    num_done, lean = 0, True
    while True:
        try:
            for frame in _stream(info, indices[num_done:], size, skip_loop_filter, lean=lean):
                yield frame
                num_done += 1
            return
        except SeekError:
            # From the beginning, which needs no seek, it is exact whatever the container's index leads to.
            info = replace(info, keyframes=np.zeros(1, np.int64))
        except DecodeError:
            if not lean:
                raise
            lean = False


def _stream(
    info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None, skip_loop_filter: bool, *, lean: bool
) -> Iterator[NDArray[np.uint8]]:
    """Yields what `stream_with_pyav` does, in one attempt; a lean one decodes no more than the scan says is needed."""
    stage = "open"
    try:
        # Frames that only their order tells apart need a decoder that knows from the start how far they are reordered.
        probe = not lean or info.container != "mp4" or has_guessed_times(info)
        with open_video(info.path, info.container, probe_pictures=probe) as container:
            stream = find_video_stream(container, info.path)
            if skip_loop_filter:
                stream.codec_context.options = {"skip_loop_filter": "all"}
            stage = "decode"
            converter = Converter(info, size)
            for frame in FrameSource(info, container, stream, can_skip=lean and info.can_skip).frames(indices):
                yield converter.convert(frame)
    except (DecodeError, SeekError):
        raise
    except Exception as error:
        raise DecodeError(info.path, stage, "pyav", f"{error}; the file may be damaged, try ffmpeg -i x out.mp4") from error
