"""Metrics of classification, the same objects in training and in evaluation."""

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score


def classification_metrics(num_classes: int) -> MetricCollection:
    """Returns `accuracy`, `top5_accuracy` (of K classes where K < 5: always 1) and `f1_macro`, fed with probs or logits."""
    metrics: dict[str, Metric | MetricCollection] = {
        "accuracy": MulticlassAccuracy(num_classes, average="micro"),
        "top5_accuracy": MulticlassAccuracy(num_classes, average="micro", top_k=min(5, num_classes)),
        "f1_macro": MulticlassF1Score(num_classes, average="macro"),
    }
    return MetricCollection(metrics)


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
