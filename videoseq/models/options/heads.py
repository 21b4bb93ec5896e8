"""Options of heads."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from videoseq.errors import ConfigError, suggest
from videoseq.models.options.checks import check_choice, check_count, check_dropout, check_flag, check_odd, refuse

Centre = Literal["none", "clip", "causal"]
Motion = Literal["none", "difference"]
Pool = Literal["last", "mean", "max", "attention"]

RECURRENT_HEADS = ("lstm", "gru", "rnn")


@dataclass(frozen=True)
class HeadOptions:
    """What every head can be told.

    Attributes:
        name: `lstm`, `gru`, `rnn`, `mingru`: recurrent, the last one trained in parallel over time. `conv_lstm`: recurrent on a
            grid of features. `tcn`: causal convolutions over time. `transformer`: causal attention to the latest frames.
            `mean`: no sequence part.
        dropout: Share of the activations before the classifier, and between layers, that is zeroed in training.
        centre: What is subtracted from the features of each frame, so that the scene goes and what changes stays: `clip`: their
            mean over the clip (such a head cannot consume a stream); `causal`: their mean over the frames so far.
        motion: `difference`: the difference from the frame before is appended to the features of each frame; zeros for the
            first.
        layer_norm: Normalise the features of each frame, after `centre` and `motion`, and what a layer gets from the one
            below.
        projection: Size to which the features of each frame are reduced by a linear layer before the sequence part, with
            `conv_lstm` those of each place; null leaves them as they are.
    """

    name: str = "mean"
    dropout: float = 0.0
    centre: Centre = "none"
    motion: Motion = "none"
    layer_norm: bool = False
    projection: int | None = None

    names: ClassVar[tuple[str, ...]] = ()
    needs_grid: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.names:
            check_choice("model.head.name", self.name, self.names)
        check_dropout("model.head.dropout", self.dropout)
        check_choice("model.head.centre", self.centre, get_args(Centre))
        check_choice("model.head.motion", self.motion, get_args(Motion))
        check_flag("model.head.layer_norm", self.layer_norm)
        if self.projection is not None:
            check_count("model.head.projection", self.projection)

    @property
    def stream_fixes(self) -> tuple[str, ...]:
        """What would have to be set so that the head can consume a stream; empty where it can."""
        return ("model.head.centre=causal",) if self.centre == "clip" else ()

    @property
    def is_causal(self) -> bool:
        """Whether no frame's contribution depends on a later one, so that a state can be carried."""
        return not self.stream_fixes

    def check_effect(self, *, per_frame: bool, has_grid: bool) -> None:
        """Refuses what fits neither the task nor the encoder.

        Args:
            per_frame: Whether every frame has logits of its own.
            has_grid: Whether the encoder gives a grid of features, (D, h, w).

        Raises:
            ConfigError: The head needs a grid and there is none; it pools over time though every frame is asked for; what it
                pools is always 0.
        """
        if self.needs_grid and not has_grid:
            raise ConfigError(
                f"model.head.name={self.name} needs a grid of features, and the encoder gives one vector for each frame: set "
                "model.encoder.spatial=[4,4], or model.head.name=lstm"
            )

    def check_single_frames(self) -> None:
        """Refuses what makes nothing but zeros of clips of one frame.

        Raises:
            ConfigError: The clips are centred, or their motion is asked for.
        """
        for name, value in (("centre", self.centre), ("motion", self.motion)):
            if value != "none":
                raise ConfigError(
                    f"clip.num_frames=1 with model.head.{name}={value}: of a single frame that makes nothing but zeros; set "
                    f"model.head.{name}=none, or clip.num_frames=2 or more"
                )


@dataclass(frozen=True)
class MeanHeadOptions(HeadOptions):
    """The order-blind control: a linear classifier of the mean of the features over time, or of each frame by itself.

    With `motion` or `centre=causal` it sees something of the order.
    """

    name: str = "mean"

    names = ("mean",)

    def check_effect(self, *, per_frame: bool, has_grid: bool) -> None:
        """Refuses centred features, whose mean is 0; see `HeadOptions.check_effect`."""
        super().check_effect(per_frame=per_frame, has_grid=has_grid)
        if self.centre == "clip" and not per_frame and not self.layer_norm:
            raise ConfigError(
                "model.head.centre=clip with model.head.name=mean: the mean of the centred features is always 0; set "
                "model.head.centre=none, or a head that sees the order"
            )


@dataclass(frozen=True)
class SequenceHeadOptions(HeadOptions):
    """Layers over the frames, a pool over time, and a linear classifier.

    Attributes:
        hidden_size: S, the size of what a layer gives for each frame, of one direction.
        num_layers: Layers on top of each other.
        pool: What the classifier sees: `last`: what the layers give for the last frame; `mean`, `max`: over time; `attention`:
            their mean weighted by a learned score. Where every frame is asked for, each is classified by itself.
    """

    name: str = "lstm"
    hidden_size: int = 256
    num_layers: int = 1
    pool: Pool = "last"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("model.head.hidden_size", self.hidden_size)
        check_count("model.head.num_layers", self.num_layers)
        check_choice("model.head.pool", self.pool, get_args(Pool))

    def check_effect(self, *, per_frame: bool, has_grid: bool) -> None:
        """Refuses a pool where every frame is asked for; see `HeadOptions.check_effect`."""
        super().check_effect(per_frame=per_frame, has_grid=has_grid)
        if per_frame and self.pool != "last":
            raise ConfigError(
                f"model.head.pool={self.pool} makes one answer of all frames, and the task asks for one of each frame: set "
                "model.head.pool=last"
            )


@dataclass(frozen=True)
class ResidualHeadOptions(SequenceHeadOptions):
    """Layers with a way around each.

    Attributes:
        residual: Add what a layer gets to what it gives, through a linear map where their sizes differ (He et al. 2016).
    """

    residual: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_flag("model.head.residual", self.residual)


@dataclass(frozen=True)
class RecurrentHeadOptions(ResidualHeadOptions):
    """LSTM, GRU or RNN.

    Attributes:
        bidirectional: Read the clip in both directions; such a head cannot consume a stream.
    """

    bidirectional: bool = False

    names = RECURRENT_HEADS

    def __post_init__(self) -> None:
        super().__post_init__()
        check_flag("model.head.bidirectional", self.bidirectional)

    @property
    def stream_fixes(self) -> tuple[str, ...]:
        """See `HeadOptions.stream_fixes`."""
        return (*(["model.head.bidirectional=false"] if self.bidirectional else []), *super().stream_fixes)


@dataclass(frozen=True)
class MinGRUHeadOptions(ResidualHeadOptions):
    """A recurrent unit whose gates see the present frame alone, so that all frames are computed at once."""

    name: str = "mingru"
    num_layers: int = 2

    names = ("mingru",)


@dataclass(frozen=True)
class ConvLSTMHeadOptions(ResidualHeadOptions):
    """An LSTM whose state is a grid and whose products are convolutions; what it gives is averaged over the grid.

    Attributes:
        kernel_size: Side of the convolutions over the grid, odd.
    """

    name: str = "conv_lstm"
    hidden_size: int = 64
    kernel_size: int = 3

    names = ("conv_lstm",)
    needs_grid = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_odd("model.head.kernel_size", self.kernel_size)


@dataclass(frozen=True)
class TCNHeadOptions(ResidualHeadOptions):
    """Blocks of two causal convolutions over time; block i looks 2^i frames apart.

    Attributes:
        kernel_size: Frames that a convolution over time sees; at least 2. All layers together see `1 + 2 * (kernel_size - 1) *
            (2 ** num_layers - 1)` frames.
    """

    name: str = "tcn"
    hidden_size: int = 64
    num_layers: int = 4
    residual: bool = True
    kernel_size: int = 3

    names = ("tcn",)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("model.head.kernel_size", self.kernel_size)
        if self.kernel_size == 1:
            raise refuse("model.head.kernel_size", self.kernel_size, "at least 2: with 1 no frame would see another")


@dataclass(frozen=True)
class TransformerHeadOptions(SequenceHeadOptions):
    """A small transformer whose frames attend to the latest ones.

    Attributes:
        num_heads: Attentions side by side; hidden_size is divided among them.
        context: Frames to which a frame attends in each layer, itself included, at least 2.
    """

    name: str = "transformer"
    hidden_size: int = 128
    num_layers: int = 2
    num_heads: int = 4
    context: int = 64

    names = ("transformer",)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("model.head.num_heads", self.num_heads)
        check_count("model.head.context", self.context)
        if self.context == 1:
            raise refuse("model.head.context", self.context, "at least 2: with 1 no frame would see another")
        if self.hidden_size % self.num_heads:
            raise refuse("model.head.hidden_size", self.hidden_size, f"a multiple of model.head.num_heads={self.num_heads}")


HEADS: dict[str, type[HeadOptions]] = {
    **dict.fromkeys(RECURRENT_HEADS, RecurrentHeadOptions),
    "mingru": MinGRUHeadOptions,
    "conv_lstm": ConvLSTMHeadOptions,
    "tcn": TCNHeadOptions,
    "transformer": TransformerHeadOptions,
    "mean": MeanHeadOptions,
}


def head_options(name: str) -> type[HeadOptions]:
    """Returns the class of the options of a head.

    Raises:
        ConfigError: No head has this name.
    """
    if name not in HEADS:
        raise ConfigError(f"model.head.name={name}: there is no such head; {suggest(name, HEADS)}")
    return HEADS[name]
