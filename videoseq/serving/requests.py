"""Which rows of predictions are asked for."""

from dataclasses import dataclass

from videoseq.errors import ConfigError
from videoseq.types import TaskSpec


@dataclass(frozen=True)
class RowRequest:
    """Which rows are asked for.

    Attributes:
        top_k: How many classes a row names; None is five.
        windows: Whether a video gets a row per window.
        window_seconds: Length of a window; None is what the model was trained on.
        window_step_seconds: Step from window to window; None is half a window.
        frames: Indices of frames that each get a row; None for whole videos or windows.
        num_clips: Clips of a video, window or frame over whose probabilities is averaged.
        num_crops: Crops of a clip, likewise.
        min_seconds: Length that a segment has at least.
        step_seconds: Time from value to value of a video; None is every frame.
        attention: Whether a row tells how much each frame of the clip counts.
    """

    top_k: int | None = None
    windows: bool = False
    window_seconds: float | None = None
    window_step_seconds: float | None = None
    frames: tuple[int, ...] | None = None
    num_clips: int = 1
    num_crops: int = 1
    min_seconds: float = 0.0
    step_seconds: float | None = None
    attention: bool = False

    def check(self, task: TaskSpec) -> None:
        """Refuses what has no effect on the rows of a task.

        Raises:
            ConfigError: Something has none.
        """
        views = {"num_clips": self.num_clips > 1, "num_crops": self.num_crops > 1}
        for name, given in {"windows": self.windows, **views, "attention": self.attention}.items():
            if given and task.per_frame:
                raise ConfigError(
                    f"{name} is for a model with one answer for a video, but this one answers for every frame of whole videos. "
                    f"Fix: leave {name} out"
                )
        names_one = task.name == "classification" or (task.name == "frames" and self.frames is not None)
        if self.top_k is not None and not names_one:
            raise ConfigError(
                "top_k is for rows that name the likeliest of classes, one of which a video or a frame has, but these are "
                f"{'segments' if task.name == 'frames' else f'rows of a {task.name} model'}. Fix: leave top_k out"
            )
        if self.window_seconds is not None and (task.per_frame or (not self.windows and self.frames is None)):
            why = "this model answers for every frame of whole videos" if task.per_frame else "neither is asked for"
            fix = "" if task.per_frame else ", or add windows=true"
            raise ConfigError(
                f"window_seconds is the length of windows, or of the clips around frames=[…], but {why}. Fix: leave "
                f"window_seconds out{fix}"
            )
        if self.window_step_seconds is not None and not self.windows:
            raise ConfigError(
                "window_step_seconds is the step from window to window, but no windows are asked for. Fix: leave "
                f"window_step_seconds out{'' if task.per_frame else ', or add windows=true'}"
            )
        if self.attention and any(views.values()):
            raise ConfigError("attention is that to one view of a video. Fix: leave num_clips and num_crops out, or attention")
        if self.min_seconds and (task.name != "frames" or self.frames is not None):
            raise ConfigError(
                f"min_seconds is for segments, the rows of a model of frames, but this is a {task.name} model"
                f"{' asked for single frames' if task.name == 'frames' else ''}. Fix: leave min_seconds out"
            )
        if self.step_seconds is not None and (task.name != "regression" or not task.per_frame):
            raise ConfigError("step_seconds is for a model with a value for every frame. Fix: leave step_seconds out")
        if self.step_seconds is not None and self.frames is not None:
            raise ConfigError("step_seconds and frames each say which frames have a row. Fix: leave one of them out")
