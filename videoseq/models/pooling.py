"""Pools over time with a state, so that a clip can come in pieces."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]


def wide(x: Tensor) -> Tensor:
    """Returns x in at least float32: sums over a long stream lose their digits in half precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


class TimePool(nn.Module, ABC):
    """Pools (B, T, S) over the valid frames of this call and of those whose state is given.

    Attributes:
        num_tensors: Tensors of the state, each (1, B, ·); zeros where there are no frames before.
    """

    num_tensors: int

    @abstractmethod
    def forward(self, x: Tensor, mask: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Pools.

        Args:
            x: (B, T, S) float, finite also where a frame is invalid.
            mask: (B, T) bool, True = valid; None: all are. Each row has a valid frame.
            state: What was pooled of the frames before; None: there are none.

        Returns:
            (B, S) in x's dtype, and the state after the last valid frame, at least float32.
        """


class LastPool(TimePool):
    """The last frame; of two directions side by side, the second one has read the first frame last. It has no state.

    Args:
        num_directions: 1 or 2.
    """

    num_tensors = 0

    def __init__(self, num_directions: int = 1) -> None:
        super().__init__()
        self.num_directions = num_directions

    def forward(self, x: Tensor, mask: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the last valid frame; see `TimePool.forward`."""
        last = x[:, -1] if mask is None else x[torch.arange(len(x), device=x.device), mask.sum(1) - 1]  # (B, T, S) -> (B, S)
        if self.num_directions == 2:
            last = torch.cat((last.chunk(2, dim=1)[0], x[:, 0].chunk(2, dim=1)[1]), dim=1)
        return last, ()


class MeanPool(TimePool):
    """The mean over time. State: mean (1, B, S), count (1, B, 1)."""

    num_tensors = 2

    def forward(self, x: Tensor, mask: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the mean of the valid frames so far; see `TimePool.forward`."""
        frames = wide(x)
        weights = frames.new_ones(*x.shape[:2], 1) if mask is None else mask.unsqueeze(-1).to(frames.dtype)
        mean, count = _mean_with(frames, weights, state)
        return mean.squeeze(0).to(x.dtype), (mean, count)


class MaxPool(TimePool):
    """The maximum over time. State: running maximum (1, B, S), and 1 where there is one (1, B, 1)."""

    num_tensors = 2

    def forward(self, x: Tensor, mask: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the maximum of the valid frames so far; see `TimePool.forward`."""
        frames = wide(x)
        if mask is not None:
            frames = frames.masked_fill(~mask.unsqueeze(-1), -torch.inf)
        highest = frames.amax(1).unsqueeze(0)  # (B, T, S) -> (1, B, S)
        if state is not None:
            highest = torch.where(state[1] > 0, torch.maximum(highest, state[0]), highest)
        return highest.squeeze(0).to(x.dtype), (highest, torch.ones_like(highest[..., :1]))


class AttentionPool(TimePool):
    """The mean over time weighted by the softmax of a learned additive score, `v . tanh(W x)` (Bahdanau et al. 2015).

    The softmax is computed online (Milakov and Gimelshein 2018): the state is the highest score (1, B, 1), the sum of
    exp(score - highest) (1, B, 1), which is at least 1 where there are frames before, and the weighted mean (1, B, S).

    Args:
        size: S.
    """

    num_tensors = 3

    def __init__(self, size: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(size, size), nn.Tanh(), nn.Linear(size, 1, bias=False))

    def forward(self, x: Tensor, mask: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the weighted mean of the valid frames so far; see `TimePool.forward`."""
        frames, scores = wide(x), self._scores(x, mask)  # (B, T, S), (B, T, 1)
        # The highest score cancels in the quotient, so no gradient needs to flow through it.
        highest = scores.detach().amax(1).unsqueeze(0)  # (B, T, 1) -> (1, B, 1)
        mean_before: State | None = None
        if state is not None:
            highest_before = state[0].masked_fill(state[1] == 0, -torch.inf)
            highest = torch.maximum(highest, highest_before)
            mean_before = state[2], state[1] * torch.exp(highest_before - highest)
        weights = torch.exp(scores - highest.squeeze(0).unsqueeze(1))  # (B, T, 1)
        mean, divisor = _mean_with(frames, weights, mean_before)
        return mean.squeeze(0).to(x.dtype), (highest, divisor, mean)

    def weights(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Returns the weight of each frame, (B, T, S) -> (B, T), at least float32: 0 for invalid ones, together 1."""
        return torch.softmax(self._scores(x, mask).squeeze(-1), dim=1)

    def _scores(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Returns the score of each frame, (B, T, S) -> (B, T, 1); -inf for invalid ones."""
        scores = wide(self.score(x))
        return scores if mask is None else scores.masked_fill(~mask.unsqueeze(-1), -torch.inf)


def _mean_with(frames: Tensor, weights: Tensor, before: State | None) -> State:
    """Adds frames to a weighted mean; a sum of many frames would have no digits left for what the next one adds.

    Args:
        frames: (B, T, S).
        weights: (B, T, 1), 0 for invalid frames.
        before: The mean (1, B, S) and the sum of the weights (1, B, 1) so far; None: nothing came before.

    Returns:
        Both, with the frames.
    """
    divisor = weights.sum(1).unsqueeze(0)  # (B, T, 1) -> (1, B, 1)
    if before is None:
        return (weights * frames).sum(1).unsqueeze(0) / divisor, divisor
    mean, divisor = before[0], before[1] + divisor
    return mean + (weights * (frames - mean.squeeze(0).unsqueeze(1))).sum(1).unsqueeze(0) / divisor, divisor


def build_pool(name: str, size: int, *, num_directions: int = 1) -> TimePool:
    """Builds a pool over time.

    Args:
        name: `last`, `mean`, `max` or `attention`.
        size: S.
        num_directions: How many halves of S there are that have read the clip in different directions, 1 or 2.
    """
    if name == "last":
        return LastPool(num_directions)
    return AttentionPool(size) if name == "attention" else {"mean": MeanPool, "max": MaxPool}[name]()
