"""Options of training, one dataclass a subject; free of torch so that a configuration is checked before it is imported."""

from dataclasses import dataclass, field
from typing import Literal

from videoseq.errors import ConfigError


@dataclass(frozen=True)
class CrossEntropyOptions:
    """Cross-entropy on logits.

    Attributes:
        name: Name of the loss.
        label_smoothing: Share of the target's probability that is spread over all classes, in [0, 1).
        class_weights: `none`; `balanced`: every class weighs num_videos / (num_classes * its videos in the training split).
    """

    name: str = "cross_entropy"
    label_smoothing: float = 0.0
    class_weights: Literal["none", "balanced"] = "none"

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"label_smoothing must lie in [0, 1), got {self.label_smoothing}")


LOSSES: dict[str, type] = {"cross_entropy": CrossEntropyOptions}


@dataclass(frozen=True)
class ClassificationOptions:
    """One class per video.

    Attributes:
        name: Name of the task.
        loss: The loss, chosen by its name.
    """

    name: str = "classification"
    loss: CrossEntropyOptions = field(default_factory=CrossEntropyOptions, metadata={"family": LOSSES.get, "names": LOSSES})


TASKS: dict[str, type] = {"classification": ClassificationOptions}


@dataclass(frozen=True)
class SchedulerOptions:
    """How the learning rate moves over the optimiser steps of a run.

    Attributes:
        name: `cosine` falls to zero over the run after the warm-up; `constant` stays.
        warmup_fraction: Share of all steps over which the rate rises linearly from zero, in [0, 1).
    """

    name: Literal["cosine", "constant"] = "cosine"
    warmup_fraction: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.warmup_fraction < 1:
            raise ConfigError(f"warmup_fraction must lie in [0, 1), got {self.warmup_fraction}")


@dataclass(frozen=True)
class OptimizerOptions:
    """The optimiser; norms and biases never decay.

    Attributes:
        name: `adamw`, or `sgd` with Nesterov momentum 0.9.
        lr: Learning rate of the head, positive.
        weight_decay: Decay of the weights that are neither norms nor biases.
        encoder_lr_scale: Factor on `lr` for the encoder.
        scheduler: How the rate moves.
    """

    name: Literal["adamw", "sgd"] = "adamw"
    lr: float = 1e-3
    weight_decay: float = 0.01
    encoder_lr_scale: float = 1.0
    scheduler: SchedulerOptions = field(default_factory=SchedulerOptions)

    def __post_init__(self) -> None:
        if self.lr <= 0:
            raise ConfigError(f"lr must be positive, got {self.lr}")
        if self.weight_decay < 0:
            raise ConfigError(f"weight_decay must not be negative, got {self.weight_decay}")
        if self.encoder_lr_scale <= 0:
            raise ConfigError(
                f"encoder_lr_scale must be positive, got {self.encoder_lr_scale}; "
                "to keep the encoder fixed: model.encoder.freeze=all"
            )


@dataclass(frozen=True)
class TrainingOptions:
    """The course of a run.

    Attributes:
        max_epochs: Passes over the training split.
        accumulate: Batches whose gradients are summed before a step.
        clip_norm: Largest L2 norm of all gradients; null is no limit.
        early_stopping: Epochs without a better validation figure after which the run stops; null never stops early.
        monitor: The validation figure by which the best checkpoint is chosen; the loss breaks ties.
        channels_last: Whether the encoder runs in channels-last memory format.
        deterministic: Whether only deterministic algorithms of torch may be used.
    """

    max_epochs: int = 20
    accumulate: int = 1
    clip_norm: float | None = 1.0
    early_stopping: int | None = None
    monitor: Literal["accuracy", "f1_macro", "loss"] = "accuracy"
    channels_last: bool = True
    deterministic: bool = False

    def __post_init__(self) -> None:
        for name in ("max_epochs", "accumulate"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("clip_norm", "early_stopping"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} must be positive or null, got {value}")


@dataclass(frozen=True)
class TrainerOptions:
    """Where the model runs, in Lightning's words; one device.

    Attributes:
        accelerator: `auto` takes a GPU where there is one.
        precision: `32-true`, `bf16-mixed` or `16-mixed`.
        num_threads: Threads of one operation on the CPU; null leaves it to torch, one per core. A small model is faster
            with one, beside the processes that decode.
    """

    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    num_threads: int | None = None

    def __post_init__(self) -> None:
        if self.num_threads is not None and self.num_threads < 1:
            raise ConfigError(f"num_threads must be at least 1 or null, got {self.num_threads}")
