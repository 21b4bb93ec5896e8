"""What every task can do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from torch import Tensor, nn
from torchmetrics import MetricCollection

from videoseq.models.answers import answers_of
from videoseq.training.metrics import build_metrics, labelled
from videoseq.training.task_options import TaskOptions
from videoseq.types import TaskSpec

OptionsT = TypeVar("OptionsT", bound=TaskOptions)


class Task(nn.Module, ABC, Generic[OptionsT]):
    """Turns logits and targets into a loss, answers and metrics.

    Args:
        options: The task's options.
        spec: What the outputs mean.
        class_counts: Name of each output -> what training shows of it, see `build_task`.
        num_videos: Clips that training shows.

    Raises:
        ConfigError: The options do not fit the classes.
    """

    def __init__(self, options: OptionsT, spec: TaskSpec, class_counts: Mapping[str, float], num_videos: float) -> None:
        super().__init__()
        self.options = options
        self.spec = spec
        self.num_outputs = len(class_counts)

    @abstractmethod
    def loss_terms(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Returns losses, weighted already, and their weights, both (M,): of B clips, or of B * T frames.

        The loss of a batch is the sum of the one divided by the sum of the other, see `ranks.mean`. What has no label has
        loss and weight 0: a batch without any has loss 0, and gradients of 0.

        Args:
            logits: (B, K), or (B, T, K) where every frame has an answer.
            targets: Those of a batch.
        """

    def answers(self, logits: Tensor) -> Tensor:
        """Returns probabilities or values, uncalibrated, see `answers_of`."""
        return answers_of(logits, self.spec)

    def labelled(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the M answers, (M, K) or (M,), that have a target, and these; see `metrics.labelled`."""
        return labelled(answers, targets, self.spec)

    def metrics(self) -> MetricCollection:
        """Returns fresh metrics, fed with what `labelled` returns."""
        return build_metrics(self.spec, self.num_outputs)


AnyTask = Task[Any]
"""A task of whatever options."""
