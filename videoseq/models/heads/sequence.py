"""What stands between the features of frames and their classifier: layers over time, and a stack of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from videoseq.models.heads.valid import ValidFrames
from videoseq.models.pooling import State


class SequencePart(nn.Module, ABC):
    """Turns frames (B, T, …, D) into frames (B, T, …, S), each informed by others.

    Attributes:
        size: S.
        num_tensors: Tensors of the state, each (·, B, …); zeros at the start of a video.
    """

    size: int
    num_tensors: int

    @abstractmethod
    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        """Runs over frames.

        Args:
            x: (B, T, …, D) float, finite also where a frame is invalid.
            valid: Which frames are valid; None: all.
            state: What the call on the preceding frames returned; None at the start of a video.

        Returns:
            (B, T, …, S), finite, and the state after the last valid frame of each clip.
        """


class NoLayers(SequencePart):
    """Leaves every frame to itself.

    Args:
        size: D, which is S.
    """

    num_tensors = 0

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        """Returns the frames as they are; see `SequencePart.forward`."""
        return x, ()


class Stack(SequencePart):
    """Layers of one kind on top of each other, with dropout between them.

    A state tensor holds those of all layers: (L, B, …).

    Args:
        build: Builds a layer by the size of what it gets.
        num_layers: L.
        size: D of what the first layer gets.
        residual: Whether what a layer gets is added to what it gives, through a linear map where the sizes differ.
        layer_norm: Whether what a layer gets from another is normalised.
        dropout: Share that is zeroed between layers in training.
    """

    def __init__(
        self,
        build: Callable[[int], SequencePart],
        num_layers: int,
        size: int,
        *,
        residual: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.layers, self.norms, self.shortcuts = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.num_tensors, self.residual = 0, residual
        for position in range(num_layers):
            layer = build(size)
            self.layers.append(layer)
            self.norms.append(nn.LayerNorm(size) if layer_norm and position > 0 else nn.Identity())
            if residual:
                self.shortcuts.append(nn.Identity() if size == layer.size else nn.Linear(size, layer.size, bias=False))
            size, self.num_tensors = layer.size, layer.num_tensors
        self.dropout = nn.Dropout(dropout)
        self.size = size

    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        """Runs over frames; see `SequencePart.forward`."""
        states = []
        for position, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            given = None if state is None else tuple(tensor[position : position + 1] for tensor in state)
            made, layer_state = layer(norm(x), valid, given)  # (B, T, …, D) -> (B, T, …, S)
            if position + 1 < len(self.layers):
                made = self.dropout(made)
            x = made + self.shortcuts[position](x) if self.residual else made
            states.append(layer_state)
        return x, tuple(torch.cat(tensors) for tensors in zip(*states, strict=True))
