"""What a model says about a video, from its logits: the one place where probabilities and values are made of them."""

from torch import Tensor

from videoseq.models.calibration import Calibration
from videoseq.types import TaskSpec


def answers_of(logits: Tensor, task: TaskSpec, calibration: Calibration = Calibration()) -> Tensor:  # noqa: B008
    """Returns the answers to logits, float32.

    Args:
        logits: (B, K), or (B, T, K) of a task with an answer for each frame; any leading dimensions go.
        task: What they mean.
        calibration: Its temperature divides the logits of classes; values have none.

    Returns:
        Of classification and frames the softmax over the K classes, of multilabel the sigmoid of each, both of the shape of
        the logits. Of a regression, whose K is 1, the values in the units of its data, (B,) or (B, T).
    """
    logits = logits.float()
    if not task.has_classes:
        return task.mean + task.std * logits[..., 0]
    logits = logits / calibration.temperature
    return logits.sigmoid() if task.name == "multilabel" else logits.softmax(-1)


def claimed(probs: Tensor, calibration: Calibration = Calibration()) -> Tensor:  # noqa: B008
    """Says which classes a multilabel model claims: those whose probability reaches their threshold, 0.5 where none is fitted.

    Args:
        probs: (…, K).
        calibration: Its thresholds.

    Returns:
        (…, K) bool.
    """
    thresholds = calibration.thresholds or (None,) * probs.shape[-1]
    return probs >= probs.new_tensor([0.5 if threshold is None else threshold for threshold in thresholds])
