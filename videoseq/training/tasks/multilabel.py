"""Which classes occur in a video."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from videoseq.training.task_options import MultilabelOptions
from videoseq.training.tasks.task import Task
from videoseq.types import TaskSpec


class MultilabelTask(Task[MultilabelOptions]):
    """Which classes occur in a video; see `Task`."""

    pos_weight: Tensor

    def __init__(
        self, options: MultilabelOptions, spec: TaskSpec, class_counts: Mapping[str, float], num_videos: float
    ) -> None:
        super().__init__(options, spec, class_counts, num_videos)
        having = torch.tensor(list(class_counts.values()), dtype=torch.float32)  # (K,)
        # One where there is none, so that no weight is 0 or infinite.
        balance = (num_videos - having).clamp(min=1) / having.clamp(min=1)
        pos_weight = balance if options.loss.pos_weight == "auto" else torch.ones_like(having)
        self.register_buffer("pos_weight", pos_weight, persistent=False)

    def loss_terms(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the loss of every clip, the mean over its classes, and its weight, 1, both (B,); see `Task.loss_terms`.

        It is linear in the targets: that of a mixture of two clips is the mixture of their losses.

        Args:
            logits: (B, K).
            targets: (B, K) float, 1 where a class occurs, 0 where not, and shares of both where clips are mixed.
        """
        smoothing = self.options.loss.label_smoothing
        smoothed = (1 - smoothing) * targets + smoothing / 2
        losses = binary_cross_entropy_with_logits(logits.float(), smoothed, pos_weight=self.pos_weight, reduction="none")
        losses = losses.mean(1)  # (B, K) -> (B,)
        return losses, torch.ones_like(losses)
