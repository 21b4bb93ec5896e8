"""One class of a video."""

from collections.abc import Mapping

from torch import Tensor

from videoseq.training.losses import build_loss
from videoseq.training.task_options import ClassificationOptions
from videoseq.training.tasks.task import Task
from videoseq.types import TaskSpec


class ClassificationTask(Task[ClassificationOptions]):
    """One class of a video; see `Task`."""

    def __init__(
        self, options: ClassificationOptions, spec: TaskSpec, class_counts: Mapping[str, float], num_videos: float
    ) -> None:
        super().__init__(options, spec, class_counts, num_videos)
        self.criterion = build_loss(options.loss, class_counts)

    def loss_terms(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the loss of every clip and its weight, both (B,); see `Task.loss_terms`.

        With class ids that is torch's `cross_entropy`. With probabilities and class weights torch divides by B instead; here
        probabilities that are all on one class mean the same as its id.

        Args:
            logits: (B, K).
            targets: (B,) int64 class ids, or (B, K) float probabilities.
        """
        return self.criterion(logits, targets), self.criterion.sample_weights(targets)
