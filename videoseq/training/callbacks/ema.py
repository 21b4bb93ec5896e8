"""An exponential moving average of the weights, which is what is validated and saved."""

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor


class WeightAverage(WeightAveraging):
    """Keeps `average = d * average + (1 - d) * weights` of the model, updated after every optimiser step.

    At step n = 1, 2, … d is `min(decay, (n - 1) / (n + 8))`: the first step's weights are taken as they are, and a short run
    is not ruled by them. BatchNorm's running figures are averaged likewise, since they belong to the weights that they were
    measured with; counters are copied. Training goes on with the weights themselves; validation, the checkpoints'
    `state_dict` and the module after the fit have the average.

    It must stand before any callback that saves at a batch's end: a file without the last step's update cannot be continued
    exactly.

    Args:
        decay: In (0, 1).
    """

    def __init__(self, decay: float) -> None:
        super().__init__(multi_avg_fn=self._update)
        self.decay = decay

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Brings the average to the device, where Lightning puts the module only after it was copied."""
        assert self._average_model is not None
        self._average_model.module.to(pl_module.device)

    def state_dict(self) -> dict[str, Any]:
        """Returns what a resumed run needs besides the tensors, the decay included."""
        return {**super().state_dict(), "decay": self.decay}

    def _update(self, averages: Any, weights: Any, num_averaged: Tensor | int) -> None:
        if not averages[0].is_floating_point():
            torch._foreach_copy_(averages, weights)
            return
        assert self._average_model is not None
        steps = int(self._average_model.n_averaged)  # it stays on the CPU: the copy that is handed over makes a GPU wait
        decay = min(self.decay, steps / (steps + 9))
        # Written as average + (1 - d) * (weights - average), so that what is frozen stays exactly as it is.
        torch._foreach_lerp_(averages, weights, 1 - decay)
