"""What is learned, and how that is said about single frames."""

from dataclasses import dataclass
from typing import Literal

from videoseq.errors import ConfigError, suggest

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
                f"task.background must be a class name without '|', got {self.background!r}. Fix: name it, or leave it out: "
                "then frames that no segment names have no label"
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
