"""The figures of an epoch: what every process has seen, put together once, at its end."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from videoseq.training import ranks

_FED_AT_ONCE = 1024
"""Clips that are kept until the metrics are told of them together: each time costs as much, and may make a GPU wait."""


class MeanLoss(Metric):
    """Mean of the losses of clips: their sum divided by that of their weights, however they came in batches.

    torchmetrics' `MeanMetric` looks for NaN, or forgets the weights.
    """

    higher_is_better = False
    full_state_update = False
    losses: Tensor
    weights: Tensor

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.add_state("losses", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("weights", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, losses: Tensor, weights: Tensor) -> None:
        """Adds the loss of every clip of a batch, weighted already, and its weight, both (B,)."""
        self.losses += losses.sum()
        self.weights += weights.sum()

    def compute(self) -> Tensor:
        """Returns the mean, a scalar."""
        return self.losses / self.weights


class EpochFigures(nn.Module):
    """Mean loss and metrics over the clips of an epoch, those of all processes.

    The processes may have seen different numbers of clips, also none: torchmetrics' own way would wait for them forever.

    Args:
        metrics: Fed with probs (B, K) and targets (B,).
    """

    def __init__(self, metrics: MetricCollection) -> None:
        super().__init__()
        self.metrics = metrics
        self.loss = MeanLoss(sync_on_compute=False)
        self._waiting: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []

    def update(self, losses: Tensor, weights: Tensor, probs: Tensor, targets: Tensor) -> None:
        """Adds the clips of a batch that this process has, one or more.

        Args:
            losses: (B,), weighted already.
            weights: (B,), what every loss counts.
            probs: (B, K).
            targets: (B,) int64 class ids.
        """
        # A copy: what a worker has sent keeps a file open for as long as it is there.
        self._waiting.append((losses, weights, probs, targets.clone()))
        if sum(len(clips) for *_, clips in self._waiting) >= _FED_AT_ONCE:
            self._feed()

    def _feed(self) -> None:
        if not self._waiting:
            return
        losses, weights, probs, targets = (torch.cat(parts) for parts in zip(*self._waiting, strict=True))
        self._waiting = []
        self.metrics.update(probs, targets)
        self.loss.update(losses, weights)

    def take(self) -> dict[str, float]:
        """Returns `loss` and the metrics by name, none where no process has seen a clip, and starts anew."""
        self._feed()
        named: dict[str, Metric] = {"loss": self.loss, **dict(self.metrics.items())}
        seen = [{name: deepcopy(metric).cpu() for name, metric in named.items()}] if self.loss.update_called else []
        for metric in named.values():
            metric.reset()
        everyone = ranks.gathered(seen)
        for those in everyone[1:]:
            for name, metric in everyone[0].items():
                metric.merge_state(those[name])
        return {name: float(metric.compute()) for name, metric in everyone[0].items()} if everyone else {}
