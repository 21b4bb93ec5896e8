"""Folders of frames as videos: what is known about one without decoding an image, and reading frames of it with Pillow."""

import hashlib
import stat
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from PIL import Image

from videoseq.data.frame_folders import check_gaps, look_into
from videoseq.errors import DataError, DecodeError
from videoseq.types import FrameFolder, Limits, VideoInfo

# Pillow's other decoders start programs or are hardly ever tried on files of strangers.
_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "PPM")
# What Pillow turns into RGB without a loss; of 16-bit greys it would cut off all that is brighter than 255.
_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"})
_CHUNK_BYTES = 1 << 20


class FolderState(NamedTuple):
    """What `stat` says of the frames of a folder: it changes with every file that is added, removed, renamed or written.

    Attributes:
        numbers: The frames' numbers, ascending.
        size_bytes: Size of all images together.
        digest: Digest of the names, sizes and modification times of the images and of the frame rate, in [0, 2**63).
    """

    numbers: list[int]
    size_bytes: int
    digest: int


def folder_state(folder: Path, frames: FrameFolder) -> FolderState:
    """Lists a folder of frames and opens none of them.

    Args:
        folder: The folder.
        frames: How the frames lie in it.

    Raises:
        DataError: It cannot be listed, holds no image of that name, or holds one that is no regular file.
    """
    content = look_into(folder, frames.pattern)
    if not content.images:
        raise DataError(f"the folder {str(folder)!r} holds no image {frames.pattern!r}. Fix: correct frame_folders.pattern")
    size_bytes = 0
    hasher = hashlib.blake2b(f"{frames.pattern}\0{frames.fps}".encode(errors="surrogateescape"), digest_size=8)
    for number, entry in content.images.items():
        try:
            status = entry.stat()
        except OSError as error:
            raise DataError(f"cannot look at {entry.path!r}: {error.strerror}. Fix: extract the frames again") from None
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{entry.path!r} is no regular file, expected an image. Fix: extract the frames again")
        size_bytes += status.st_size
        hasher.update(b"%d %d %d\n" % (number, status.st_size, status.st_mtime_ns))
    return FolderState(list(content.images), size_bytes, int.from_bytes(hasher.digest(), "big") >> 1)


def scan_frame_folder(folder: Path, frames: FrameFolder, limits: Limits = Limits()) -> VideoInfo:  # noqa: B008
    """Scans one folder of frames: reads the bytes of every image, the header of the first, and decodes none.

    Args:
        folder: The folder.
        frames: How the frames lie in it.
        limits: What it may ask for.

    Returns:
        Every field filled, `error` None.

    Raises:
        DecodeError: The folder holds no such images or not all from the first to the last, its first one cannot be
            read, or it exceeds the limits.
    """
    folder = folder.absolute()
    try:
        state = folder_state(folder, frames)
        check_gaps({folder: state.numbers})
    except DataError as error:
        raise DecodeError(folder, "scan", "frames", str(error)) from None
    for name, got, allowed in (
        ("max_frames", len(state.numbers), limits.max_frames),
        ("max_bytes", state.size_bytes, limits.max_bytes),
    ):
        if got > allowed:
            raise DecodeError(folder, "scan", "frames", f"{got} exceeds {name}={allowed}; raise data.limits.{name}")
    path = folder / (frames.pattern % state.numbers[0])
    hasher = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as file, Image.open(file, formats=_FORMATS) as image:
            (width, height), codec = image.size, str(image.format).lower()
        if width * height > limits.max_pixels:
            raise ValueError(
                f"it has {width}x{height} = {width * height} pixels, more than max_pixels={limits.max_pixels}; "
                "raise data.limits.max_pixels"
            )
        for number in state.numbers:
            path = folder / (frames.pattern % number)
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    hasher.update(chunk)
    # Pillow raises OSError, ValueError, SyntaxError, DecompressionBombError, …
    except Exception as error:
        raise DecodeError(folder, "scan", "frames", _cause(path.name, error)) from error
    return VideoInfo(
        path=folder,
        size_bytes=state.size_bytes,
        fingerprint=state.digest,
        container="folder",
        codec=codec,
        width=width,
        height=height,
        num_frames=len(state.numbers),
        time_base=1 / Fraction(str(frames.fps)),
        first_pts=state.numbers[0],
        pts_step=1,
        content_hash=hasher.hexdigest(),
        unsafe_reason="a folder of frames",
        frame_pattern=frames.pattern,
    )


def read_frame_folder(info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Reads frames of a scanned folder: each exactly as Pillow decodes its file to RGB, an orientation in its EXIF ignored.

    Where another size is asked for, the RGB frame is scaled by the bilinear scaler of the other readers (FFmpeg's).

    Args:
        info: What the scan found.
        indices: Frames to read, (T,), each below `info.num_frames`.
        size: Height and width in pixels of the result; None is the size of the images.

    Returns:
        (T, H, W, 3) uint8 RGB, 0..255.

    Raises:
        DecodeError: An image is missing, damaged, of another size than the first one, or of more than 8 bits.
    """
    height, width = size or (info.height, info.width)
    frames = np.empty((len(indices), height, width, 3), np.uint8)
    for row, index in enumerate(indices.tolist()):
        path = info.path / (info.frame_pattern % (info.first_pts + index))
        try:
            pixels = _read_image(path, info)  # (h, w, 3)
        # Pillow raises OSError, ValueError, SyntaxError, DecompressionBombError, …
        except Exception as error:
            raise DecodeError(info.path, "decode", "frames", _cause(path.name, error)) from error
        frames[row] = pixels if size is None else _scale(pixels, height, width)  # (h, w, 3) -> (H, W, 3)
    return frames


def _read_image(path: Path, info: VideoInfo) -> NDArray[np.uint8]:
    # Before opening: opening a FIFO waits for a writer for ever.
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is no regular file")
    with path.open("rb") as file, Image.open(file, formats=_FORMATS) as image:
        if image.size != (info.width, info.height):
            raise ValueError(
                f"it is {image.width}x{image.height}, the first frame is {info.width}x{info.height}: the size changes in the "
                "middle; make all images of the folder one size"
            )
        if image.mode not in _MODES:
            raise ValueError(f"its pixels are {image.mode!r}, expected grey, palette or colour of 8 bits")
        image.info.pop("transparency", None)  # it would only make Pillow warn
        return np.asarray(image.convert("RGB"))


def _scale(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    scaled = frame.reformat(width=width, height=height, interpolation=Interpolation.BILINEAR, threads=1)
    return scaled.to_ndarray().astype(np.uint8, copy=False)


def _cause(name: str, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"the image {name!r}: {reason}; extract the frames again"
