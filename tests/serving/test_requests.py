"""Which rows can be asked of which task: what would have no effect is refused."""

import pytest

from videoseq.errors import ConfigError
from videoseq.serving.requests import RowRequest
from videoseq.types import TaskSpec

CLASSIFICATION, MULTILABEL, REGRESSION = (TaskSpec(name) for name in ("classification", "multilabel", "regression"))
FRAMES, VALUES = TaskSpec("frames", per_frame=True), TaskSpec("regression", per_frame=True)


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        (FRAMES, {"windows": True}, "windows is for a model with one answer for a video"),
        (VALUES, {"num_clips": 2}, "num_clips is for a model with one answer for a video"),
        (FRAMES, {"num_crops": 3}, "Fix: leave num_crops out"),
        (VALUES, {"attention": True}, "Fix: leave attention out"),
        (CLASSIFICATION, {"attention": True, "num_clips": 2}, "attention is that to one view of a video"),
        (
            VALUES,
            {"min_seconds": 1},
            "min_seconds is for segments, the rows of a model of frames, but this is a regression model.",
        ),
        (MULTILABEL, {"min_seconds": 1}, "Fix: leave min_seconds out"),
        (
            FRAMES,
            {"min_seconds": 1, "frames": (1,)},
            "but this is a frames model asked for single frames. Fix: leave min_seconds",
        ),
        (FRAMES, {"step_seconds": 1}, "step_seconds is for a model with a value for every frame. Fix: leave step_seconds out"),
        (REGRESSION, {"step_seconds": 1}, "Fix: leave step_seconds out"),
        (
            VALUES,
            {"step_seconds": 1, "frames": (1,)},
            "step_seconds and frames each say which frames have a row. Fix: leave one",
        ),
        (MULTILABEL, {"top_k": 5}, "these are rows of a multilabel model. Fix: leave top_k out"),
        (REGRESSION, {"top_k": 1}, "these are rows of a regression model. Fix: leave top_k out"),
        (VALUES, {"top_k": 1, "frames": (1,)}, "these are rows of a regression model. Fix: leave top_k out"),
        (FRAMES, {"top_k": 2}, "these are segments. Fix: leave top_k out"),
        (CLASSIFICATION, {"window_seconds": 1}, "neither is asked for. Fix: leave window_seconds out, or add windows=true"),
        (FRAMES, {"window_seconds": 1}, "this model answers for every frame of whole videos. Fix: leave window_seconds out"),
        (FRAMES, {"window_seconds": 1, "frames": (1,)}, "this model answers for every frame of whole videos"),
        (
            REGRESSION,
            {"window_step_seconds": 1},
            "no windows are asked for. Fix: leave window_step_seconds out, or add windows=t",
        ),
        (CLASSIFICATION, {"window_step_seconds": 1, "frames": (1,)}, "no windows are asked for"),
        (VALUES, {"window_step_seconds": 1}, "no windows are asked for. Fix: leave window_step_seconds out"),
    ],
)
def test_what_has_no_effect_is_refused(task, options, message):
    with pytest.raises(ConfigError) as refused:
        RowRequest(**options).check(task)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("task", "options"),
    [
        (CLASSIFICATION, {"top_k": 2, "windows": True, "window_seconds": 1, "window_step_seconds": 1, "num_clips": 2}),
        (MULTILABEL, {"frames": (1,), "window_seconds": 1, "num_crops": 3}),
        (REGRESSION, {"windows": True, "attention": True}),
        (FRAMES, {"min_seconds": 1}),
        (FRAMES, {"frames": (1,), "top_k": 2}),
        (VALUES, {"step_seconds": 1}),
        (VALUES, {"frames": (1,)}),
    ],
)
def test_what_has_an_effect_is_taken(task, options):
    RowRequest(**options).check(task)
