"""Losses on raw logits, a value for every sample."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from videoseq.errors import ConfigError
from videoseq.training.task_options import FocalOptions, LossOptions


class Loss(nn.Module, ABC):
    """The loss of every sample of a batch, and how much each counts in the mean.

    Targets are class ids (B,) int64 or probabilities (B, K) float; probabilities that are all on one class mean the same as
    its id. The logit adjustment is added in training mode only.

    Args:
        options: The loss's options.
        class_counts: Class name -> clips of it that training shows, or its labelled seconds, in the order of the class ids.

    Raises:
        ConfigError: There are not as many class weights as classes.
    """

    class_weights: Tensor
    adjustment: Tensor

    def __init__(self, options: LossOptions, class_counts: Mapping[str, float]) -> None:
        super().__init__()
        self.label_smoothing = options.label_smoothing
        # Both follow from the options and the data, so a checkpoint need not hold them.
        self.register_buffer("class_weights", _class_weights(options, class_counts), persistent=False)  # (K,)
        adjustment = options.logit_adjustment * _counts(class_counts).div(sum(class_counts.values())).log()  # (K,)
        self.register_buffer("adjustment", adjustment, persistent=False)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Returns the loss of every sample, its class's weight included: logits (B, K) and targets -> (B,) float32."""
        logits = logits.float()
        return self.values(logits + self.adjustment if self.training else logits, targets)

    def sample_weights(self, targets: Tensor) -> Tensor:
        """Returns what every sample counts, (B,): the weight of its class, for probabilities the expected one."""
        return self.class_weights[targets] if targets.ndim == 1 else targets @ self.class_weights

    @abstractmethod
    def values(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Returns the loss of every sample, (B,), from logits that are adjusted already."""


class CrossEntropy(Loss):
    """Cross-entropy; see `Loss`."""

    def values(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Returns `-sum_k w_k q_k log p_k` of every sample, q the smoothed targets, p the softmax."""
        smoothing = self.label_smoothing
        return functional.cross_entropy(logits, targets, self.class_weights, reduction="none", label_smoothing=smoothing)


class Focal(Loss):
    """Focal loss of Lin et al. 2017 (eq. 4), with a softmax over the classes; see `Loss`.

    It is linear in the targets, as cross-entropy is: that of a mixture of two targets is the mixture of their losses.

    Args:
        options: The loss's options.
        class_counts: Class name -> clips of it that training shows, in the order of the class ids.
    """

    def __init__(self, options: FocalOptions, class_counts: Mapping[str, float]) -> None:
        super().__init__(options, class_counts)
        self.gamma = options.gamma

    def values(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Returns `-sum_k w_k q_k (1 - p_k)^gamma log p_k` of every sample, q the smoothed targets, p the softmax."""
        num_classes = logits.shape[1]
        probs = functional.one_hot(targets, num_classes) if targets.ndim == 1 else targets  # (B, K)
        smoothed = (1 - self.label_smoothing) * probs + self.label_smoothing / num_classes
        log_probs = logits.log_softmax(1)
        # At p = 1 the slope of (1 - p)^gamma is infinite for gamma < 1, and infinity times log p = 0 is no number.
        difficulty = (1 - log_probs.exp()).clamp(min=torch.finfo(torch.float32).tiny) ** self.gamma
        return -(self.class_weights * smoothed * difficulty * log_probs).sum(1)  # (B, K) -> (B,)


_LOSSES: dict[str, type[CrossEntropy] | type[Focal]] = {"cross_entropy": CrossEntropy, "focal": Focal}


def build_loss(options: LossOptions, class_counts: Mapping[str, float]) -> Loss:
    """Returns the loss that options ask for.

    Args:
        options: One of the classes in `options.LOSSES`.
        class_counts: Class name -> clips of it that training shows, in the order of the class ids.

    Raises:
        ConfigError: There are not as many class weights as classes.
    """
    return _LOSSES[options.name](options, class_counts)  # type: ignore[arg-type]


def _class_weights(options: LossOptions, class_counts: Mapping[str, float]) -> Tensor:
    if options.class_weights == "none":
        return torch.ones(len(class_counts))
    if options.class_weights == "auto":
        return sum(class_counts.values()) / (len(class_counts) * _counts(class_counts))
    if len(options.class_weights) != len(class_counts):
        raise ConfigError(
            f"task.loss.class_weights has {len(options.class_weights)} numbers for {len(class_counts)} classes; "
            f"expected one each, in this order: {', '.join(class_counts)}"
        )
    return torch.tensor(options.class_weights)


def _counts(class_counts: Mapping[str, float]) -> Tensor:
    """Returns what there is of every class, (K,); 1 where nothing, so that no weight or logarithm is infinite."""
    counts = torch.tensor(list(class_counts.values()), dtype=torch.float32)
    return counts.where(counts > 0, 1)
