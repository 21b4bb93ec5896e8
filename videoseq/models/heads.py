"""Heads: the sequence part and the classifier; state goes in and comes out."""

from abc import ABC, abstractmethod
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from videoseq.errors import ModelError
from videoseq.models.devices import on_device
from videoseq.models.options import HeadOptions, MeanHeadOptions, RecurrentHeadOptions
from videoseq.models.pooling import State, TimePool, build_pool, valid_frames

__all__ = ["Head", "MeanHead", "RecurrentHead", "State", "build_head"]

_NETWORKS: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class Head(nn.Module, ABC):
    """Turns the features of a clip into logits, and can be fed a clip in pieces.

    For a causal head, T frames at once and the same frames in pieces, each piece with the state that the one before
    returned, give the same last logits.

    Attributes:
        is_causal: Whether no frame's contribution depends on a later one, so that a state can be carried.
    """

    is_causal: bool = True

    @abstractmethod
    def forward(self, features: Tensor, lengths: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Classifies clips.

        Args:
            features: (B, T, D) float.
            lengths: (B,) int64, valid frames of each clip, in [1, T]; None: all T are valid.
            state: What the call on the preceding frames returned; None at the start of a video.

        Returns:
            Logits (B, K), not softmaxed, after the last valid frame of each clip, or of every frame, (B, T, K), where the head
            was built with `per_frame`; and the state there: tensors (·, B, …), empty for a head that is not causal. A state of
            zeros is that of the start of a video.

        Raises:
            ModelError: A state that does not fit; lengths outside [1, T].
        """


class RecurrentHead(Head):
    """LSTM, GRU or RNN, a pool over time, dropout and a linear classifier.

    Args:
        options: What to build.
        feature_shape: (D,), or (D, h, w), which features have flattened.
        num_outputs: K.
        per_frame: Whether every frame has logits of its own.
    """

    def __init__(
        self, options: RecurrentHeadOptions, *, feature_shape: tuple[int, ...], num_outputs: int, per_frame: bool
    ) -> None:
        super().__init__()
        self.per_frame = per_frame
        self.is_causal = not options.bidirectional
        self.rnn = _NETWORKS[options.name](
            prod(feature_shape),
            options.hidden_size,
            options.num_layers,
            batch_first=True,
            dropout=options.dropout if options.num_layers > 1 else 0.0,  # it warns where there is nothing between
            bidirectional=options.bidirectional,
        )
        size = options.hidden_size * (2 if options.bidirectional else 1)
        self.pool = None if per_frame or options.pool == "last" else build_pool(options.pool, size)
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(size, num_outputs)
        self.num_hidden = 2 if options.name == "lstm" else 1

    def forward(self, features: Tensor, lengths: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Classifies clips; see `Head.forward`. The state is (h, c) or (h,), each (L, B, S), then the pool's."""
        hidden = pooled = None
        if state is not None:
            if not self.is_causal:
                raise ModelError(
                    "a bidirectional head got a state, but cannot carry one: it needs the whole clip at once. Train "
                    "with model.head.bidirectional=false for streams"
                )
            expected = self.num_hidden + (0 if self.pool is None else self.pool.num_tensors)
            _check_state(state, expected, batch_size=features.shape[0])
            hidden, pooled = state[: self.num_hidden], state[self.num_hidden :]
        outputs, hidden = self._run(features, lengths, hidden)
        if self.per_frame:
            summary, pooled = outputs, ()
        elif self.pool is None:
            summary, pooled = self._last(hidden[0]), ()
        else:
            summary, pooled = self.pool(outputs, valid_frames(outputs, lengths), pooled)
        logits = self.classifier(self.dropout(summary))  # (B, S) -> (B, K)
        return logits, (*hidden, *pooled) if self.is_causal else ()

    def _run(self, features: Tensor, lengths: Tensor | None, hidden: State | None) -> tuple[Tensor, State]:
        """Returns hidden states (B, T, S), zero after each clip's end, and those at its last frame, (L, B, S) each."""
        given = hidden if hidden is None or self.num_hidden == 2 else hidden[0]
        if lengths is None:
            outputs, last = self.rnn(features, given)
        else:
            packed = _packed(features, _checked(lengths, features.shape[1]))
            packed_outputs, last = self.rnn(packed, given)
            outputs = _padded(packed_outputs, features.shape[1])
        return outputs, last if isinstance(last, tuple) else (last,)

    def _last(self, hidden: Tensor) -> Tensor:
        """Returns the top layer's final state, (L, B, S) -> (B, S); of two directions side by side, (B, 2 * S)."""
        return hidden[-1] if self.is_causal else torch.cat((hidden[-2], hidden[-1]), dim=1)


class MeanHead(Head):
    """The order-blind control: mean of the features over time, dropout and a linear classifier.

    Args:
        options: What to build.
        feature_shape: (D,), or (D, h, w), which features have flattened.
        num_outputs: K.
        per_frame: Whether every frame has logits of its own, from its features alone.
    """

    def __init__(self, options: MeanHeadOptions, *, feature_shape: tuple[int, ...], num_outputs: int, per_frame: bool) -> None:
        super().__init__()
        feature_size = prod(feature_shape)
        self.per_frame = per_frame
        self.pool: TimePool = build_pool("mean", feature_size)
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(feature_size, num_outputs)

    def forward(self, features: Tensor, lengths: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Classifies clips; see `Head.forward`. The state is the sum (1, B, D) and the count (1, B, 1)."""
        if state is not None:
            _check_state(state, self.pool.num_tensors, batch_size=features.shape[0])
        if lengths is not None:
            _checked(lengths, features.shape[1])
        if self.per_frame:
            return self.classifier(self.dropout(features)), ()  # (B, T, D) -> (B, T, K)
        summary, state = self.pool(features, valid_frames(features, lengths), state)
        return self.classifier(self.dropout(summary)), state  # (B, D) -> (B, K)


_HEADS: dict[str, type[RecurrentHead] | type[MeanHead]] = {**dict.fromkeys(_NETWORKS, RecurrentHead), "mean": MeanHead}


def build_head(options: HeadOptions, *, feature_shape: tuple[int, ...], num_outputs: int, per_frame: bool = False) -> Head:
    """Builds a head.

    Args:
        options: One of the classes in `options.HEADS`.
        feature_shape: Shape of one frame's features, (D,) or (D, h, w).
        num_outputs: K.
        per_frame: Whether every frame has logits of its own.
    """
    build: Any = _HEADS[options.name]
    return build(options, feature_shape=feature_shape, num_outputs=num_outputs, per_frame=per_frame)  # type: ignore[no-any-return]


def _packed(features: Tensor, counts: Tensor) -> PackedSequence:
    """Packs clips (B, T, D) of lengths (B,) on the CPU, as `pack_padded_sequence` does, for which the host waits."""
    order = counts.argsort(descending=True, stable=True)
    there, back = (on_device(indices, features.device) for indices in (order, order.argsort()))
    packed = pack_padded_sequence(features.index_select(0, there), counts[order], batch_first=True)
    return PackedSequence(packed.data, packed.batch_sizes, there, back)


def _padded(packed: PackedSequence, num_frames: int) -> Tensor:
    """Returns packed clips as (B, T, S), as `pad_packed_sequence` does, which reads their order back from the device."""
    padded, _ = pad_packed_sequence(PackedSequence(packed.data, packed.batch_sizes), batch_first=True, total_length=num_frames)
    return padded if packed.unsorted_indices is None else padded.index_select(0, packed.unsorted_indices)


def _checked(lengths: Tensor, num_frames: int) -> Tensor:
    """Returns lengths on the CPU, where packing wants them."""
    counts = lengths.detach().cpu()
    if counts.min() < 1 or counts.max() > num_frames:
        raise ModelError(f"lengths must lie in [1, {num_frames}], the frames given, got {counts.tolist()}")
    return counts


def _check_state(state: State, num_tensors: int, *, batch_size: int) -> None:
    batches = [tensor.shape[1] for tensor in state]
    if batches != [batch_size] * num_tensors:
        raise ModelError(
            f"the state has {len(state)} tensors for batches of {batches}, expected {num_tensors} for a batch of "
            f"{batch_size}: pass on what the same head returned for the same clips, or null at the start of a video"
        )
