"""Pools over time whose running sums are a state, so that a clip can come in pieces."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from videoseq.models.devices import on_device

State = tuple[Tensor, ...]


def valid_frames(x: Tensor, lengths: Tensor | None) -> Tensor | None:
    """Returns the mask (B, T) bool, True = valid, of a batch x (B, T, ·); None where all frames are."""
    if lengths is None:
        return None
    positions = torch.arange(x.shape[1], device=x.device)
    return positions < on_device(lengths, x.device).unsqueeze(1)  # (T,) < (B, 1) -> (B, T)


class TimePool(nn.Module, ABC):
    """Pools (B, T, S) over the valid frames of this call and of those whose state is given.

    Attributes:
        num_tensors: Tensors of the state, each (1, B, ·).
    """

    num_tensors: int = 1

    @abstractmethod
    def forward(self, x: Tensor, mask: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Pools.

        Args:
            x: (B, T, S) float.
            mask: (B, T) bool, True = valid; None: all are. Each row has a valid frame.
            state: Running sums of the frames before; None: there are none.

        Returns:
            (B, S) in x's dtype, and the running sums, at least float32.
        """


class MeanPool(TimePool):
    """The mean over time. State: sum (1, B, S), count (1, B, 1)."""

    num_tensors = 2

    def forward(self, x: Tensor, mask: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the mean of the valid frames so far; see `TimePool.forward`."""
        frames = _wide(x)
        weights = frames.new_ones(*x.shape[:2], 1) if mask is None else mask.unsqueeze(-1).to(frames.dtype)
        if mask is not None:
            frames = frames.masked_fill(~mask.unsqueeze(-1), 0)  # not times 0: padding may hold inf or nan
        total, count = frames.sum(1).unsqueeze(0), weights.sum(1).unsqueeze(0)  # (B, T, S) -> (1, B, S)
        if state is not None:
            total, count = total + state[0], count + state[1]
        return (total / count).squeeze(0).to(x.dtype), (total, count)


class MaxPool(TimePool):
    """The maximum over time. State: running maximum (1, B, S)."""

    def forward(self, x: Tensor, mask: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the maximum of the valid frames so far; see `TimePool.forward`."""
        frames = _wide(x)
        if mask is not None:
            frames = frames.masked_fill(~mask.unsqueeze(-1), -torch.inf)
        highest = frames.amax(1).unsqueeze(0)  # (B, T, S) -> (1, B, S)
        if state is not None:
            highest = torch.maximum(highest, state[0])
        return highest.squeeze(0).to(x.dtype), (highest,)


class AttentionPool(TimePool):
    """The mean over time weighted by the softmax of a learned additive score, `v . tanh(W x)`.

    The softmax is computed online: the state is the highest score (1, B, 1), the sum of exp(score - highest)
    (1, B, 1), and the sum of exp(score - highest) * x (1, B, S).

    Args:
        size: S.
    """

    num_tensors = 3

    def __init__(self, size: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(size, size), nn.Tanh(), nn.Linear(size, 1, bias=False))

    def forward(self, x: Tensor, mask: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the weighted mean of the valid frames so far; see `TimePool.forward`."""
        frames, scores = _wide(x), _wide(self.score(x))  # (B, T, S), (B, T, 1)
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-1), -torch.inf)
            frames = frames.masked_fill(~mask.unsqueeze(-1), 0)
        # The highest score cancels in the quotient, so no gradient needs to flow through it.
        highest = scores.detach().amax(1).unsqueeze(0)  # (B, T, 1) -> (1, B, 1)
        if state is not None:
            highest = torch.maximum(highest, state[0])
        weights = torch.exp(scores - highest.squeeze(0).unsqueeze(1))  # (B, T, 1)
        divisor, total = weights.sum(1).unsqueeze(0), (weights * frames).sum(1).unsqueeze(0)  # -> (1, B, 1), (1, B, S)
        if state is not None:
            scale = torch.exp(state[0] - highest)
            divisor, total = divisor + state[1] * scale, total + state[2] * scale
        return (total / divisor).squeeze(0).to(x.dtype), (highest, divisor, total)


def build_pool(name: str, size: int) -> TimePool:
    """Builds a pool over time.

    Args:
        name: `mean`, `max` or `attention`.
        size: S.
    """
    return AttentionPool(size) if name == "attention" else {"mean": MeanPool, "max": MaxPool}[name]()


def _wide(x: Tensor) -> Tensor:
    """Returns x in at least float32: sums over a long stream lose their digits in half precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
