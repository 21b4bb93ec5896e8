"""Options of tasks and their losses; free of torch so that a configuration is checked before it is imported."""

from dataclasses import dataclass, field
from math import inf
from typing import Literal

from videoseq.errors import ConfigError
from videoseq.types import TaskSpec


@dataclass(frozen=True)
class LossOptions:
    """What every loss on logits can be told.

    Attributes:
        name: `cross_entropy` or `focal`.
        label_smoothing: Share of the target's probability that is spread over all classes, in [0, 1).
        class_weights: `none`; `auto`: every class weighs num_videos / (num_classes * its videos in the training split), a
            class without any as if it had one; where frames have classes, labelled seconds count in place of videos; or a
            list of a positive number per class, in the order of the class ids: that of the names as text, but 2 before 10
            where all names are whole numbers.
        logit_adjustment: tau, from 0 (off); in training, tau * log(share of the training videos, or of the labelled seconds)
            is added to the logit of every class, so that rare classes must win by more (Menon et al. 2021, eq. 10).
            `train/loss` is of these logits; validation and predictions use the plain ones.
    """

    name: str = "cross_entropy"
    label_smoothing: float = 0.0
    class_weights: Literal["none", "auto"] | tuple[float, ...] = "none"
    logit_adjustment: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"label_smoothing must lie in [0, 1), got {self.label_smoothing}")
        if not isinstance(self.class_weights, str) and not all(0 < weight < inf for weight in self.class_weights):
            raise ConfigError(f"class_weights must be positive, one per class, got {list(self.class_weights)}")
        if not 0 <= self.logit_adjustment < inf:
            raise ConfigError(f"logit_adjustment must be 0 (off) or positive, got {self.logit_adjustment}")

    @property
    def corrections(self) -> dict[str, bool]:
        """Each option that makes up for classes of different size, and whether it is given."""
        return {
            "task.loss.class_weights=auto": self.class_weights == "auto",
            f"task.loss.logit_adjustment={self.logit_adjustment}": self.logit_adjustment > 0,
        }


@dataclass(frozen=True)
class CrossEntropyOptions(LossOptions):
    """Cross-entropy."""


@dataclass(frozen=True)
class FocalOptions(LossOptions):
    """Focal loss: what is recognised already counts less (Lin et al. 2017, eq. 4, with a softmax).

    Attributes:
        gamma: Power of (1 - probability) by which the cross-entropy is multiplied; 0 is cross-entropy itself.
    """

    name: str = "focal"
    gamma: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.gamma < inf:
            raise ConfigError(f"gamma must be 0 or positive, got {self.gamma}")


@dataclass(frozen=True)
class BinaryCrossEntropyOptions:
    """Binary cross-entropy of every class against its absence.

    Attributes:
        name: `bce`.
        pos_weight: What the presence of a class weighs against its absence: `none`: as much; `auto`: videos without it / videos
            with it, in the training split, so that rare classes are not forgotten.
        label_smoothing: Share by which targets are drawn from 0 and 1 towards 0.5, in [0, 1).
    """

    name: str = "bce"
    pos_weight: Literal["none", "auto"] = "none"
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"label_smoothing must lie in [0, 1), got {self.label_smoothing}")

    @property
    def corrections(self) -> dict[str, bool]:
        """Each option that makes up for classes of different size, and whether it is given."""
        return {"task.loss.pos_weight=auto": self.pos_weight == "auto"}


@dataclass(frozen=True)
class ValueLossOptions:
    """A loss of standardised values.

    Attributes:
        name: `mse`: squared error; `mae`: absolute error; `huber`: squared below `delta`, absolute above.
    """

    name: str = "mse"

    @property
    def corrections(self) -> dict[str, bool]:
        """None: there are no classes."""
        return {}


@dataclass(frozen=True)
class HuberOptions(ValueLossOptions):
    """Huber's loss.

    Attributes:
        delta: Error, in standard deviations of the training values, above which it grows linearly.
    """

    name: str = "huber"
    delta: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.delta < inf:
            raise ConfigError(f"delta must be positive, got {self.delta}")


CLASS_LOSSES: dict[str, type[LossOptions]] = {"cross_entropy": CrossEntropyOptions, "focal": FocalOptions}
MULTILABEL_LOSSES = {"bce": BinaryCrossEntropyOptions}
VALUE_LOSSES: dict[str, type[ValueLossOptions]] = {"mse": ValueLossOptions, "mae": ValueLossOptions, "huber": HuberOptions}


@dataclass(frozen=True)
class ClassificationOptions:
    """One class of a video.

    Attributes:
        name: Name of the task.
        loss: The loss, chosen by its name.
    """

    name: str = "classification"
    loss: LossOptions = field(default_factory=CrossEntropyOptions, metadata={"family": CLASS_LOSSES.get, "names": CLASS_LOSSES})

    @property
    def spec(self) -> TaskSpec:
        """What data and model are told of the task."""
        return TaskSpec()


@dataclass(frozen=True)
class MultilabelOptions:
    """Which classes occur in a video: none, one or several.

    Attributes:
        name: Name of the task.
        loss: The loss, chosen by its name.
    """

    name: str = "multilabel"
    loss: BinaryCrossEntropyOptions = field(
        default_factory=BinaryCrossEntropyOptions, metadata={"family": MULTILABEL_LOSSES.get, "names": MULTILABEL_LOSSES}
    )

    @property
    def spec(self) -> TaskSpec:
        """What data and model are told of the task."""
        return TaskSpec("multilabel")


@dataclass(frozen=True)
class FramesOptions:
    """One class of every frame.

    Attributes:
        name: Name of the task.
        background: Name of the class of the frames that no segment names; null: they have no label and count nowhere.
        loss: The loss of every labelled frame, chosen by its name.
    """

    name: str = "frames"
    background: str | None = None
    loss: LossOptions = field(default_factory=CrossEntropyOptions, metadata={"family": CLASS_LOSSES.get, "names": CLASS_LOSSES})

    @property
    def spec(self) -> TaskSpec:
        """What data and model are told of the task."""
        return TaskSpec("frames", per_frame=True, background=self.background)


@dataclass(frozen=True)
class RegressionOptions:
    """A value of a video, or of every frame.

    Attributes:
        name: Name of the task.
        per_frame: Whether every frame has a value.
        loss: The loss of the values, standardised by mean and standard deviation of the training split, chosen by its name.
    """

    name: str = "regression"
    per_frame: bool = False
    loss: ValueLossOptions = field(
        default_factory=ValueLossOptions, metadata={"family": VALUE_LOSSES.get, "names": VALUE_LOSSES}
    )

    @property
    def spec(self) -> TaskSpec:
        """What data and model are told of the task; mean and deviation come from the data."""
        return TaskSpec("regression", per_frame=self.per_frame)


TaskOptions = ClassificationOptions | MultilabelOptions | FramesOptions | RegressionOptions
TASKS: dict[str, type[TaskOptions]] = {
    "classification": ClassificationOptions,
    "multilabel": MultilabelOptions,
    "frames": FramesOptions,
    "regression": RegressionOptions,
}
