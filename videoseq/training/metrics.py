"""Metrics of classification, the same objects in training and in evaluation."""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from videoseq.reporting.reliability import NUM_BINS, Reliability, reliability


class CalibrationError(Metric):
    """Expected calibration error, see `Reliability.ece`, fed with probs (B, K) and targets (B,)."""

    higher_is_better = False
    full_state_update = False
    sums: Tensor

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.add_state("sums", torch.zeros(NUM_BINS, 3), dist_reduce_fx="sum")

    def update(self, probs: Tensor, targets: Tensor) -> None:
        """Adds a batch."""
        self.sums += reliability(probs, targets).sums

    def compute(self) -> Tensor:
        """Returns the error over all batches, a scalar."""
        return Reliability(self.sums).ece


def classification_metrics(num_classes: int) -> MetricCollection:
    """Returns `accuracy`, `top5_accuracy` (of K classes where K < 5: always 1), `f1_macro` and `ece`, all fed with probs."""
    alone: dict[str, Any] = {"sync_on_compute": False}  # `EpochFigures` puts those of several processes together
    # The checks of what comes in would make a GPU wait in every step.
    unchecked: dict[str, Any] = {**alone, "validate_args": False}
    metrics: dict[str, Metric | MetricCollection] = {
        "accuracy": MulticlassAccuracy(num_classes, average="micro", **unchecked),
        "top5_accuracy": MulticlassAccuracy(num_classes, average="micro", top_k=min(5, num_classes), **unchecked),
        "f1_macro": MulticlassF1Score(num_classes, average="macro", **unchecked),
        "ece": CalibrationError(**alone),
    }
    # No groups: torchmetrics would compute as one what happens to agree on the first batch, top 5 and macro F1 for example.
    return MetricCollection(metrics, compute_groups=False)


def evaluate_probs(probs: Tensor, targets: Tensor) -> dict[str, float]:
    """Returns the metrics of a whole split, the mean negative log-likelihood as `loss` included.

    Args:
        probs: (N, K) averaged probabilities.
        targets: (N,) int64 class ids.
    """
    metrics = classification_metrics(probs.shape[1])
    metrics.update(probs, targets)
    likelihood = probs[torch.arange(len(targets)), targets].clamp(min=1e-12)
    return {
        **{name: float(value) for name, value in metrics.compute().items()},
        "loss": float(-likelihood.log().mean()),
    }


def selection_score(value: float, loss: float) -> float:
    """Returns the figure by which checkpoints are ranked: `value`, larger is better, equal values ordered by the loss.

    The loss contributes less than 0.001, so it decides only between values that agree to three decimals: on few validation
    videos many epochs tie, and the first of them is the least trained.
    """
    return value - 1e-3 * (1 - 1 / (1 + loss))
