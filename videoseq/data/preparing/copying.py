"""One video's copy: encoded, checked, and in its place only when it is good."""

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import log10
from pathlib import Path

import numpy as np

from videoseq.data.decoding.decord_reader import miscopied_width
from videoseq.data.decoding.demux import scan_video
from videoseq.data.decoding.frame_folder import scan_frame_folder
from videoseq.data.preparing.encoding import encode, frames_at
from videoseq.data.preparing.settings import Settings
from videoseq.errors import DataError, DecodeError
from videoseq.types import FrameFolder, Limits, VideoInfo

UNFINISHED = ".preparing-"
"""What the name of a copy begins with that is not finished: hidden, so that nobody takes it for a video."""

_IDENTICAL_PSNR = 100.0


@dataclass(frozen=True)
class Copy:
    """What is known of a finished copy.

    Attributes:
        frames: Number of frames, that of the source.
        height: Pixels.
        width: Pixels.
        psnr: Peak signal-to-noise ratio against the source at this size, dB over all frames and colours; 100 for equal ones.
        bytes: Size of the file, or of all images together.
        seconds: Wall-clock seconds that making and checking it took.
    """

    frames: int
    height: int
    width: int
    psnr: float
    bytes: int
    seconds: float


def copy_video(info: VideoInfo, target: Path, settings: Settings, limits: Limits) -> Copy:
    """Writes the copy of one video, with less loss again and again until it keeps `min_psnr`.

    Args:
        info: What the scan found.
        target: Where the copy goes; what is there is replaced.
        settings: How it is encoded.
        limits: What the video may ask for.

    Raises:
        DecodeError: The video cannot be read, or its copy is not what it should be.
        DataError: The copy cannot be read as it was written, which is no fault of the video.
        OSError: The copy cannot be written.
    """
    started = time.perf_counter()
    target.parent.mkdir(parents=True, exist_ok=True)
    size = settings.size(info.height, info.width)
    psnr = 0.0
    for coding in settings.codings():
        with unfinished(target.parent) as place:
            encode(info, place, size, coding, settings.gop, limits)
            try:
                copied = _scanned_copy(info, place, size)
                psnr = measure_psnr(info, copied, limits)
            except DecodeError as error:
                if error.path != place:
                    raise
                raise DataError(
                    f"the copy of {str(info.path)!r} in {str(target.parent)!r} cannot be read as it was written: "
                    f"{error.cause.replace(str(place), str(target))}. Fix: check the disk of output, then run the same command"
                ) from error
            if psnr >= settings.min_psnr:
                if target.is_dir() or place.is_dir():  # only a file takes the place of a file
                    delete(target)
                place.replace(target)
                seconds = time.perf_counter() - started
                return Copy(copied.num_frames, *size, round(psnr, 2), copied.size_bytes, round(seconds, 2))
    raise DecodeError(
        info.path, "check", "pyav", f"even without loss its copy has {psnr:.1f} dB, expected min_psnr={settings.min_psnr:g}"
    )


def measure_psnr(source: VideoInfo, copied: VideoInfo, limits: Limits) -> float:
    """Returns the peak signal-to-noise ratio of a copy against its source at the copy's size, in dB; 100 where they are equal.

    Raises:
        DecodeError: A frame of one of them cannot be read.
    """
    size = (copied.height, copied.width)
    total = 0
    for expected, got in zip(frames_at(source, size, limits), frames_at(copied, size, Limits()), strict=True):
        difference = expected.astype(np.int32) - got
        total += int(np.square(difference, out=difference).sum(dtype=np.int64))
    error = total / (copied.num_frames * copied.height * copied.width * 3)
    return min(10 * log10(255**2 / error), _IDENTICAL_PSNR) if error else _IDENTICAL_PSNR


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Gives a name for a copy beside its place, on the same disk; what is left under it is deleted."""
    place = folder / f"{UNFINISHED}{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        yield place
    finally:
        delete(place)


def delete(path: Path) -> None:
    """Deletes a file, a link or a folder with all that it holds, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _scanned_copy(source: VideoInfo, place: Path, size: tuple[int, int]) -> VideoInfo:
    """Scans a copy and checks that it has the source's frames and times and that every reader reads it."""
    if source.frame_pattern:
        copied = scan_frame_folder(place, FrameFolder(source.frame_pattern, float(1 / source.time_base)))
    else:
        copied = scan_video(place)
    if (copied.num_frames, copied.height, copied.width) != (source.num_frames, *size):
        got = f"{copied.num_frames} frames of {copied.width}x{copied.height}"
        raise _differs(source, f"has {got}, expected {source.num_frames} of {size[1]}x{size[0]}")
    # Exactly, as fractions: both times are whole numbers of 1 / (the two denominators' product) seconds.
    expected = (source.pts - source.first_pts) * source.time_base.numerator * copied.time_base.denominator
    got_times = (copied.pts - copied.first_pts) * copied.time_base.numerator * source.time_base.denominator
    if not np.array_equal(expected, got_times):
        raise _differs(source, "shows its frames at other times")
    if not (source.frame_pattern or copied.decord_safe or miscopied_width(copied.width)):
        raise _differs(source, f"is not safe for every reader: {copied.unsafe_reason}")
    return copied


def _differs(source: VideoInfo, what: str) -> DecodeError:
    return DecodeError(source.path, "check", "pyav", f"its copy {what}; encode it anew: ffmpeg -i x out.mp4")
