"""Options of `videoseq.extract`."""

from dataclasses import dataclass, field
from typing import Literal

from videoseq.errors import ConfigError
from videoseq.types import Limits


@dataclass(frozen=True)
class ExtractConfig:
    """Everything that `videoseq.extract` accepts.

    Attributes:
        what: `frames`: images of single frames.
        input: A video file, a folder searched for videos, or a glob pattern.
        output: Folder of the images: `<output>/<path below the input without suffix>/frame_000120.png` is frame 120 of the
            video, counted from 0. `frames.csv` lists all, `bad_videos.csv` the videos that could not be read.
        num_frames: Frames of every video, spread evenly over it; a shorter video gives each of its frames once.
        fps: Frames per second by the timestamps; a slower video gives each of its frames once.
        indices: Indices of the frames, counted from 0; every video must have them all.
        format: `png`, without loss, or `jpg`.
        quality: Quality of JPEG, 1 to 100.
        short_side: Pixels of the shorter side, the shape kept; null keeps the video's own size.
        overwrite: Whether the output may hold something already; frames of the same videos in it are replaced.
        limits: What one file may ask of the machine.
    """

    what: Literal["frames"] = field(metadata={"example": "frames"})
    input: str = field(metadata={"example": "video.mp4"})
    output: str = field(metadata={"example": "frames"})
    num_frames: int | None = None
    fps: float | None = None
    indices: tuple[int, ...] | None = None
    format: Literal["png", "jpg"] = "png"
    quality: int = 95
    short_side: int | None = None
    overwrite: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        given = [name for name in ("num_frames", "fps", "indices") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ConfigError(
                f"{' and '.join(given)} each say which frames are taken: give one of them, or none for every frame"
            )
        for name in ("num_frames", "short_side"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} must be at least 1 or null, got {value}")
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise ConfigError(f"fps must be positive or null, got {self.fps}")
        if self.indices is not None and (not self.indices or min(self.indices) < 0):
            raise ConfigError(f"indices must be one or more, counted from 0, such as [0,120], got {list(self.indices)}")
        if not 1 <= self.quality <= 100:
            raise ConfigError(f"quality must lie in [1, 100], got {self.quality}")
        if self.quality != ExtractConfig.quality and self.format == "png":
            raise ConfigError(
                f"quality={self.quality} has no effect on PNG, which loses nothing: leave it out or use format=jpg"
            )
