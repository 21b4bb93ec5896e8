"""The base of every encoder: normalisation figures, freezing, and one forward."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self

import torch
from torch import Tensor, nn

from videoseq.errors import ModelError, suggest
from videoseq.models.options import EncoderOptions


class FrameEncoder(nn.Module, ABC):
    """A CNN that turns frames into features, one frame at a time.

    What is frozen is not trained, and its BatchNorm, Dropout and StochasticDepth stay in evaluation mode whatever
    `train()` is told; where all is frozen, no gradient is recorded.

    Attributes:
        trunk: The network; freezing and weights name its layers.
        feature_shape: Shape of one frame's features: (D,) or (D, h, w).
        mean: Per channel, (C, 1, 1) float, of frames scaled to [0, 1]; what the weights were trained with.
        std: Per channel, (C, 1, 1) float.
        is_frozen: Whether the whole encoder is frozen.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, trunk: nn.Module, feature_shape: tuple[int, ...], mean: tuple[float, ...], std: tuple[float, ...]
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.feature_shape = feature_shape
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))
        self.is_frozen = False
        self._frozen_modules: list[nn.Module] = []

    @abstractmethod
    def features(self, frames: Tensor) -> Tensor:
        """Returns the features of normalised frames: (N, C, H, W) float -> (N, *feature_shape)."""

    def forward(self, frames: Tensor) -> Tensor:
        """Encodes frames.

        Args:
            frames: (N, C, H, W) float, RGB scaled to [0, 1] and normalised with `mean` and `std`.

        Returns:
            Features, (N, D) or (N, D, h, w).
        """
        if not self.is_frozen:
            return self.features(frames)
        # Not inference_mode: its tensors cannot be saved for the backward pass of the head.
        with torch.no_grad():
            return self.features(frames)

    def freeze(self, options: EncoderOptions) -> None:
        """Freezes what `freeze` and `freeze_until` say.

        Raises:
            ModelError: `freeze_until` names no layer.
        """
        if options.freeze == "all":
            self.trunk.requires_grad_(False)
        elif options.freeze_until is not None:
            for parameter in self._parameters_until(options.freeze_until):
                parameter.requires_grad_(False)
            self._frozen_modules = list(self._modules_until(options.freeze_until))
        self.is_frozen = not any(parameter.requires_grad for parameter in self.trunk.parameters())
        if self.is_frozen:
            self._frozen_modules = list(self.children())
        self.train(self.training)

    def unfreeze(self) -> None:
        """Makes the whole encoder trainable again."""
        self.trunk.requires_grad_(True)
        self._frozen_modules = []
        self.is_frozen = False
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Switches to training or evaluation mode; what is frozen stays in evaluation mode."""
        super().train(mode)
        for module in self._frozen_modules:
            module.eval()
        return self

    def _modules_until(self, layer: str) -> Iterator[nn.Module]:
        """Yields the modules registered before a layer, and the layer, but none that also holds later ones."""
        names = [name for name, _ in self.trunk.named_modules() if name]
        if layer not in names:
            raise ModelError(f"model.encoder.freeze_until={layer}: the encoder has no such layer; {suggest(layer, names)}")
        for name, module in self.trunk.named_modules():
            if name and not layer.startswith(f"{name}."):
                yield module
            if name == layer:
                return

    def _parameters_until(self, layer: str) -> Iterator[nn.Parameter]:
        """Yields the parameters up to a layer, those included that its parents hold themselves (ViT's class token)."""
        for module in self._modules_until(layer):
            yield from module.parameters()
        for name, module in self.trunk.named_modules():
            if not name or layer.startswith(f"{name}."):
                yield from module.parameters(recurse=False)
