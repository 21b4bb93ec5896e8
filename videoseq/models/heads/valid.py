"""Which frames of a batch of clips are valid, and looking at their ends."""

from dataclasses import dataclass

import torch
from torch import Tensor

from videoseq.errors import ModelError
from videoseq.models.devices import on_device


@dataclass(frozen=True)
class ValidFrames:
    """How many frames of each clip are valid; the others are padding.

    Attributes:
        counts: (B,) int64 on the CPU.
        lengths: The same, where the features are.
        mask: (B, T) bool, True = valid.
    """

    counts: Tensor
    lengths: Tensor
    mask: Tensor


def valid_frames(x: Tensor, lengths: Tensor | None) -> ValidFrames | None:
    """Returns which frames of a batch x (B, T, …) are valid; None where all are.

    Args:
        x: The batch.
        lengths: (B,) int64; None: all T are valid.

    Raises:
        ModelError: Lengths outside [1, T].
    """
    if lengths is None:
        return None
    num_frames = x.shape[1]
    counts = lengths.detach().cpu()
    if counts.min() < 1 or counts.max() > num_frames:
        raise ModelError(f"lengths must lie in [1, {num_frames}], the frames given, got {counts.tolist()}")
    there = on_device(lengths, x.device)
    positions = torch.arange(num_frames, device=x.device)
    return ValidFrames(counts, there, positions < there.unsqueeze(1))  # (T,) < (B, 1) -> (B, T)


def without_padding(x: Tensor, mask: Tensor | None) -> Tensor:
    """Returns x (B, T, …) with zeros for invalid frames; not a product with 0, for padding may hold inf or nan."""
    return x if mask is None else x.masked_fill(~mask.view(*mask.shape, *[1] * (x.ndim - 2)), 0)


def last_frame(x: Tensor, valid: ValidFrames | None) -> Tensor:
    """Returns the last valid frame of each clip, (B, T, …) -> (B, …)."""
    if valid is None:
        return x[:, -1]
    return x[torch.arange(len(x), device=x.device), valid.lengths - 1]


def last_frames(past: Tensor, x: Tensor, valid: ValidFrames | None) -> Tensor:
    """Returns as many frames up to the last valid one as the past holds.

    Args:
        past: (B, P, …), the frames before x.
        x: (B, T, …).
        valid: Which frames of x are valid.

    Returns:
        (B, P, …).
    """
    both, num_past = torch.cat((past, x), dim=1), past.shape[1]  # (B, P + T, …)
    if valid is None:
        return both[:, both.shape[1] - num_past :]
    positions = valid.lengths.unsqueeze(1) + torch.arange(num_past, device=x.device)  # (B, 1) + (P,) -> (B, P)
    return both[torch.arange(len(x), device=x.device).unsqueeze(1), positions]
