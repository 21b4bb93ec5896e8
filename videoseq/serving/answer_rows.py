"""What a model says about one video, or one frame, as columns of a row."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from videoseq.models.answers import claimed
from videoseq.serving.predictor import Predictor
from videoseq.types import TaskName

_USUAL_TOP_K = 5


def said(predictor: Predictor, answer: Tensor, top_k: int | None) -> dict[str, Any]:
    """Returns what a model says about a video or a frame.

    - classification and frames: `pred` and `prob`; `above_threshold`, whether `prob` reaches the threshold of its class, True
      where it has none; and `top`, the `top_k` likeliest classes as (label, probability), likeliest first.
    - multilabel: `preds`, the classes whose probability reaches their threshold, and `probs`, that of every class by its name.
    - regression: `value`, in the units of the data.

    Args:
        predictor: The model.
        answer: (K,) probabilities, or () of a value.
        top_k: How many classes are named; None is five.
    """
    return _SAID[predictor.loaded.config.task.name](predictor, answer, top_k)


def _one_class(predictor: Predictor, probs: Tensor, top_k: int | None) -> dict[str, Any]:
    top = _top(predictor, probs, top_k)
    best = int(probs.argmax())
    above = predictor.loaded.calibration.reaches(best, float(probs[best]))
    return {"pred": top[0][0], "prob": top[0][1], "above_threshold": above, "top": top}


def _several_classes(predictor: Predictor, probs: Tensor, top_k: int | None) -> dict[str, Any]:
    is_claimed = claimed(probs, predictor.loaded.calibration).tolist()
    names = predictor.loaded.config.class_names
    preds = [name for name, claims in zip(names, is_claimed, strict=True) if claims]
    return {"preds": preds, "probs": {name: round(prob, 6) for name, prob in zip(names, probs.tolist(), strict=True)}}


def _value(predictor: Predictor, value: Tensor, top_k: int | None) -> dict[str, Any]:
    return {"value": float(f"{float(value):.9g}")}


def _top(predictor: Predictor, probs: Tensor, top_k: int | None) -> list[tuple[str, float]]:
    names = predictor.loaded.config.class_names
    values, ids = probs.topk(min(top_k or _USUAL_TOP_K, len(names)))
    return [(names[k], round(value, 6)) for k, value in zip(ids.tolist(), values.tolist(), strict=True)]


_SAID: dict[TaskName, Callable[[Predictor, Tensor, int | None], dict[str, Any]]] = {
    "classification": _one_class,
    "multilabel": _several_classes,
    "frames": _one_class,
    "regression": _value,
}
