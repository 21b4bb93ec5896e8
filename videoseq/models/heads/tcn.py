"""Causal convolutions over time."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from videoseq.models.heads.sequence import SequencePart
from videoseq.models.heads.valid import ValidFrames, last_frames
from videoseq.models.options import TCNHeadOptions
from videoseq.models.pooling import State


class TCN(SequencePart):
    """A temporal convolutional network (Bai et al. 2018, section 3), without their weight normalisation.

    Block i, from 0, has two convolutions over `kernel_size` frames that lie 2^i apart, the present one the latest, each with
    ReLU and dropout. Before the first frame of a video stand zeros, in each convolution. The state holds the latest inputs of
    each convolution, (1, B, (kernel_size - 1) * 2^i, ·).

    Args:
        options: What to build.
        size: D.
    """

    def __init__(self, options: TCNHeadOptions, size: int) -> None:
        super().__init__()
        sizes = [size, *[options.hidden_size] * options.num_layers]
        self.blocks = nn.ModuleList(_Block(options, given, level) for level, given in enumerate(sizes[:-1]))
        self.size = options.hidden_size
        self.num_tensors = 2 * options.num_layers

    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        """Runs over frames; see `SequencePart.forward`."""
        new_state: State = ()
        for level, block in enumerate(self.blocks):
            x, pasts = block(x, valid, None if state is None else state[2 * level : 2 * level + 2])
            new_state += pasts
        return x, new_state


class _Block(nn.Module):
    def __init__(self, options: TCNHeadOptions, size: int, level: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size) if options.layer_norm and level > 0 else nn.Identity()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(given, options.hidden_size, options.kernel_size, dilation=2**level)
            for given in (size, options.hidden_size)
        )
        self.dropout = nn.Dropout(options.dropout)
        self.shortcut: nn.Module | None = None
        if options.residual:
            same = size == options.hidden_size
            self.shortcut = nn.Identity() if same else nn.Linear(size, options.hidden_size, bias=False)

    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        made, pasts = self.norm(x), []
        for position, module in enumerate(self.convolutions):
            convolution = cast(nn.Conv1d, module)
            num_past = (convolution.kernel_size[0] - 1) * convolution.dilation[0]
            past = (
                made.new_zeros(len(made), num_past, made.shape[2])
                if state is None
                else state[position].squeeze(0).to(made.dtype)
            )
            pasts.append(last_frames(past, made, valid).unsqueeze(0))
            frames = torch.cat((past, made), dim=1).transpose(1, 2)  # (B, P + T, D) -> (B, D, P + T)
            made = self.dropout(functional.relu(convolution(frames).transpose(1, 2)))  # (B, S, T) -> (B, T, S)
        if self.shortcut is not None:
            made = functional.relu(made + self.shortcut(x))
        return made, tuple(pasts)
