"""The figures of an epoch: what every process has seen, put together once, at its end."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from videoseq.training import ranks
from videoseq.training.tasks import AnyTask

_FED_AT_ONCE = 1024
"""Clips that are kept until the metrics are told of them together: each time costs as much, and may make a GPU wait."""

_KEPT_NUMBERS = 2**18
"""Numbers of their answers that are kept until then: those of every frame of a clip are many."""


class MeanLoss(Metric):
    """Mean of the losses of clips or frames: their sum divided by that of their weights, however they came in batches.

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
        """Adds losses of a batch, weighted already, and their weights, both (M,)."""
        self.losses += losses.sum()
        self.weights += weights.sum()

    def compute(self) -> Tensor:
        """Returns the mean, a scalar."""
        return self.losses / self.weights


class EpochFigures(nn.Module):
    """Mean loss and metrics over the clips of an epoch, those of all processes.

    The processes may have seen different numbers of clips, also none: torchmetrics' own way would wait for them forever.

    Args:
        task: Has the metrics.
    """

    def __init__(self, task: AnyTask) -> None:
        super().__init__()
        self.metrics = task.metrics()
        self.loss = MeanLoss(sync_on_compute=False)
        self._labelled = task.labelled
        self._waiting: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []

    def update(self, losses: Tensor, weights: Tensor, answers: Tensor, targets: Tensor) -> None:
        """Adds the clips of a batch that this process has, one or more.

        Args:
            losses: (M,), weighted already, see `Task.loss_terms`.
            weights: (M,), what every loss counts.
            answers: (B, K) or (B,), or of every frame (B, T, K) or (B, T).
            targets: Those of the batch, those of frames without a label included.
        """
        # A copy: what a worker has sent keeps a file open for as long as it is there.
        self._waiting.append((losses, weights, answers, targets.clone()))
        kept_clips, kept_numbers = (sum(map(count, self._waiting)) for count in (_num_clips, _num_numbers))
        if kept_clips >= _FED_AT_ONCE or kept_numbers >= _KEPT_NUMBERS:
            self._feed()

    def _feed(self) -> None:
        if not self._waiting:
            return
        losses, weights = (torch.cat([waiting[i] for waiting in self._waiting]) for i in range(2))
        pairs = [self._labelled(answers, targets) for _, _, answers, targets in self._waiting]
        self._waiting = []
        answers, targets = (torch.cat(parts) for parts in zip(*pairs, strict=True))
        self.loss.update(losses, weights)
        if len(targets):
            self.metrics.update(answers, targets)

    def take(self) -> dict[str, float]:
        """Returns `loss` and the metrics by name, none where no process has seen a label, and starts anew."""
        self._feed()
        named: dict[str, Metric] = {"loss": self.loss, **dict(self.metrics.items())}
        has_seen = all(metric.update_called for metric in named.values())
        seen = [{name: deepcopy(metric).cpu() for name, metric in named.items()}] if has_seen else []
        for metric in named.values():
            metric.reset()
        everyone = ranks.gathered(seen)
        for those in everyone[1:]:
            for name, metric in everyone[0].items():
                metric.merge_state(those[name])
        return {name: float(metric.compute()) for name, metric in everyone[0].items()} if everyone else {}


def _num_clips(waiting: Sequence[Tensor]) -> int:
    return len(waiting[-1])


def _num_numbers(waiting: Sequence[Tensor]) -> int:
    return waiting[2].numel()
