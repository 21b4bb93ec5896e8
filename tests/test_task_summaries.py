"""What TensorBoard shows of a finished run of every task, and the experiment command on one."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

SHOWN = {
    "multilabel": {"val/per_class", "test/per_class", "test/lowest_loss", "test/highest_loss"},
    "regression": {"val/values", "test/values", "test/smallest_error", "test/largest_error"},
    "frames": {"val/per_class", "test/per_class", "val/timelines", "test/timelines"},
    "values": {"val/values", "test/values", "val/curves", "test/curves"},
}
CURVES = {"multilabel": ["left", "right"], "frames": ["left", "rest", "right"], "regression": [], "values": []}
HEADLINES = {"multilabel": "map", "regression": "r2", "frames": "f1_50", "values": "r2"}


@pytest.mark.parametrize("kind", sorted(SHOWN))
def test_tensorboard_shows_what_the_task_has(task_run, kind):
    events = EventAccumulator(str(task_run(kind) / "tensorboard"), size_guidance={"images": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    assert SHOWN[kind] <= set(tags["images"])
    for tag in SHOWN[kind]:
        assert events.Images(tag)[0].encoded_image_string.startswith(b"\x89PNG")
    assert {f"pr_test/{name}" for name in CURVES[kind]} <= set(tags["tensors"])
    assert f"final/test/{HEADLINES[kind]}" in tags["scalars"]
