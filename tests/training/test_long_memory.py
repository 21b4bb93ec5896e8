"""Ten minutes of video take as much memory as one, in training and when a model is asked about every frame."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.runs import DATA, Run
from videoseq.data.chunks import evaluation_chunks
from videoseq.data.dataset import Reading
from videoseq.data.manifest import build_manifest
from videoseq.data.writing import write_video
from videoseq.models.checkpoint import build_model
from videoseq.reporting.progress import progress_bar
from videoseq.serving.frame_inference import infer_frames
from videoseq.training.options import TrainingOptions
from videoseq.training.task_options import FramesOptions
from videoseq.types import ClipSpec

SIZE, FPS = 112, 5
CLIP = ClipSpec(height=SIZE, width=SIZE, sampling="all", crop_fraction=1.0)
MINUTE = 60 * FPS
"""Frames. The frames of nine minutes more take 100 MB, and four times as much as floating-point numbers."""


def long_run(folder: Path, minutes: int) -> Run:
    """A run of one epoch on one video of so many minutes."""
    folder.mkdir()
    lines = ["path,start_seconds,end_seconds,label,split"]
    textures = (
        np.random.default_rng(0).integers(0, 255, (2, SIZE // 8, SIZE // 8, 3)).repeat(8, 1).repeat(8, 2).astype(np.uint8)
    )
    for name, count in (("train", MINUTE * minutes), ("val", 10 * FPS)):
        write_video(folder / f"{name}.mp4", (textures[number // 10 % 2] for number in range(count)), FPS, options={"g": "25"})
        for start in range(0, count // FPS, 2):
            lines.append(f"{name}.mp4,{start},{start + 2},{('first', 'second')[start // 2 % 2]},{name}")
    (folder / "segments.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = replace(DATA, root=str(folder), batch_size=1)
    manifest = build_manifest(data, folder / "cache", progress_bar, task=FramesOptions().spec)
    training = TrainingOptions(max_epochs=1, tbptt_frames=50)
    return Run(manifest, folder / "run", CLIP, data=data, task=FramesOptions(), training=training)


def train(run: Run) -> None:
    run.fit()


def ask(run: Run) -> None:
    videos = run.manifest.videos["train"]
    chunks = evaluation_chunks(videos, CLIP, Reading(), chunk_frames=100, num_lanes=1, num_workers=0)
    found = infer_frames(build_model(run.config), chunks, videos, CLIP, task=run.config.task, device=torch.device("cpu"))
    assert len(found.answers[0].logits) == videos[0].info.num_frames


def peak_megabytes(work: Callable[[Run], None], run: Run) -> float:
    """Returns the most memory that this process has while it works."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew, see proc(5)
    work(run)
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Run]:
    """Runs on videos of one and of ten minutes."""
    folder = tmp_path_factory.mktemp("long")
    return {minutes: long_run(folder / str(minutes), minutes) for minutes in (1, 10)}


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak of a part of a process")
@pytest.mark.parametrize("work", [train, ask])
def test_ten_minutes_take_as_much_memory_as_one(runs, work):
    peak_megabytes(work, replace(runs[1], folder=runs[1].folder / "first"))  # what is loaded once
    one, ten = (peak_megabytes(work, runs[minutes]) for minutes in (1, 10))
    assert ten == pytest.approx(one, rel=0.05)
