"""Options of training, one dataclass a subject; free of torch so that a configuration is checked before it is imported."""

from dataclasses import dataclass, field
from typing import Any, Literal

from videoseq.errors import ConfigError


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
        layer_decay: Factor on the rate of the encoder from each of its layers to the one before it, in (0, 1]: the deeper a
            layer, the faster it learns; 1 is off. With it the last layer, too, is one factor below the rate of the encoder.
        scheduler: How the rate moves.
    """

    name: Literal["adamw", "sgd"] = "adamw"
    lr: float = 1e-3
    weight_decay: float = 0.01
    encoder_lr_scale: float = 1.0
    layer_decay: float = 1.0
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
        if not 0 < self.layer_decay <= 1:
            raise ConfigError(f"layer_decay must lie in (0, 1], such as 0.75, 1 is off, got {self.layer_decay}")

    def check_effect(self, *, encoder_stays_frozen: bool) -> None:
        """Refuses rates of an encoder that is never trained; `freeze=all` is the default of the pretrained ones.

        Args:
            encoder_stays_frozen: Whether it is never trained.

        Raises:
            ConfigError: `encoder_lr_scale` or `layer_decay` is not 1, and changes nothing.
        """
        for name in ("encoder_lr_scale", "layer_decay"):
            value = getattr(self, name)
            if encoder_stays_frozen and value != 1:
                raise ConfigError(
                    f"optimizer.{name}={value} changes nothing: the encoder is not trained (model.encoder.freeze=all); set "
                    "model.encoder.freeze=none or model.encoder.unfreeze_at_epoch=N, or leave it out"
                )


@dataclass(frozen=True)
class TrainingOptions:
    """The course of a run.

    Attributes:
        max_epochs: Passes over the training split.
        accumulate: Batches whose gradients are summed before a step.
        clip_norm: Largest L2 norm of all gradients; null is no limit.
        early_stopping: Epochs without a better validation figure after which the run stops; null never stops early.
        monitor: The validation figure by which the best checkpoint is chosen; the loss breaks ties. Of classification
            `accuracy`, `f1_macro` or `loss`; of multilabel `map`, `f1_macro`, `f1_micro` or `loss`; of frames `accuracy`,
            `f1_macro` or `loss`; of regression `r2`, `mae`, `rmse` or `loss`; null is the first of them.
        calibrate: Whether a temperature and a threshold per class are fitted on the validation videos, 20 of them or more, and
            stored in the best checkpoint. Probabilities change, of a single clip never which class is the likeliest. Of
            multilabel the thresholds say which classes are claimed; frames get a temperature alone; a regression has neither.
        ema: Decay in (0, 1) of an exponential moving average of the weights, which is what is validated and saved; null keeps
            none. At step n the decay is min(ema, (n - 1) / (n + 8)), so that the first weights are soon forgotten.
        histograms: Whether TensorBoard gets histograms of weights and gradients, once in every epoch.
        channels_last: Whether the encoder runs in channels-last memory format.
        tbptt_frames: Whole videos are trained on in chunks of so many frames, however long they are (truncated back-propagation
            through time): each clip of a batch goes on where the one before it has stopped, with the state that the head has
            reached, and gradients stop there. For tasks with an answer for each frame, heads that can be carried on, and
            `clip.sampling=all` without `clip.max_frames`; null trains on clips. Each chunk is decoded from the keyframe before
            it: where keyframes are further apart than a few chunks, `data.cache=frames` decodes every video once, and
            `python -m videoseq.prepare` writes videos with closer ones.
        encoder_chunk: Frames that the encoder gets at once, so that long clips fit into memory; null is all frames of a batch.
            That is enough for a frozen encoder; one that is trained needs `activation_checkpointing` too. The result is the
            same, but for what dropout or stochastic depth in the encoder draw; only where BatchNorm is not trained
            (`model.encoder.freeze_batchnorm=true`, or frozen).
        activation_checkpointing: Whether an encoder that is trained keeps the frames of each chunk alone and encodes them once
            more for the gradients: less memory, about a third more time, the same result. Only with `encoder_chunk`.
        compile: Whether the encoder is compiled by torch: the first steps take a minute or more, later ones are faster, mostly
            on a GPU; checkpoints stay as they are. It needs triton, which comes with torch, or on the CPU a C++ compiler.
        deterministic: Whether only deterministic algorithms of torch may be used.
    """

    max_epochs: int = 20
    accumulate: int = 1
    clip_norm: float | None = 1.0
    early_stopping: int | None = None
    monitor: str | None = None
    calibrate: bool = True
    ema: float | None = None
    histograms: bool = False
    channels_last: bool = True
    tbptt_frames: int | None = None
    encoder_chunk: int | None = None
    activation_checkpointing: bool = False
    compile: bool = False
    deterministic: bool = False

    def __post_init__(self) -> None:
        for name in ("max_epochs", "accumulate"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("clip_norm", "early_stopping", "tbptt_frames", "encoder_chunk"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} must be positive or null, got {value}")
        if self.ema is not None and not 0 < self.ema < 1:
            raise ConfigError(f"ema must lie in (0, 1), such as 0.999, or be null, got {self.ema}")

    @property
    def chunks(self) -> dict[str, Any]:
        """How the model is told to encode the frames of a batch."""
        return {"encoder_chunk": self.encoder_chunk, "activation_checkpointing": self.activation_checkpointing}

    def check_effect(self, *, encoder_stays_frozen: bool) -> None:
        """Refuses to spare activations of an encoder that keeps none, or of all frames at once.

        Args:
            encoder_stays_frozen: Whether it is never trained.

        Raises:
            ConfigError: `activation_checkpointing` changes nothing.
        """
        if self.activation_checkpointing and encoder_stays_frozen:
            raise ConfigError(
                "training.activation_checkpointing=true changes nothing: the encoder is not trained "
                "(model.encoder.freeze=all), so it keeps nothing for gradients; leave it out, or set "
                "training.encoder_chunk=N where its forward pass alone does not fit into memory"
            )
        if self.activation_checkpointing and self.encoder_chunk is None:
            raise ConfigError(
                "training.activation_checkpointing=true spares nothing without chunks: all frames of a batch are one; set "
                "training.encoder_chunk=N, such as 64, or leave it out"
            )


@dataclass(frozen=True)
class TrainerOptions:
    """Where the model runs, in Lightning's words.

    Attributes:
        accelerator: `auto` takes a GPU where there is one.
        devices: Devices of a machine that train together, each in a process of its own; `auto` is all GPUs, or one CPU
            process. On the CPU any number goes.
        strategy: How they do it. `auto`: `ddp` where there are several. `ddp`: each takes its part of every batch, and the
            gradients are averaged. `ddp_find_unused`: the same for a model of which a step may leave parameters unused.
        num_nodes: Machines; torchrun must start the command on each of them.
        sync_batchnorm: Whether BatchNorm takes its figures from the clips of all devices instead of each device's own; GPUs
            only.
        precision: `32-true`, `bf16-mixed` or `16-mixed`.
        num_threads: Threads of one operation on the CPU; null leaves it to torch, one per core. A small model is faster
            with one, beside the processes that decode.
    """

    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    devices: int | Literal["auto"] = 1
    strategy: Literal["auto", "ddp", "ddp_find_unused"] = "auto"
    num_nodes: int = 1
    sync_batchnorm: bool = False
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    num_threads: int | None = None

    def __post_init__(self) -> None:
        if self.num_threads is not None and self.num_threads < 1:
            raise ConfigError(f"num_threads must be at least 1 or null, got {self.num_threads}")
        if self.devices != "auto" and self.devices < 1:
            raise ConfigError(f"devices must be at least 1 or auto, got {self.devices}")
        if self.num_nodes < 1:
            raise ConfigError(f"num_nodes must be at least 1, got {self.num_nodes}")

    def refuse_several_devices(self, command: str) -> None:
        """Raises a `ConfigError` where options ask a command for more than the one device that it runs on."""
        for name in ("devices", "strategy", "num_nodes", "sync_batchnorm"):
            value = getattr(self, name)
            if value != getattr(TrainerOptions, name):
                raise ConfigError(
                    f"trainer.{name}={str(value).lower()}: videoseq.{command} runs on one device; leave it out, or take "
                    "trainer=gpu or trainer=cpu"
                )
