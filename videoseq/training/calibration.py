"""Fitting a calibration: a temperature, and the probability from which each class is claimed."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from videoseq.models.answers import answers_of
from videoseq.models.calibration import Calibration
from videoseq.types import TaskSpec

MIN_VIDEOS = 20
"""Fewer validation videos than these fit no calibration: on average it would then make new probabilities worse."""

MIN_FRAMES = 500
"""The same of labelled frames, which say less each: those of a video are alike."""

MOST_FRAMES = 50_000
"""More labelled frames are thinned out to these at the most, evenly: the temperature is known well enough by then."""

LOWEST_TEMPERATURE = 0.25
HIGHEST_TEMPERATURE = 10.0
_HALVINGS = 60


def fit_calibration(logits: Tensor, targets: Tensor, task: TaskSpec) -> Calibration | None:
    """Returns the calibration of a model.

    Of classification and multilabel that is a temperature and a threshold of each class; of frames a temperature alone, as the
    likeliest class of every frame is what is predicted.

    Args:
        logits: (N, K), of one view of each validation video, or of its frames that have a label.
        targets: (N,) int64 class ids, or of multilabel (N, K) float.
        task: What they mean.

    Returns:
        None for a regression; where there are fewer videos than `MIN_VIDEOS`, or frames than `MIN_FRAMES`; and where logits are
        no numbers.
    """
    if not task.has_classes or len(targets) < least_number(task) or not logits.isfinite().all():
        return None
    if task.per_frame:
        step = -(-len(targets) // MOST_FRAMES)
        return Calibration(fit_temperature(logits[::step], targets[::step]))
    if task.name == "multilabel":
        temperature = fit_label_temperature(logits, targets)
        classes = targets > 0.5  # (N, K)
    else:
        temperature = fit_temperature(logits, targets)
        classes = one_hot(targets, logits.shape[1]) > 0
    return Calibration(temperature, fit_thresholds(answers_of(logits, task, Calibration(temperature)), classes))


def least_number(task: TaskSpec) -> int:
    """Returns how many validation videos, or of a task with an answer for each frame labelled frames, fit a calibration."""
    return MIN_FRAMES if task.per_frame else MIN_VIDEOS


def fit_temperature(logits: Tensor, targets: Tensor) -> float:
    """Returns the temperature T that minimises the mean negative log-likelihood of softmax(logits / T).

    The likelihood is convex in 1 / T (Guo et al. 2017, section 4.2), so the sign of its slope leads to the one minimum: the
    interval of log T is halved, always in the same steps. The slope in 1 / T is the mean of what the logits are expected to
    be, under the probabilities, less the logit of the target.

    T lies in [`LOWEST_TEMPERATURE`, `HIGHEST_TEMPERATURE`]. Where every video is recognised it is at least 1: without an
    error the likelihood always gains from sharper probabilities, which shows nothing about how sure the model may be.

    Args:
        logits: (N, K), finite.
        targets: (N,) int64 class ids.
    """
    logits = logits.double()
    wanted = logits.gather(1, targets[:, None])[:, 0]  # (N,)

    def is_too_sharp(temperature: float) -> bool:
        expected = ((logits / temperature).softmax(1) * logits).sum(1)  # (N,)
        return bool((expected - wanted).mean() > 0)

    return _halved(is_too_sharp, all_right=bool((logits.argmax(1) == targets).all()))


def fit_label_temperature(logits: Tensor, targets: Tensor) -> float:
    """Returns the temperature T that minimises the mean binary cross-entropy of sigmoid(logits / T); see `fit_temperature`.

    The slope in 1 / T is the mean of the logits, each times its probability less its target.

    Args:
        logits: (N, K), finite.
        targets: (N, K) float, 1 where a class occurs.
    """
    logits, targets = logits.double(), targets.double()

    def is_too_sharp(temperature: float) -> bool:
        return bool((((logits / temperature).sigmoid() - targets) * logits).mean() > 0)

    return _halved(is_too_sharp, all_right=bool(((logits > 0) == (targets > 0.5)).all()))


def _halved(is_too_sharp: Callable[[float], bool], *, all_right: bool) -> float:
    low, high = (1.0 if all_right else LOWEST_TEMPERATURE), HIGHEST_TEMPERATURE
    if not is_too_sharp(low):
        return low
    if is_too_sharp(high):
        return high
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if is_too_sharp(middle) else (low, middle)
    return math.sqrt(low * high)


def fit_thresholds(probs: Tensor, classes: Tensor) -> tuple[float | None, ...]:
    """Returns for every class the probability from which claiming it gives the largest F1 of that class against the rest.

    A class is claimed where its probability is at least the threshold, whether or not another is likelier. A threshold
    stands in the middle between two neighbouring probabilities of the videos; below the least of them it is 0, which claims
    all. Of equal F1 the highest is taken: the one that claims least. A class that no video has gets None.

    Args:
        probs: (N, K).
        classes: (N, K) bool, which videos have which class.
    """
    return tuple(_threshold(*column) for column in zip(probs.double().T, classes.T, strict=True))


def _threshold(probs: Tensor, is_class: Tensor) -> float | None:
    """Returns the threshold of one class from its probabilities (N,) and whether each video is of it (N,)."""
    if not is_class.any():
        return None
    values, order = probs.sort(descending=True)  # (N,)
    claimed = torch.arange(1, len(values) + 1)
    f1 = 2 * is_class[order].cumsum(0) / (claimed + is_class.sum())  # (N,), where the first 1, 2, … N videos are claimed
    between_equals = torch.cat([values[:-1] == values[1:], torch.tensor([False])])
    last = int(f1.masked_fill(between_equals, -1).argmax())  # of equal ones the first
    return float((values[last] + values[last + 1]) / 2) if last + 1 < len(values) else 0.0
