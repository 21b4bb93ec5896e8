"""Building heads from their options."""

from collections.abc import Callable
from math import prod
from typing import Any

from videoseq.models.heads.conv_lstm import ConvLSTMLayer
from videoseq.models.heads.front import FeatureFront
from videoseq.models.heads.head import Head
from videoseq.models.heads.min_gru import MinGRULayer
from videoseq.models.heads.recurrent import RecurrentLayer
from videoseq.models.heads.sequence import NoLayers, SequencePart, Stack
from videoseq.models.heads.tcn import TCN
from videoseq.models.heads.transformer import Transformer
from videoseq.models.options import (
    RECURRENT_HEADS,
    ConvLSTMHeadOptions,
    HeadOptions,
    MinGRUHeadOptions,
    RecurrentHeadOptions,
    ResidualHeadOptions,
    SequenceHeadOptions,
)
from videoseq.models.pooling import TimePool, build_pool


def build_head(options: HeadOptions, *, feature_shape: tuple[int, ...], num_outputs: int, per_frame: bool = False) -> Head:
    """Builds a head.

    Args:
        options: One of the classes in `options.HEADS`.
        feature_shape: Shape of one frame's features, (D,) or (D, h, w).
        num_outputs: K.
        per_frame: Whether every frame has logits of its own.

    Raises:
        ConfigError: The options do not fit `per_frame` or the features.
    """
    options.check_effect(per_frame=per_frame, has_grid=len(feature_shape) == 3)
    front = FeatureFront(options, feature_shape[0] if options.needs_grid else prod(feature_shape))
    sequence = _SEQUENCES[options.name](options, front.size)
    return Head(
        front,
        sequence,
        None if per_frame else _pool(options, sequence.size),
        num_outputs,
        dropout=options.dropout,
        grid_shape=feature_shape if options.needs_grid else None,
        stream_fixes=options.stream_fixes,
    )


def _recurrent(options: RecurrentHeadOptions, size: int) -> SequencePart:
    def build(given: int) -> SequencePart:
        return RecurrentLayer(options.name, given, options.hidden_size, bidirectional=options.bidirectional)

    return _stack(build, options, size)


def _min_gru(options: MinGRUHeadOptions, size: int) -> SequencePart:
    return _stack(lambda given: MinGRULayer(given, options.hidden_size), options, size)


def _conv_lstm(options: ConvLSTMHeadOptions, size: int) -> SequencePart:
    return _stack(lambda given: ConvLSTMLayer(given, options.hidden_size, options.kernel_size), options, size)


def _stack(build: Callable[[int], SequencePart], options: ResidualHeadOptions, size: int) -> SequencePart:
    return Stack(
        build,
        options.num_layers,
        size,
        residual=options.residual,
        layer_norm=options.layer_norm,
        dropout=options.dropout,
    )


_SEQUENCES: dict[str, Callable[[Any, int], SequencePart]] = {
    **dict.fromkeys(RECURRENT_HEADS, _recurrent),
    "mingru": _min_gru,
    "conv_lstm": _conv_lstm,
    "tcn": TCN,
    "transformer": Transformer,
    "mean": lambda options, size: NoLayers(size),
}


def _pool(options: HeadOptions, size: int) -> TimePool:
    if not isinstance(options, SequenceHeadOptions):
        return build_pool("mean", size)
    is_bidirectional = isinstance(options, RecurrentHeadOptions) and options.bidirectional
    return build_pool(options.pool, size, num_directions=2 if is_bidirectional else 1)
