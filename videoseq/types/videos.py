"""Videos, as the annotations and the scan know them."""

import re
from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from videoseq.errors import ConfigError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True)
class Limits:
    """How much one video may ask of the machine before it is refused.

    Attributes:
        max_pixels: Pixels of one frame.
        max_frames: Frames of one video.
        max_bytes: Bytes of one file, or of all images of one folder of frames.
        max_seconds: Wall-clock seconds that the scan of one file may take before it is killed.
    """

    max_pixels: int = 4096 * 2304
    max_frames: int = 1_000_000
    max_bytes: int = 64 * 1024**3
    max_seconds: float = 60.0

    def __post_init__(self) -> None:
        for item in fields(self):
            if getattr(self, item.name) <= 0:
                raise ConfigError(f"{item.name} must be positive, got {getattr(self, item.name)}")


IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm"})
"""What the name of a frame's image ends with, in lower case."""


@dataclass(frozen=True)
class FrameFolder:
    """How a video lies in a folder, one image for each frame.

    Attributes:
        pattern: Name of an image with `%d` or `%06d` in the place of its number, such as `frame_%06d.jpg`.
        fps: Images shown per second.
    """

    pattern: str
    fps: float

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^%/\\\0]*%(0\d)?d[^%/\\\0]*", self.pattern):
            raise ConfigError(
                f"pattern must be a file name with one %d or %06d in the place of the number, such as frame_%06d.jpg, "
                f"got {self.pattern!r}"
            )
        if Path(self.pattern).suffix.lower() not in IMAGE_SUFFIXES:
            raise ConfigError(f"pattern must end in one of {', '.join(sorted(IMAGE_SUFFIXES))}, got {self.pattern!r}")
        if not 0 < self.fps < float("inf"):
            raise ConfigError(f"fps must be positive, got {self.fps}")


@dataclass(frozen=True)
class VideoRecord:
    """One labelled video, or a part of one, as the annotations name it.

    Attributes:
        path: The file, or the folder of its frames, absolute.
        label: The class name; of several classes their names with `|` in between, sorted, as are those that occur in a video
            with labels of frames; a value as text.
        split: The split that the annotations give, if they give one.
        group: The source that it shares with others (recording, person, scene), if the annotations name one.
        start_seconds: Where the labelled part starts; None is the start of the video.
        end_seconds: Where it ends (half-open); None is the end of the video.
        row: Where the record was read, for messages: `annotations.csv row 7` or the path below the root.
        frames: How the frames lie in the folder; None where the path is a file.
        is_official: Whether the split is the one that the authors of the data set publish results on: it is taken as it is,
            even where it shows a group on two sides.
    """

    path: Path
    label: str
    split: Split | None = None
    group: str | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None
    row: str = ""
    frames: FrameFolder | None = None
    is_official: bool = False


LONE_FRAME_SECONDS = 0.04
"""How long the frame of a video of one frame is taken to last: no other tells."""


@dataclass(frozen=True, eq=False)
class VideoInfo:
    """What the scan found out about one video: a row of the manifest.

    Frame i is the i-th in presentation order of the frames that a sequential decoder shows. In a folder of frames it is
    the i-th image by its number, and the number is the frame's pts.

    Attributes:
        path: The file, or the folder of the frames, absolute.
        size_bytes: Size when scanned; of a folder that of its images together.
        fingerprint: What changes with the video: of a file its modification time in nanoseconds when scanned, of a folder a
            digest of its images' names, sizes and times.
        container: Name of the demuxer, recognised by the first bytes, such as `mp4`; `folder` for a folder of frames.
        codec: Name of the codec, such as `h264`.
        width: Pixels, as displayed (after rotation).
        height: Pixels, as displayed (after rotation).
        rotation: Degrees counter-clockwise by which the decoded frame must be turned for display: 0, 90, 180, 270.
        num_frames: Frames counted, never taken from the container's header.
        time_base: Seconds per unit of a pts.
        first_pts: Presentation time of frame 0, in units of `time_base`.
        pts_step: Distance of two frames where it is constant; 0 where it is not.
        irregular_pts: Every frame's pts, (num_frames,) int64, where the distance is not constant; else None.
        keyframes: Indices of the frames that decoding can start at exactly, (k,) int64, ascending; none for a folder,
            of which every frame stands alone.
        can_skip: Whether some frames need not be decoded where they are not wanted, since no other frame refers to them, and
            leaving them out is known to be exact.
        marks_exact: Whether decoding can start exactly at every keyframe that the container marks, as readers take for granted.
        content_hash: Hash of the video packets or of the images, equal for copies of the same content.
        shown_as: Digest of what the file says about its pixels besides the packets: the header of the codec, size, pixel
            format and colours; empty for a folder, whose images say it themselves.
        decord_safe: Whether decord returns exactly these frames.
        unsafe_reason: Why it does not; empty where it does.
        frame_pattern: Name of an image with a place for its number, where the video is a folder; empty for a file.
        error: Why the video cannot be used at all; None where it can.
    """

    path: Path
    size_bytes: int = 0
    fingerprint: int = 0
    container: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    rotation: int = 0
    num_frames: int = 0
    time_base: Fraction = Fraction(1)
    first_pts: int = 0
    pts_step: int = 0
    irregular_pts: NDArray[np.int64] | None = None
    keyframes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    can_skip: bool = False
    marks_exact: bool = False
    content_hash: str = ""
    shown_as: str = ""
    decord_safe: bool = False
    unsafe_reason: str = ""
    frame_pattern: str = ""
    error: str | None = None

    @property
    def pts(self) -> NDArray[np.int64]:
        """Presentation time of every frame in units of `time_base`, (num_frames,) int64, ascending."""
        if self.irregular_pts is not None:
            return self.irregular_pts
        return self.first_pts + self.pts_step * np.arange(self.num_frames, dtype=np.int64)

    @property
    def frame_seconds(self) -> NDArray[np.float64]:
        """Time at which every frame is shown, (num_frames,) float64 seconds, the first frame at 0."""
        seconds: NDArray[np.float64] = (self.pts - self.first_pts) * np.float64(self.time_base)
        return seconds

    @property
    def fps(self) -> float:
        """Mean frames per second; 0 for a video of one frame."""
        seconds = self.frame_seconds
        return (self.num_frames - 1) / float(seconds[-1]) if self.num_frames > 1 and seconds[-1] > 0 else 0.0

    @property
    def duration_seconds(self) -> float:
        """Seconds from the first frame to the end of the last one; of one frame, beside which there is no other,
        `LONE_FRAME_SECONDS`."""
        if self.num_frames == 0:
            return 0.0
        return float(self.frame_seconds[-1]) + (1 / self.fps if self.fps else LONE_FRAME_SECONDS)
