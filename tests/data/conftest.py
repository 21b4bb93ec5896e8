"""Encoded videos whose every frame is known, and the golden decode that every reader must agree with."""

import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.data.layouts import make
from videoseq.data.writing import write_video

Frames = NDArray[np.uint8]


def numbered_frames(count: int, height: int = 48, width: int = 64) -> Iterator[Frames]:
    """Yields frames that carry their number as 6 black or white columns, above noise that gets brighter."""
    noise = np.random.default_rng(0).integers(0, 40, (height, width, 3)).astype(np.uint8)
    for number in range(count):
        image = noise + np.uint8(20 + 3 * number % 160)
        for bit in range(6):
            columns = slice(bit * width // 6, (bit + 1) * width // 6)
            image[: height // 2, columns] = 235 if number >> bit & 1 else 16
        yield image


def golden_frames(path: Path) -> Frames:
    """Returns every frame of a file as a sequential decode on one thread shows it, turned for display."""
    frames = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for frame in container.decode(stream):
            frames.append(np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90))
    return np.stack(frames)  # (T, H, W, 3)


def write_rotated(path: Path, degrees: float, *, mirrored: bool = False) -> None:
    """Writes a video whose container says that it is to be turned (and mirrored) for display."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "8", "x264-params": "open-gop=0:scenecut=0"})
        stream.pix_fmt, stream.height, stream.width, stream.thread_type = "yuv420p", 48, 64, "NONE"
        stream.set_display_rotation(degrees, hflip=mirrored)
        for number, image in enumerate(numbered_frames(20)):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


X264 = {"g": "12", "bf": "2", "x264-params": "open-gop=0:scenecut=0"}
X265 = {"x265-params": "log-level=none:keyint=12:open-gop=0:scenecut=0:pools=none:frame-threads=1"}
ENCODED: dict[str, Callable[[Path], None]] = {
    "h264.mp4": lambda path: write_video(path, numbered_frames(40), options=X264),
    "h264.mkv": lambda path: write_video(path, numbered_frames(40), options=X264),
    "h264.ts": lambda path: write_video(path, numbered_frames(40), options=X264),
    "h264_b.avi": lambda path: write_video(path, numbered_frames(40), options=X264),
    "h264_open_gop.mp4": lambda path: write_video(
        path, numbered_frames(40), options={"g": "12", "bf": "3", "x264-params": "open-gop=1:scenecut=0"}
    ),
    "h264_intra_refresh.mp4": lambda path: write_video(
        path, numbered_frames(40), options={"g": "12", "bf": "0", "x264-params": "intra-refresh=1:scenecut=0"}
    ),
    "h264_long_gop.mp4": lambda path: write_video(
        path, numbered_frames(60), options={"g": "250", "bf": "3", "x264-params": "scenecut=0"}
    ),
    "h264_10bit.mp4": lambda path: write_video(path, numbered_frames(20), pixel_format="yuv420p10le"),
    "h264_odd.mp4": lambda path: write_video(path, numbered_frames(20, 49, 65), pixel_format="yuv444p"),
    "hevc.mp4": lambda path: write_video(path, numbered_frames(40), codec="libx265", options=X265),
    "vp9.webm": lambda path: write_video(
        path, numbered_frames(40), codec="libvpx-vp9", options={"g": "12", "cpu-used": "8", "deadline": "realtime"}
    ),
    "mpeg4.avi": lambda path: write_video(path, numbered_frames(40), codec="mpeg4", options={"g": "12"}),
    "mpeg4.mp4": lambda path: write_video(path, numbered_frames(40), codec="mpeg4", options={"g": "12"}),
    "mpeg4_b.mp4": lambda path: write_video(path, numbered_frames(40), codec="mpeg4", options={"g": "12", "bf": "2"}),
    "av1.mp4": lambda path: write_video(path, numbered_frames(20), codec="libsvtav1", options={"preset": "12"}),
    "variable.mp4": lambda path: write_video(
        path, numbered_frames(30), options=X264, pts=[40 * k + 15 * (k % 3) for k in range(30)]
    ),
    "rotated90.mp4": lambda path: write_rotated(path, 90),
    "rotated180.mp4": lambda path: write_rotated(path, 180),
    "rotated270.mp4": lambda path: write_rotated(path, 270),
    "rotated90.mkv": lambda path: write_rotated(path, 90),
}


@pytest.fixture(scope="session")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Frames]]:
    """Gives the path and the golden frames of one of `ENCODED` by name, made once."""
    folder = tmp_path_factory.mktemp("encoded")
    made: dict[str, tuple[Path, Frames]] = {}

    def get(name: str) -> tuple[Path, Frames]:
        if name not in made:
            ENCODED[name](folder / name)
            made[name] = (folder / name, golden_frames(folder / name))
        return made[name]

    return get


@pytest.fixture(scope="session")
def golden() -> Callable[[Path], Frames]:
    """Gives the function that decodes every frame of a file sequentially on one thread."""
    return golden_frames


def damaged_packets(path: Path, target: Path, packets: Iterable[int]) -> Path:
    """Writes a copy of a file in which the contents of these packets, in decode order, are lost behind their first bytes."""
    with av.open(str(path)) as container:
        found = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    for number in packets:
        start, size = found[number]
        data[start + 6 : start + size] = b"\xff" * (size - 6)
    target.write_bytes(data)
    return target


@pytest.fixture(scope="session")
def damaged_copy() -> Callable[[Path, Path, Iterable[int]], Path]:
    """Gives the function that copies a file with damaged packets."""
    return damaged_packets


@pytest.fixture(scope="session")
def torchcodec() -> None:
    """Skips where torchcodec cannot be imported, and fails where VIDEOSEQ_PROMISED names it."""
    try:
        import torchcodec.decoders  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        message = f"torchcodec cannot be imported ({str(error).splitlines()[0]}): install the extra and a system FFmpeg"
        if "torchcodec" in os.environ.get("VIDEOSEQ_PROMISED", "").split(","):
            pytest.fail(f"{message}; VIDEOSEQ_PROMISED promises it")
        pytest.skip(message)


@pytest.fixture(scope="session")
def numbered() -> Callable[..., Iterator[Frames]]:
    """Gives the function that makes frames that carry their number."""
    return numbered_frames


@pytest.fixture(scope="session")
def rotated() -> Callable[..., None]:
    """Gives the function that writes a video with a display matrix."""
    return write_rotated


@pytest.fixture(scope="module")
def video_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real H.264 file of two frames."""
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    write_video(path, np.zeros((2, 16, 16, 3), np.uint8))
    return path.read_bytes()


@pytest.fixture
def root(tmp_path: Path, video_bytes: bytes) -> Path:
    """A folder with `a.mp4`, `b.mp4` and `sub/c.mp4`, for CSV files."""
    return make(tmp_path / "data", video_bytes, "a.mp4", "b.mp4", "sub/c.mp4")
