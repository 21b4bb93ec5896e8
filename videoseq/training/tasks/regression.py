"""A value of a video, or of every frame."""

from collections.abc import Callable, Mapping

from torch import Tensor
from torch.nn.functional import huber_loss, l1_loss, mse_loss

from videoseq.training.task_options import HuberOptions, RegressionOptions, ValueLossOptions
from videoseq.training.tasks.task import Task
from videoseq.types import TaskSpec

ValueLoss = Callable[[Tensor, Tensor], Tensor]


def _huber(options: ValueLossOptions) -> ValueLoss:
    assert isinstance(options, HuberOptions)
    return lambda values, targets: huber_loss(values, targets, reduction="none", delta=options.delta)


_LOSSES: dict[str, Callable[[ValueLossOptions], ValueLoss]] = {
    "mse": lambda _: lambda values, targets: mse_loss(values, targets, reduction="none"),
    "mae": lambda _: lambda values, targets: l1_loss(values, targets, reduction="none"),
    "huber": _huber,
}


class RegressionTask(Task[RegressionOptions]):
    """A value of a video, or of every frame, standardised by the mean and deviation of its `spec`; see `Task`."""

    def __init__(
        self, options: RegressionOptions, spec: TaskSpec, class_counts: Mapping[str, float], num_videos: float
    ) -> None:
        super().__init__(options, spec, class_counts, num_videos)
        self.criterion = _LOSSES[options.loss.name](options.loss)

    def loss_terms(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the loss of every value and its weight, both (B,) or (B * T,); see `Task.loss_terms`.

        Args:
            logits: (B, 1) or (B, T, 1), standardised values.
            targets: (B,) or (B, T) float in units, NaN where there is none.
        """
        values, targets = logits.float().flatten(), targets.flatten()
        is_labelled = ~targets.isnan()
        standardised = ((targets - self.spec.mean) / self.spec.std).where(is_labelled, 0)
        losses = self.criterion(values, standardised).where(is_labelled, 0)
        return losses, is_labelled.to(losses.dtype)
