"""Value objects that the rooms hand to each other, each validated at birth."""

import re
from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from videoseq.errors import ConfigError, suggest

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

TaskName = Literal["classification", "multilabel", "frames", "regression"]

IGNORED = -100
"""The class id of a frame that has no label, and of padding: it counts in no loss and no metric. For values that is NaN."""

LESS_IS_BETTER = frozenset({"loss", "mae", "rmse", "ece"})
"""Metrics of which less is better; more of all others."""

_MONITORS: dict[str, tuple[str, ...]] = {
    "classification": ("accuracy", "f1_macro", "loss"),
    "multilabel": ("map", "f1_macro", "f1_micro", "loss"),
    "frames": ("accuracy", "f1_macro", "loss"),
    "regression": ("r2", "mae", "rmse", "loss"),
}


@dataclass(frozen=True)
class TaskSpec:
    """What a model says about a video: what its checkpoint stores of the task.

    Attributes:
        name: `classification`: one class of a video. `multilabel`: which classes occur in it. `frames`: one class of each of
            its frames. `regression`: a value of it, or of each of its frames.
        per_frame: Whether the answer is one for each frame.
        background: The class of the frames that no segment names; None: they have no label and are ignored.
        mean: Of the values that a regression was trained on; the model answers with `mean + std * output`.
        std: Likewise, positive.
    """

    name: TaskName = "classification"
    per_frame: bool = False
    background: str | None = None
    mean: float = 0.0
    std: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in _MONITORS:
            raise ConfigError(f"there is no task {self.name!r}; {suggest(self.name, _MONITORS)}")
        if self.per_frame != (self.name == "frames") and self.name != "regression":
            raise ConfigError(f"a {self.name} task has {'an answer' if self.per_frame else 'no answer'} for each frame")
        if self.background is not None and self.name != "frames":
            raise ConfigError(f"background is for task.name=frames, got task.name={self.name}")
        if self.background is not None and (not self.background.strip() or "|" in self.background):
            raise ConfigError(
                f"task.background must be a class name without '|', got {self.background!r}. Fix: name it, or leave it out: then "
                "frames that no segment names have no label"
            )
        if not 0 < self.std < float("inf"):
            raise ConfigError(f"std must be positive, got {self.std}")

    @property
    def has_classes(self) -> bool:
        """Whether the outputs are classes; else they are values."""
        return self.name != "regression"

    @property
    def monitors(self) -> tuple[str, ...]:
        """The validation figures by which checkpoints can be ranked."""
        return _MONITORS[self.name]

    @property
    def headline(self) -> str:
        """The metric that says most about the task: that of the monitors by which checkpoints are ranked if nothing is said."""
        return self.monitors[0]


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


@dataclass(frozen=True)
class ClipSpec:
    """How a clip is cut from a video and which size it has.

    Attributes:
        num_frames: T, frames of a clip; 1 makes a single-frame classifier. Not used by `sampling=all`.
        frame_stride: Step between the frames of a clip, in source frames (in frames of `target_fps` where that is set);
            only `random_clip` and `all` take one other than 1.
        target_fps: Frames per second to which every video is resampled by its timestamps before sampling.
        height: H, pixels.
        width: W, pixels.
        crop_fraction: Share of the resized frame that the crop keeps, in (0, 1]; 0.875 resizes to 128 for a 112 crop.
        sampling: `uniform`: T frames spread over the whole video, the middle of T equal segments. `segments`: one frame
            from each of T equal segments, drawn at random in training. `random_clip`: T frames `frame_stride` apart,
            the start drawn at random in training. `all`: every `frame_stride`-th frame, at most `max_frames`.
        padding: What a video with too few frames is extended by: `loop` or `repeat_last` (real input), `mask` (invalid
            frames that are never encoded); refused with `training.tbptt_frames`, which extends none.
        max_frames: The most frames that `sampling=all` returns; refused with `training.tbptt_frames`, which takes all.
    """

    num_frames: int = 16
    frame_stride: int = 1
    target_fps: float | None = None
    height: int = 112
    width: int = 112
    crop_fraction: float = 0.875
    sampling: Literal["uniform", "segments", "random_clip", "all"] = "uniform"
    padding: Literal["loop", "repeat_last", "mask"] = "repeat_last"
    max_frames: int = 256

    def __post_init__(self) -> None:
        for name in ("num_frames", "frame_stride", "height", "width", "max_frames"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.target_fps is not None and self.target_fps <= 0:
            raise ConfigError(f"target_fps must be positive or null, got {self.target_fps}")
        if not 0 < self.crop_fraction <= 1:
            raise ConfigError(f"crop_fraction must lie in (0, 1], got {self.crop_fraction}")
        if self.frame_stride != 1 and self.sampling in ("uniform", "segments"):
            raise ConfigError(
                f"clip.frame_stride={self.frame_stride} has no effect with clip.sampling={self.sampling}, which spreads the "
                "frames over the whole video: clip.sampling=random_clip and clip.sampling=all use it"
            )

    def check_task(self, task: TaskSpec) -> None:
        """Refuses clips that show frames further apart than those of the whole videos that are measured.

        Raises:
            ConfigError: Every frame is to have an answer, and clips are spread over the whole video.
        """
        if task.per_frame and self.sampling in ("uniform", "segments"):
            raise ConfigError(
                f"clip.sampling={self.sampling} spreads the frames of a clip over the whole video, but a model with an answer for "
                "each frame is measured on frames that follow one another, and must be trained on such. Fix: clip.sampling=all "
                "or clip.sampling=random_clip"
            )

    @property
    def varies_in_length(self) -> bool:
        """Whether the clips of different videos may have different numbers of valid frames."""
        return self.sampling == "all" or self.padding == "mask"

    @property
    def most_frames(self) -> int:
        """The most frames that a clip has."""
        return self.max_frames if self.sampling == "all" else self.num_frames

    @property
    def clip_span(self) -> int:
        """Source frames from the first to the last frame of a clip, both included."""
        return self.frame_stride * (self.num_frames - 1) + 1


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
        """Seconds from the first frame to the end of the last one."""
        if self.num_frames == 0:
            return 0.0
        return float(self.frame_seconds[-1]) + (1 / self.fps if self.fps else 0.0)


def plain_dict(value: Any) -> dict[str, Any]:
    """Returns the fields of a dataclass as a dict of plain values, nested dataclasses included."""
    result: dict[str, Any] = {}
    for item in fields(value):
        content = getattr(value, item.name)
        result[item.name] = plain_dict(content) if hasattr(content, "__dataclass_fields__") else content
    return result


def derive_seed(*parts: int) -> int:
    """Returns a seed in [0, 2**63) that is a pure function of non-negative numbers, such as (seed, epoch, position)."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))
