"""The base of every encoder: normalisation figures, freezing, and one forward."""

from abc import ABC, abstractmethod
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from videoseq.errors import ModelError
from videoseq.models.freezing import Freezing
from videoseq.models.options import EncoderOptions


class FrameEncoder(nn.Module, ABC):
    """A CNN that turns frames into features, one frame at a time.

    What is frozen is not trained, and its BatchNorm, Dropout and StochasticDepth stay in evaluation mode whatever
    `train()` is told; where all is frozen, no gradient is recorded. What is frozen is a function of the epoch.

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
        self._num_frozen = -1
        self._still_modules: list[str] = []
        self._freeze_batchnorm = False

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
        """Freezes what the options say for the first epoch, and keeps what they say for later ones.

        Raises:
            ModelError: `freeze_until` or `unfreeze_at_epoch` names no layer; a stage unfreezes nothing; `freeze_batchnorm`
                without BatchNorm.
        """
        if options.freeze_batchnorm:
            self._require_batchnorm("model.encoder.freeze_batchnorm=true")
        self._freezing = Freezing(self.trunk, options)
        self._freeze_batchnorm = options.freeze_batchnorm
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Freezes what is frozen in an epoch, counted from 0, and makes the rest trainable.

        It depends on nothing but the epoch, and costs next to nothing where the frozen part stays as it is.
        """
        num_frozen = self._freezing.num_frozen(epoch)
        if num_frozen == self._num_frozen:
            return
        self._num_frozen = num_frozen
        self._still_modules = self._freezing.still_modules(num_frozen)
        for position, module in enumerate(self.trunk.modules()):
            is_trained = position >= num_frozen and not (self._freeze_batchnorm and isinstance(module, _BatchNorm))
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(is_trained)
        self.is_frozen = not any(parameter.requires_grad for parameter in self.trunk.parameters())
        self.train(self.training)

    @property
    def trains_batchnorm(self) -> bool:
        """Whether BatchNorm takes its figures from the batch in some epoch."""
        trained = list(self.trunk.modules())[self._freezing.num_always_frozen :]
        return not self._freeze_batchnorm and any(isinstance(module, _BatchNorm) for module in trained)

    def synchronise_batchnorm(self) -> None:
        """Makes BatchNorm take its figures from the frames of all processes that train together; what is frozen stays so.

        Raises:
            ModelError: There is no BatchNorm.
        """
        self._require_batchnorm("trainer.sync_batchnorm=true")
        self.trunk = self._with_synchronised_batchnorm()

    def _with_synchronised_batchnorm(self) -> nn.Module:
        return nn.SyncBatchNorm.convert_sync_batchnorm(self.trunk)  # type: ignore[no-untyped-call, no-any-return]

    def _require_batchnorm(self, option: str) -> None:
        if not any(isinstance(module, _BatchNorm) for module in self.trunk.modules()):
            raise ModelError(f"{option} changes nothing: the encoder has no BatchNorm; leave it out")

    def train(self, mode: bool = True) -> Self:
        """Switches to training or evaluation mode; what is frozen stays in evaluation mode."""
        super().train(mode)
        # By name and kind, not by reference: synchronised BatchNorm takes the place of the modules that were built.
        for name in self._still_modules:
            self.trunk.get_submodule(name).eval()
        for module in self.trunk.modules():
            if self._freeze_batchnorm and isinstance(module, _BatchNorm):
                module.eval()
        for module in self.children() if self.is_frozen else ():
            module.eval()
        return self
