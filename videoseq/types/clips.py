"""How clips are cut."""

from dataclasses import dataclass
from typing import Literal

from videoseq.errors import ConfigError
from videoseq.types.tasks import TaskSpec


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
                f"clip.sampling={self.sampling} spreads the frames of a clip over the whole video, but a model with an answer "
                "for each frame is measured on frames that follow one another, and must be trained on such. Fix: "
                "clip.sampling=all or clip.sampling=random_clip"
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
