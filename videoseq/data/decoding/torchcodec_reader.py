"""Reading frames with torchcodec, on the CPU or on a CUDA GPU; optional, and only of files that it reads exactly."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.data.decoding.decord_reader import DECORD_PIXEL_FORMATS
from videoseq.data.decoding.ffmpeg_errors import count_torchcodec_errors
from videoseq.errors import ConfigError, DecodeError
from videoseq.types import VideoInfo

# In others it was found to lose frames when it seeks.
_CONTAINERS = frozenset({"mp4", "matroska"})


def check_torchcodec(option: str, reader: str) -> None:
    """Refuses a reader that cannot run on this machine, before any video is opened.

    Args:
        option: Name of the option that chooses the reader, for the message.
        reader: `torchcodec` or `torchcodec_cuda`.

    Raises:
        ConfigError: torchcodec cannot be imported, or there is no CUDA GPU for `torchcodec_cuda`.
    """
    try:
        _import_torchcodec()
    except (ImportError, OSError, RuntimeError) as error:
        raise ConfigError(
            f"{option}={reader}: torchcodec cannot be imported ({_first_line(error)}); install it with a system FFmpeg: "
            f"pip install 'videoseq[torchcodec]', apt install ffmpeg; or take {option}=auto"
        ) from None
    if reader == "torchcodec_cuda" and not _has_cuda():
        raise ConfigError(f"{option}={reader}: torch finds no CUDA GPU; take {option}=torchcodec or {option}=auto")


def read_with_torchcodec(info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Reads frames of a scanned file with torchcodec on one thread of the CPU.

    At the video's own size the pixels are the other readers'. Smaller ones are scaled after the conversion to RGB and not
    with it, so they differ by 1 to 2 of 255 on average, and by more at sharp edges.

    Args:
        info: What the scan found.
        indices: Frames to read, (T,) ascending without repeats, each below `info.num_frames`.
        size: Height and width in pixels, as displayed, of the result; None is the video's own size.

    Returns:
        (T, H, W, 3) uint8 RGB, 0..255, turned for display.

    Raises:
        DecodeError: torchcodec is not installed, would not read this file exactly, or fails.
    """
    return _read(info, indices, size, "cpu", "torchcodec")


def read_with_torchcodec_cuda(info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Reads frames of a scanned file with torchcodec on the first CUDA GPU (NVDEC), which converts and scales them too.

    The GPU converts colours in its own way: the pixels are not those of the CPU. It cannot be used in a loader's process.

    Args:
        info: What the scan found.
        indices: Frames to read, (T,) ascending without repeats, each below `info.num_frames`.
        size: Height and width in pixels, as displayed, of the result; None is the video's own size.

    Returns:
        (T, H, W, 3) uint8 RGB, 0..255, turned for display.

    Raises:
        DecodeError: torchcodec is not installed, there is no CUDA GPU, it would not read this file exactly, or fails.
    """
    if not _has_cuda():
        raise DecodeError(info.path, "open", "torchcodec_cuda", "torch finds no CUDA GPU; use reader auto or torchcodec")
    return _read(info, indices, size, "cuda", "torchcodec_cuda")


def _read(
    info: VideoInfo, indices: NDArray[np.int64], size: tuple[int, int] | None, device: str, reader: str
) -> NDArray[np.uint8]:
    doubt = _doubt(info)
    if doubt:
        raise DecodeError(info.path, "check", reader, f"torchcodec reads it wrongly ({doubt}); use reader auto or pyav")
    try:
        torchcodec = _import_torchcodec()
    except (ImportError, OSError, RuntimeError) as error:
        cause = f"torchcodec cannot be imported ({_first_line(error)}); use reader auto or pyav"
        raise DecodeError(info.path, "open", reader, cause) from error
    stage = "open"
    try:
        errors = count_torchcodec_errors(torchcodec)
        decoder = torchcodec.decoders.VideoDecoder(
            str(info.path),
            dimension_order="NHWC",
            num_ffmpeg_threads=1,
            device=device,
            seek_mode="exact",
            transforms=[] if size is None else [torchcodec.transforms.Resize(size)],
        )
        if len(decoder) != info.num_frames:
            raise ValueError(f"torchcodec counts {len(decoder)} frames, the scan counted {info.num_frames}")
        pixel_format = decoder.metadata.pixel_format
        if pixel_format is not None and pixel_format not in DECORD_PIXEL_FORMATS:
            raise DecodeError(info.path, "check", reader, f"pixel format {pixel_format}; use reader auto or pyav")
        stage = "decode"
        # Opening decodes frames to learn of them, and these need not be wanted.
        errors_before = errors.value
        frames: NDArray[np.uint8] = decoder.get_frames_at(indices.tolist()).data.cpu().numpy()
        if errors.value > errors_before:
            raise ValueError("damage, which torchcodec hides")
    except DecodeError:
        raise
    except Exception as error:
        # Its messages start with function, file and line of its sources.
        cause = re.sub(r"^\w+, \S+:\d+, ", "", _first_line(error))
        raise DecodeError(info.path, stage, reader, f"{cause}; the file may be damaged, try ffmpeg -i x out.mp4") from error
    return frames


def _doubt(info: VideoInfo) -> str:
    """Returns why torchcodec cannot be trusted with a file; empty where it can."""
    if info.container not in _CONTAINERS:
        return f"container {info.container}"
    return "" if info.marks_exact else "it trusts marks of keyframes at which decoding cannot start exactly"


def _import_torchcodec() -> Any:
    import torchcodec
    import torchcodec.decoders
    import torchcodec.transforms

    return torchcodec


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
