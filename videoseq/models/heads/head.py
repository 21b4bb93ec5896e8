"""A head: features of frames in, logits and state out."""

from collections.abc import Callable
from math import prod
from typing import Any

from torch import Tensor, nn

from videoseq.errors import ModelError
from videoseq.models.heads.conv_lstm import ConvLSTMLayer
from videoseq.models.heads.front import FeatureFront
from videoseq.models.heads.min_gru import MinGRULayer
from videoseq.models.heads.recurrent import RecurrentLayer
from videoseq.models.heads.sequence import NoLayers, SequencePart, Stack
from videoseq.models.heads.tcn import TCN
from videoseq.models.heads.transformer import Transformer
from videoseq.models.heads.valid import ValidFrames, valid_frames, without_padding
from videoseq.models.options import (
    RECURRENT_HEADS,
    ConvLSTMHeadOptions,
    HeadOptions,
    MinGRUHeadOptions,
    RecurrentHeadOptions,
    ResidualHeadOptions,
    SequenceHeadOptions,
)
from videoseq.models.pooling import AttentionPool, State, TimePool, build_pool


class Head(nn.Module):
    """Turns the features of a clip into logits, and can be fed a clip in pieces.

    A front that prepares the features of each frame, a sequence part, a pool over time where there is one answer for the
    clip, dropout and a linear classifier. For a causal head, T frames at once and the same frames in pieces, each piece with
    the state that the one before returned, give the same last logits.

    Args:
        options: What to build.
        feature_shape: Shape of one frame's features, (D,) or (D, h, w).
        num_outputs: K.
        per_frame: Whether every frame has logits of its own.

    Attributes:
        is_causal: Whether no frame's contribution depends on a later one, so that a state can be carried.

    Raises:
        ConfigError: The options do not fit `per_frame` or the features.
    """

    def __init__(
        self, options: HeadOptions, *, feature_shape: tuple[int, ...], num_outputs: int, per_frame: bool = False
    ) -> None:
        super().__init__()
        options.check_effect(per_frame=per_frame, has_grid=len(feature_shape) == 3)
        self.is_causal = options.is_causal
        self._stream_fixes = options.stream_fixes
        self.grid_shape = feature_shape if options.needs_grid else None
        self.front = FeatureFront(options, feature_shape[0] if options.needs_grid else prod(feature_shape))
        self.sequence = _SEQUENCES[options.name](options, self.front.size)
        self.pool = None if per_frame else _pool(options, self.sequence.size)
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(self.sequence.size, num_outputs)

    def forward(self, features: Tensor, lengths: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Classifies clips.

        Args:
            features: (B, T, D) float, or (B, T, D * h * w).
            lengths: (B,) int64, valid frames of each clip, in [1, T]; None: all T are valid.
            state: What the call on the preceding frames returned; None at the start of a video.

        Returns:
            Logits (B, K), not softmaxed, after the last valid frame of each clip, or of every frame, (B, T, K), where the head
            was built with `per_frame` (of no meaning for invalid ones); and the state there: tensors (·, B, …), those of the
            front, of the sequence part and of the pool; none for a head that is not causal. A state of zeros is that of the
            start of a video.

        Raises:
            ModelError: A state that does not fit; lengths outside [1, T].
        """
        fronts, hidden, pooled = self._split(state, len(features))
        valid = valid_frames(features, lengths)
        x, front_state, hidden_state = self._run(features, valid, fronts, hidden)
        pool_state: State = ()
        if self.pool is not None:
            x, pool_state = self.pool(x, None if valid is None else valid.mask, pooled)  # (B, T, S) -> (B, S)
        logits = self.classifier(self.dropout(x))  # (…, S) -> (…, K)
        return logits, (*front_state, *hidden_state, *pool_state) if self.is_causal else ()

    def attention(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Returns how much each frame counts for the answer.

        Args:
            features: As for `forward`.
            lengths: Likewise.

        Returns:
            Weights (B, T), at least float32, that sum to 1 over the valid frames of each clip; 0 for the others.

        Raises:
            ModelError: The head does not pool by attention; lengths outside [1, T].
        """
        if not isinstance(self.pool, AttentionPool):
            raise ModelError(
                "this head has no attention weights: they are of model.head.pool=attention, for a task with one answer for "
                "each video; train with it"
            )
        valid = valid_frames(features, lengths)
        x, _, _ = self._run(features, valid, None, None)
        return self.pool.weights(x, None if valid is None else valid.mask)

    def _run(
        self, features: Tensor, valid: ValidFrames | None, fronts: State | None, hidden: State | None
    ) -> tuple[Tensor, State, State]:
        """Returns what the sequence part gives, (B, T, S), and the states of front and sequence part."""
        x = without_padding(features, None if valid is None else valid.mask)
        if self.grid_shape is not None:
            x = x.reshape(*x.shape[:2], *self.grid_shape).movedim(2, -1)  # (B, T, D * h * w) -> (B, T, h, w, D)
        x, front_state = self.front(x, valid, fronts)
        x, hidden_state = self.sequence(x, valid, hidden)
        if self.grid_shape is not None:
            x = x.mean((2, 3))  # (B, T, h, w, S) -> (B, T, S)
        return x, front_state, hidden_state

    def _split(self, state: State | None, batch_size: int) -> tuple[State | None, State | None, State | None]:
        """Returns the states of front, sequence part and pool."""
        if state is None:
            return None, None, None
        if not self.is_causal:
            raise ModelError(
                "this head got a state, but cannot carry one: it needs the whole clip at once. Train with "
                f"{' and '.join(self._stream_fixes)} for streams"
            )
        num_front, num_hidden = self.front.num_tensors, self.front.num_tensors + self.sequence.num_tensors
        num_tensors = num_hidden + (0 if self.pool is None else self.pool.num_tensors)
        batches = [tensor.shape[1] for tensor in state]
        if batches != [batch_size] * num_tensors:
            raise ModelError(
                f"the state has {len(state)} tensors for batches of {batches}, expected {num_tensors} for a batch of "
                f"{batch_size}: pass on what the same head returned for the same clips, or null at the start of a video"
            )
        return state[:num_front], state[num_front:num_hidden], state[num_hidden:]


def build_head(options: HeadOptions, *, feature_shape: tuple[int, ...], num_outputs: int, per_frame: bool = False) -> Head:
    """Builds a head; see `Head`."""
    return Head(options, feature_shape=feature_shape, num_outputs=num_outputs, per_frame=per_frame)


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
