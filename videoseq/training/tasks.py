"""What is learned: a task turns logits and targets into a loss and metrics."""

from collections.abc import Mapping

from torch import Tensor, nn
from torchmetrics import MetricCollection

from videoseq.training.losses import build_loss
from videoseq.training.metrics import classification_metrics
from videoseq.training.task_options import ClassificationOptions


class ClassificationTask(nn.Module):
    """One class per video.

    Args:
        options: The task's options.
        class_counts: Class name -> clips of it that training shows, in the order of the class ids.

    Raises:
        ConfigError: The options do not fit the classes.
    """

    def __init__(self, options: ClassificationOptions, class_counts: Mapping[str, float]) -> None:
        super().__init__()
        self.options = options
        self.num_classes = len(class_counts)
        self.criterion = build_loss(options.loss, class_counts)

    def loss_terms(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the loss of every sample, weighted already, and its weight, both (B,).

        The loss of a batch is the sum of the one divided by the sum of the other. With class ids that is torch's
        `cross_entropy`. With probabilities and class weights torch divides by B instead; here probabilities that are all on
        one class mean the same as its id.

        Args:
            logits: (B, K).
            targets: (B,) int64 class ids, or (B, K) float probabilities.
        """
        return self.criterion(logits, targets), self.criterion.sample_weights(targets)

    def metrics(self) -> MetricCollection:
        """Returns fresh metrics, fed with probs (B, K) and targets (B,)."""
        return classification_metrics(self.num_classes)
