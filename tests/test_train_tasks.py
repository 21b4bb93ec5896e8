"""A run of every task, from videos and labels to metrics, pictures and a checkpoint that knows what it says."""

import math

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.commands import only_run, read_json, run
from tests.task_data import TASKS
from tests.task_runs import task_words
from videoseq.models.checkpoint import load_checkpoint
from videoseq.types import TaskSpec

SPECS = {
    "multilabel": TaskSpec("multilabel"),
    "frames": TaskSpec("frames", per_frame=True, background="rest"),
    "regression": TaskSpec("regression"),
    "values": TaskSpec("regression", per_frame=True),
}
NAMES = {
    "multilabel": ("left", "right"),
    "frames": ("left", "rest", "right"),
    "regression": ("value",),
    "values": ("value",),
}
FIGURES = {
    "multilabel": {"loss", "map", "f1_macro", "f1_micro"},
    "frames": {"loss", "accuracy", "f1_macro"},
    "regression": {"loss", "mae", "rmse", "r2"},
    "values": {"loss", "mae", "rmse", "r2"},
}
OF_SEGMENTS = {"edit", "f1_10", "f1_25", "f1_50"}
PICTURES = {
    "multilabel": "val/classes",
    "frames": "val/confusion_matrix",
    "regression": "val/scatter",
    "values": "val/scatter",
}
pytestmark = pytest.mark.parametrize("kind", TASKS)


def events_of(folder):
    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    return events


def test_a_run_has_the_figures_of_its_task(task_run, kind):
    metrics = read_json(task_run(kind) / "metrics.json")
    assert set(metrics["train"]) == FIGURES[kind]
    measured = FIGURES[kind] - {"loss"} | (OF_SEGMENTS if kind == "frames" else set())
    for split in ("val", "test"):
        assert measured <= set(metrics[split])
        assert all(math.isfinite(metrics[split][name]) for name in measured)


def test_its_checkpoint_knows_the_task(task_run, kind):
    loaded = load_checkpoint(task_run(kind) / "checkpoints" / "best.ckpt")
    config = loaded.config
    assert config.class_names == NAMES[kind]
    assert (config.task.name, config.task.per_frame) == (SPECS[kind].name, SPECS[kind].per_frame)
    assert config.task.background == SPECS[kind].background
    if config.task.has_classes:
        assert (config.task.mean, config.task.std) == (0.0, 1.0)
    else:  # steps of -3 to 3 pixels, those of a video on average
        assert abs(config.task.mean) < 1
        assert 0.5 < config.task.std < 3
    logits, _ = loaded.model(torch.zeros(2, 5, 3, 16, 16, dtype=torch.uint8), torch.tensor([5, 3]))
    assert logits.shape == ((2, 5, len(NAMES[kind])) if config.task.per_frame else (2, len(NAMES[kind])))


def test_every_epoch_has_its_picture(task_run, kind):
    events = events_of(task_run(kind))
    assert len(events.Images(PICTURES[kind])) == 2
    assert {f"{split}/{name}" for split in ("train", "val") for name in FIGURES[kind]} <= set(events.Tags()["scalars"])
    assert len([tag for tag in events.Tags()["images"] if tag.startswith("input/")]) == 4


def test_another_of_its_monitors_ranks_checkpoints_and_the_run_goes_on(capsys, tmp_path, kind):
    monitor, headline = SPECS[kind].monitors[1], SPECS[kind].headline
    words = task_words(tmp_path, kind, f"training.monitor={monitor}", "training.max_epochs=3", "optimizer.lr=0.1", "test=false")
    assert run(capsys, "train", *words).code == 0
    folder = only_run(tmp_path)
    lines = [line for line in (folder / "train.log").read_text().splitlines() if "train/loss" in line]
    assert len(lines) == 3
    assert all(f"train/{headline} " in line and f"val/{headline} " in line for line in lines)
    points = [point.value for point in events_of(folder).Scalars(f"val/{monitor}")]
    best = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)["epoch"]
    if monitor == "mae":
        assert points[best] == min(points)
    else:
        assert points[best] == pytest.approx(max(points), abs=1e-3)
    last = folder / "checkpoints" / "last.ckpt"
    assert run(capsys, "train", *words, "training.max_epochs=4", f"resume={last}").code == 0
    metrics = read_json(folder / "metrics.json")
    assert (metrics["epochs"], set(metrics["train"])) == (4, FIGURES[kind])
