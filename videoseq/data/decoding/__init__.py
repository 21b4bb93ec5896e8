"""Reading exact frames: frame i from any reader is frame i of a sequential decode."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoseq.data.decoding.decord_reader import read_with_decord
from videoseq.data.decoding.demux import scan_video
from videoseq.data.decoding.files import check_file
from videoseq.data.decoding.frame_folder import read_frame_folder
from videoseq.data.decoding.pyav_reader import read_with_pyav, stream_with_pyav
from videoseq.data.decoding.torchcodec_reader import check_torchcodec, read_with_torchcodec, read_with_torchcodec_cuda
from videoseq.errors import ConfigError, DecodeError, suggest
from videoseq.types import Limits, VideoInfo

__all__ = ["READERS", "ReadFunction", "check_decoder", "choose_reader", "read_frames", "stream_frames"]

ReadFunction = Callable[[VideoInfo, NDArray[np.int64], tuple[int, int] | None], NDArray[np.uint8]]
READERS: dict[str, ReadFunction] = {
    "decord": read_with_decord,
    "pyav": read_with_pyav,
    "torchcodec": read_with_torchcodec,
    "torchcodec_cuda": read_with_torchcodec_cuda,
    "frames": read_frame_folder,
}


def check_decoder(option: str, decoder: str, folders: Sequence[Path], num_videos: int) -> None:
    """Refuses a reader of files for videos that are folders of frames, and one that cannot run on this machine.

    Args:
        option: Name of the option that chooses the reader, for the message.
        decoder: `auto`, or the name of a reader of files.
        folders: The videos that are folders.
        num_videos: How many videos there are.

    Raises:
        ConfigError: There are folders, and the reader is not `auto`; torchcodec cannot be imported, or finds no CUDA GPU.
    """
    if decoder.startswith("torchcodec"):
        check_torchcodec(option, decoder)
    if folders and decoder != "auto":
        raise ConfigError(
            f"{option}={decoder} reads files, but {len(folders)} of {num_videos} videos are folders of frames, the first is "
            f"{str(folders[0])!r}. Fix: {option}=auto"
        )


def choose_reader(info: VideoInfo) -> str:
    """Returns the reader that `auto` takes for a scanned video, a key of `READERS`: PyAV for every file.

    Measured on one core, in turns, reading 1 and 16 frames of files in H.264, HEVC, VP8, VP9, MPEG-4 and MJPEG, decord took
    1.01 to 1.58 times as long as PyAV, which reads more files exactly.

    Args:
        info: What the scan found.
    """
    return "frames" if info.frame_pattern else "pyav"


def read_frames(
    video: VideoInfo | Path,
    indices: Sequence[int] | NDArray[np.integer],
    *,
    size: tuple[int, int] | None = None,
    reader: str = "auto",
    limits: Limits = Limits(),  # noqa: B008
    skip_loop_filter: bool = False,
) -> NDArray[np.uint8]:
    """Reads frames of a video; frame i is the i-th that a sequential single-threaded decode shows.

    The file is opened, read and closed within the call. Nothing is shared, so it can be called in any process.

    Args:
        video: What the scan found, or the path of a file, which is then scanned first, in this process.
        indices: Frames to read, (T,), in any order, repeats allowed.
        size: Height and width in pixels, as displayed, of the result; None is the video's own size. Frames are scaled
            bilinearly while they are converted, never kept at full size.
        reader: `auto` (what `choose_reader` says), or a key of `READERS`; `frames` reads folders and nothing else does.
        limits: What the file may ask for.
        skip_loop_filter: Whether decoders of files leave out the filter that smooths the edges of blocks: faster, and the
            right frames, but not their exact pixels. It is for PyAV, which `auto` then takes; of the codecs H.264, HEVC and
            VP8 heed it.

    Returns:
        (T, H, W, 3) uint8 RGB, 0..255, turned for display.

    Raises:
        ConfigError: An unknown reader, a size that is none, or a reader that does not know `skip_loop_filter`.
        DecodeError: The file or a frame cannot be read exactly, an index is out of range, or `size` exceeds
            `limits.max_pixels`.
    """
    if reader != "auto" and reader not in READERS:
        raise ConfigError(f"unknown reader {reader!r}; {suggest(reader, ['auto', *READERS])}")
    if skip_loop_filter and reader not in ("auto", "pyav", "frames"):
        raise ConfigError(f"skip_loop_filter is for PyAV, got reader {reader!r}; use auto or pyav")
    info, wanted, (height, width) = _checked_request(video, indices, size, limits)
    if reader != "auto" and (reader == "frames") != bool(info.frame_pattern):
        kind = "a folder of frames" if info.frame_pattern else "a file"
        raise DecodeError(info.path, "check", reader, f"the video is {kind}, which this reader does not read; use reader auto")
    if not len(wanted):
        return np.zeros((0, height, width, 3), np.uint8)
    ascending, position = np.unique(wanted, return_inverse=True)
    if reader == "auto":
        reader = choose_reader(info)
    read: ReadFunction = (
        partial(read_with_pyav, skip_loop_filter=True) if skip_loop_filter and reader == "pyav" else READERS[reader]
    )
    frames = _asserted(info, read(info, ascending, size), len(ascending), (height, width), reader)
    return frames if np.array_equal(ascending, wanted) else frames[position]  # (U, H, W, 3) -> (T, H, W, 3)


def stream_frames(
    video: VideoInfo | Path,
    indices: Sequence[int] | NDArray[np.integer],
    *,
    size: tuple[int, int] | None = None,
    limits: Limits = Limits(),  # noqa: B008
) -> Iterator[NDArray[np.uint8]]:
    """Yields frames of a file one by one, the same pixels as `read_frames`, so that any number of them needs little memory.

    Args:
        video: What the scan found, or the path of a file, which is then scanned first, in this process.
        indices: Frames to read, (T,) ascending without repeats.
        size: As for `read_frames`.
        limits: What the file may ask for.

    Yields:
        (H, W, 3) uint8 RGB, 0..255, turned for display.

    Raises:
        ConfigError: A size that is none.
        DecodeError: As `read_frames`; a frame that cannot be read only when its turn has come.
    """
    info, wanted, _ = _checked_request(video, indices, size, limits)
    return stream_with_pyav(info, wanted, size)


def _checked_request(
    video: VideoInfo | Path, indices: Sequence[int] | NDArray[np.integer], size: tuple[int, int] | None, limits: Limits
) -> tuple[VideoInfo, NDArray[np.int64], tuple[int, int]]:
    """Returns what the scan found, the indices and the size of a frame, if such frames may be asked for."""
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise ConfigError(f"size must be (height, width) in pixels, each at least 1, got {size}")
    info = scan_video(video, limits) if isinstance(video, Path) else _checked(video, limits)
    wanted = np.asarray(indices, np.int64)
    if wanted.ndim != 1 or (len(wanted) and not 0 <= wanted.min() <= wanted.max() < info.num_frames):
        got = f"{wanted.min()}..{wanted.max()}" if wanted.size else f"shape {wanted.shape}"
        raise DecodeError(
            info.path, "check", "file", f"indices {got} out of range; the video has {info.num_frames} frames, from 0"
        )
    height, width = size or (info.height, info.width)
    if height * width > limits.max_pixels:
        # A long and narrow video, enlarged until its short side fits, is a bomb.
        raise DecodeError(
            info.path,
            "check",
            "file",
            f"frames of {width}x{height} = {width * height} pixels asked for, expected at most max_pixels={limits.max_pixels}; "
            f"the video is {info.width}x{info.height}: crop it, make the clip smaller, or raise data.limits.max_pixels",
        )
    return info, wanted, (height, width)


def _checked(info: VideoInfo, limits: Limits) -> VideoInfo:
    """Returns what the scan found, if it is still true and within the limits."""
    if info.error is not None:
        raise DecodeError(info.path, "check", "file", info.error)
    # A frame of a folder is the file of its number; a look at all the others would cost more than reading a clip.
    if not info.frame_pattern:
        check_file(info.path, limits)
        status = info.path.stat()
        if (status.st_size, status.st_mtime_ns) != (info.size_bytes, info.fingerprint):
            raise DecodeError(info.path, "check", "file", "the file has changed since it was scanned; start again")
    for name, got, allowed in (
        ("max_pixels", info.width * info.height, limits.max_pixels),
        ("max_frames", info.num_frames, limits.max_frames),
        ("max_bytes", info.size_bytes, limits.max_bytes),
    ):
        if got > allowed:
            raise DecodeError(info.path, "check", "file", f"{got} exceeds {name}={allowed}; raise data.limits.{name}")
    return info


def _asserted(
    info: VideoInfo, frames: NDArray[np.uint8], count: int, expected: tuple[int, int], reader: str
) -> NDArray[np.uint8]:
    """Returns the frames, if there are as many and as large ones as asked for."""
    shape = (count, *expected, 3)
    if frames.shape != shape or frames.dtype != np.uint8:
        raise DecodeError(info.path, "check", reader, f"got frames of shape {frames.shape}, expected {shape}")
    return frames
