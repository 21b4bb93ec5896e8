"""Several processes that step as one: Lightning's data-parallel strategy, kept informed of what is trained."""

from typing import Any

import pytorch_lightning as pl
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning.strategies import DDPStrategy


class DataParallel(DDPStrategy):
    """Averages the gradients of all processes of a group that is there already, also of parameters that are unfrozen later.

    torch averages what needed a gradient when the module was wrapped. So the module is wrapped anew whenever that has
    changed, which costs nothing in between; finding unused parameters would cost a walk through the graph in every step.

    Args:
        find_unused_parameters: Whether a step may leave parameters unused.
    """

    def __init__(self, *, find_unused_parameters: bool) -> None:
        # The number of a process stands in LOCAL_RANK, whoever started it.
        super().__init__(cluster_environment=LightningEnvironment(), find_unused_parameters=find_unused_parameters)
        self._trained: list[bool] = []

    def configure_ddp(self) -> None:
        """Wraps the module."""
        super().configure_ddp()
        self._trained = self._needing_gradients()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Wraps the module for the parameters that are trained in the step; Lightning asks the module first.

        Not in `training_step`: where batches accumulate, the wrapper that is there then is told what to send and when.
        """
        if self._needing_gradients() != self._trained:
            self.model = self.lightning_module
            self.configure_ddp()

    def _needing_gradients(self) -> list[bool]:
        module = self.lightning_module
        assert isinstance(module, pl.LightningModule)
        return [parameter.requires_grad for parameter in module.parameters()]
