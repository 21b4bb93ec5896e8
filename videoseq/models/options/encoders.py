"""Options of encoders."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from videoseq.errors import ConfigError
from videoseq.models.options.checks import as_counts, check_choice, check_count, check_dropout, check_flag, check_odd, refuse

Freeze = Literal["none", "all"]
Padding = Literal["torch", "same"]

ALL_LAYERS = "all"
"""In the place of a layer: the whole encoder."""

TIMM_PREFIX = "timm:"
"""What the name of an encoder begins with where timm builds it."""


@dataclass(frozen=True)
class EncoderOptions:
    """What every encoder can be told.

    Attributes:
        name: `simple`, a classification model of torchvision, or `timm:NAME` for one of timm.
        weights: `DEFAULT`: the pretrained ones of torchvision or timm; None: random; otherwise the path of a local state dict.
        freeze: `all`: the encoder is not trained; `none`: it is.
        freeze_until: Dotted name of a layer: everything registered up to and including it is not trained.
        freeze_batchnorm: Whether BatchNorm keeps its statistics, scales and shifts while the rest is trained, also where
            the encoder is unfrozen later; right for small batches.
        unfreeze_at_epoch: Epoch, counted from 0, at whose start all of the encoder is trained; or stages such as
            `{2: layer4, 5: layer3, 8: all}`: from each epoch on, everything registered from that layer to the end.
            None is never.
        spatial: (h, w), such as `4x4` or `[4,4]`, to which the last feature map is pooled, giving features (N, D, h, w); None
            gives (N, D).

    Raises:
        ConfigError: A value that an option cannot take; `freeze` and `freeze_until` together; `unfreeze_at_epoch`
            with nothing frozen, or with stages after `all`.
    """

    name: str = "simple"
    weights: str | None = None
    freeze: Freeze = "none"
    freeze_until: str | None = None
    freeze_batchnorm: bool = False
    unfreeze_at_epoch: int | Mapping[int, str] | None = None
    spatial: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        check_choice("model.encoder.freeze", self.freeze, get_args(Freeze))
        if self.freeze == "all" and self.freeze_until is not None:
            raise ConfigError(
                f"model.encoder.freeze=all and model.encoder.freeze_until={self.freeze_until} exclude each other: "
                "set model.encoder.freeze=none to freeze a part only, or model.encoder.freeze_until=null to freeze all"
            )
        check_flag("model.encoder.freeze_batchnorm", self.freeze_batchnorm)
        if self.unfreeze_at_epoch is not None:
            self._check_unfreezing()
        if self.spatial is not None:
            spatial = as_counts("model.encoder.spatial", self.spatial)
            if len(spatial) != 2:
                raise refuse("model.encoder.spatial", self.spatial, "null or two whole numbers (height, width)")
            object.__setattr__(self, "spatial", spatial)

    @property
    def stays_frozen(self) -> bool:
        """Whether no part of the encoder is trained in any epoch."""
        return self.freeze == "all" and self.unfreeze_at_epoch is None

    @property
    def unfreezing(self) -> dict[int, str]:
        """Epoch -> the layer from which on everything is trained, in the order of the epochs."""
        stages = self.unfreeze_at_epoch
        if isinstance(stages, Mapping):
            return dict(sorted(stages.items()))
        return {} if stages is None else {stages: ALL_LAYERS}

    def _check_unfreezing(self) -> None:
        name, stages = "model.encoder.unfreeze_at_epoch", self.unfreeze_at_epoch
        if isinstance(stages, Mapping) and not stages:
            raise refuse(name, dict(stages), "null, an epoch, or stages such as {2: layer4, 5: all}")
        for epoch in stages if isinstance(stages, Mapping) else [stages]:
            check_count(f"an epoch of {name}" if isinstance(stages, Mapping) else name, epoch)
        if self.freeze == "none" and self.freeze_until is None:
            raise ConfigError(
                f"{name}={stages}, but nothing is frozen: set model.encoder.freeze=all or model.encoder.freeze_until=LAYER, or "
                "unfreeze_at_epoch=null"
            )
        if ALL_LAYERS in [*self.unfreezing.values()][:-1]:
            raise ConfigError(f"{name}={stages}: nothing is left to unfreeze after 'all', so it comes last")


@dataclass(frozen=True)
class SimpleEncoderOptions(EncoderOptions):
    """The classic small CNN: stages of convolutions, each stage ending in a 2x2 max pooling.

    Attributes:
        channels: Channels of each stage; as many stages as numbers.
        kernel_size: Side of the convolutions, odd.
        depth: Convolutions in a stage, each with BatchNorm and ReLU.
        dropout: Share of the features that is zeroed in training.
    """

    name: str = "simple"
    spatial: tuple[int, int] | None = (4, 4)
    channels: tuple[int, ...] = (32, 64, 128)
    kernel_size: int = 3
    depth: int = 1
    dropout: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name != "simple":
            raise refuse("model.encoder.name", self.name, "'simple' where the options of the simple encoder are given")
        if self.weights == "DEFAULT":
            raise refuse("model.encoder.weights", "DEFAULT", "null or a path: the simple encoder has no pretrained weights")
        channels = as_counts("model.encoder.channels", self.channels)
        if not channels:
            raise refuse("model.encoder.channels", list(channels), "a list of at least one whole number")
        object.__setattr__(self, "channels", channels)
        check_odd("model.encoder.kernel_size", self.kernel_size)
        check_count("model.encoder.depth", self.depth)
        check_dropout("model.encoder.dropout", self.dropout)


@dataclass(frozen=True)
class TorchvisionEncoderOptions(EncoderOptions):
    """A classification model of torchvision's without its last layer.

    Attributes:
        padding: `torch`: as torchvision pads; `same`: convolutions with a stride pad as TensorFlow does, which weights
            converted from TensorFlow need.
    """

    name: str = "resnet18"
    weights: str | None = "DEFAULT"
    freeze: Freeze = "all"
    padding: Padding = "torch"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("model.encoder.padding", self.padding, get_args(Padding))


@dataclass(frozen=True)
class TimmEncoderOptions(EncoderOptions):
    """A model of timm's without its classifier."""

    name: str = f"{TIMM_PREFIX}resnet18"
    weights: str | None = "DEFAULT"
    freeze: Freeze = "all"


def encoder_options(name: str) -> type[SimpleEncoderOptions] | type[TorchvisionEncoderOptions] | type[TimmEncoderOptions]:
    """Returns the class of the options of an encoder: a name that is neither `simple` nor timm's is torchvision's."""
    if name == "simple":
        return SimpleEncoderOptions
    return TimmEncoderOptions if name.startswith(TIMM_PREFIX) else TorchvisionEncoderOptions
