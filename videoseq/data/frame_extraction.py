"""Single frames of videos as image files."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videoseq.data.decoding import stream_frames
from videoseq.data.sampling import available_frames, sample_clip
from videoseq.errors import DataError
from videoseq.types import ClipSpec, Limits, VideoInfo

_FRAME_NAME = re.compile(r"frame_\d{6,}\.(png|jpg)")


@dataclass(frozen=True)
class FrameChoice:
    """Which frames of a video are taken: by one of these, or all of them.

    Attributes:
        num_frames: How many, spread over the video as a `uniform` clip is; a shorter video gives each of its frames once.
        fps: Frames per second by the video's timestamps; a slower video gives each of its frames once.
        indices: These, counted from 0.
    """

    num_frames: int | None = None
    fps: float | None = None
    indices: Sequence[int] | None = None


@dataclass(frozen=True)
class ImageFormat:
    """How a frame becomes a file.

    Attributes:
        suffix: `png`, without loss, or `jpg`.
        quality: Of JPEG, 1 to 100.
        short_side: Pixels of the shorter side, the shape kept; None keeps the video's own size.
    """

    suffix: Literal["png", "jpg"] = "png"
    quality: int = 95
    short_side: int | None = None

    def size(self, info: VideoInfo) -> tuple[int, int] | None:
        """Returns height and width of a video's images; None for its own."""
        if self.short_side is None:
            return None
        scale = self.short_side / min(info.height, info.width)
        return max(1, round(info.height * scale)), max(1, round(info.width * scale))


def check_frame(info: VideoInfo, frame: int) -> None:
    """Refuses the index of a frame that a video does not have.

    Raises:
        DataError: There is no such frame.
    """
    if not 0 <= frame < info.num_frames:
        raise DataError(
            f"{str(info.path)!r} has {info.num_frames} frames, 0 to {info.num_frames - 1}: there is no frame {frame}"
        )


def choose_frames(info: VideoInfo, choice: FrameChoice) -> NDArray[np.int64]:
    """Returns the indices of the frames that are taken of a video, (n,) ascending without repeats.

    Raises:
        DataError: A frame was asked for that the video does not have.
    """
    if choice.indices is not None:
        for frame in choice.indices:
            check_frame(info, frame)
        return np.unique(np.array(choice.indices, np.int64))
    if choice.num_frames is not None:
        return sample_clip(info.num_frames, ClipSpec(num_frames=choice.num_frames, padding="mask"), rng=None)
    return np.unique(available_frames(info, start_seconds=None, end_seconds=None, target_fps=choice.fps))


def frame_name(index: int, image: ImageFormat) -> str:
    """Returns the name of the file of a source frame."""
    return f"frame_{index:06d}.{image.suffix}"


def output_folders(paths: Sequence[Path], root: Path) -> dict[Path, Path]:
    """Returns the relative folder for the frames of every video: its path below the root without its suffix.

    A video keeps its suffix where another would have the same folder, such as `a.mp4` and `a.avi`, or one inside it, such as
    `a.mp4` and `a/b.mp4`: a folder of frames that holds other folders cannot be read as a video.

    Args:
        paths: Absolute paths of different files below the root.
        root: Absolute path of a folder.
    """
    whole = {path: path.relative_to(root) for path in paths}
    folders = {path: relative.with_suffix("") for path, relative in whole.items()}
    while True:
        # A whole name can be what another video's name is without its suffix, hence not once but until nothing changes.
        counts = Counter(folders.values())
        above = {parent for folder in folders.values() for parent in folder.parents}
        kept = {path: whole[path] if counts[folder] > 1 or folder in above else folder for path, folder in folders.items()}
        if kept == folders:
            return folders
        folders = kept


def write_frames(
    info: VideoInfo,
    indices: NDArray[np.int64],
    output: Path,
    folder: Path,
    image: ImageFormat,
    limits: Limits,
    on_frame: Callable[[], None] = lambda: None,
) -> None:
    """Writes frames of a video into a folder, all of them or none; frames that an earlier extraction left there are replaced.

    Args:
        info: What the scan found.
        indices: Source frames, (n,) ascending without repeats.
        output: The folder of all images, which is there.
        folder: The video's own one below it, relative, which is made.
        image: How a frame becomes a file.
        limits: What the video may ask for.
        on_frame: Called after every frame.

    Raises:
        DecodeError: A frame cannot be read exactly.
    """
    with TemporaryDirectory(prefix=".extracting-", dir=output) as name:
        unfinished = Path(name)
        frames = stream_frames(info, indices, size=image.size(info), limits=limits)
        for index, pixels in zip(indices.tolist(), frames, strict=True):
            # PNG at level 3 is 8 % larger than at the usual 6, and written in a third of the time.
            picture = Image.fromarray(np.ascontiguousarray(pixels))
            picture.save(unfinished / frame_name(index, image), quality=image.quality, compress_level=3)
            on_frame()
        place = output / folder
        place.mkdir(parents=True, exist_ok=True)
        for old in place.iterdir():
            if _FRAME_NAME.fullmatch(old.name):
                old.unlink()
        for new in unfinished.iterdir():
            new.replace(place / new.name)
