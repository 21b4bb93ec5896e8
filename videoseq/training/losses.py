"""Losses on raw logits."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from videoseq.training.options import CrossEntropyOptions


def build_loss(options: CrossEntropyOptions, class_counts: Sequence[int]) -> nn.Module:
    """Returns the loss `(logits (B, K), targets (B,) int64) -> scalar` that options ask for.

    Args:
        options: Name and settings.
        class_counts: Videos of each class in the training split.
    """
    weights = balanced_weights(class_counts) if options.class_weights == "balanced" else None
    return nn.CrossEntropyLoss(weight=weights, label_smoothing=options.label_smoothing)


def balanced_weights(class_counts: Sequence[int]) -> Tensor:
    """Returns num_videos / (num_classes * videos of the class) for every class, (K,), zero for a class without videos."""
    counts = torch.tensor(class_counts, dtype=torch.float32)  # (K,)
    return torch.where(counts > 0, counts.sum() / (len(counts) * counts.clamp(min=1)), 0.0)
