"""One class of every frame."""

from collections.abc import Mapping

from torch import Tensor

from videoseq.training.losses import build_loss
from videoseq.training.task_options import FramesOptions
from videoseq.training.tasks.task import Task
from videoseq.types import IGNORED, TaskSpec


class FramesTask(Task[FramesOptions]):
    """One class of every frame; see `Task`."""

    def __init__(self, options: FramesOptions, spec: TaskSpec, class_counts: Mapping[str, float], num_videos: float) -> None:
        super().__init__(options, spec, class_counts, num_videos)
        self.criterion = build_loss(options.loss, class_counts)

    def loss_terms(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the loss of every frame and its weight, both (B * T,); see `Task.loss_terms`.

        Args:
            logits: (B, T, K).
            targets: (B, T) int64 class ids, `IGNORED` where a frame has none.
        """
        targets = targets.flatten()  # (B, T) -> (B * T,)
        is_labelled = targets != IGNORED
        ids = targets.clamp(min=0)
        # Nothing is picked out: how many frames have a label stands on the device, and a step does not wait for it.
        losses = self.criterion(logits.flatten(0, 1), ids).where(is_labelled, 0)
        return losses, self.criterion.sample_weights(ids) * is_labelled
