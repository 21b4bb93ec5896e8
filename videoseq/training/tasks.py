"""What is learned: a task turns logits and targets into a loss and metrics."""

from collections.abc import Sequence

from torch import Tensor, nn
from torchmetrics import MetricCollection

from videoseq.training.losses import build_loss
from videoseq.training.metrics import classification_metrics
from videoseq.training.options import ClassificationOptions


class ClassificationTask(nn.Module):
    """One class per video.

    Args:
        options: The task's options.
        class_counts: Videos of each class in the training split.
    """

    def __init__(self, options: ClassificationOptions, class_counts: Sequence[int]) -> None:
        super().__init__()
        self.num_classes = len(class_counts)
        self.criterion = build_loss(options.loss, class_counts)

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Returns the scalar loss of logits (B, K) and targets (B,)."""
        result: Tensor = self.criterion(logits, targets)
        return result

    def metrics(self) -> MetricCollection:
        """Returns fresh metrics, fed with logits (B, K) and targets (B,)."""
        return classification_metrics(self.num_classes)
