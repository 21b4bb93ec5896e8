"""The figures of an epoch."""

from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from tests.training.pairs import run_pair
from videoseq.data.batch import ClipSample, collate
from videoseq.training.callbacks.media import TensorBoardMedia
from videoseq.training.figures import EpochFigures
from videoseq.training.task_options import ClassificationOptions
from videoseq.training.tasks import build_task
from videoseq.types import TaskSpec

TASK = build_task(ClassificationOptions(), TaskSpec(), {"left": 1, "right": 1}, 2)
PROBS = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4], [0.4, 0.6]])
TARGETS = torch.tensor([0, 1, 0, 1, 1])
LOSSES, WEIGHTS = torch.tensor([0.25, 0.5, 0.0, 1.0, 2.0]), torch.tensor([0.5, 2.0, 0.5, 2.0, 2.0])


def expected():
    metrics = TASK.metrics()
    metrics.update(PROBS, TARGETS)
    figures = {name: float(value) for name, value in metrics.compute().items()}
    assert (figures["accuracy"], figures["top5_accuracy"]) == (pytest.approx(0.8), 1.0)
    return pytest.approx({"loss": 3.75 / 7, **figures})


def update(figures, clips):
    figures.update(LOSSES[clips], WEIGHTS[clips], PROBS[clips], TARGETS[clips])


def test_clips_count_what_they_weigh_however_they_came_in_batches_and_an_epoch_starts_anew():
    figures = EpochFigures(TASK)
    for cut in (3, 1):
        update(figures, slice(0, cut))
        update(figures, slice(cut, 5))
        assert figures.take() == expected()
    assert figures.take() == {}


def test_metrics_are_told_of_many_clips_together_and_memory_keeps_no_more_of_them():
    figures = EpochFigures(TASK)
    told = []
    for _ in range(500):
        update(figures, slice(0, 5))
        told.append(figures.metrics["accuracy"].update_count)
    assert [told.index(count) for count in (1, 2)] == [204, 409]  # 205 batches of 5 are the first with 1024 clips
    assert figures.take() == expected()


def take(rank):
    figures = EpochFigures(TASK)
    for clips, owner in [(slice(0, 1), 0), (slice(1, 3), 1), (slice(3, 5), 0)]:
        if rank == owner:
            update(figures, clips)
    uneven = figures.take()
    if rank == 1:
        update(figures, slice(0, 1))
    return uneven, figures.take(), figures.take()


def test_those_of_several_processes_are_put_together(tmp_path):
    """Also where one has seen nothing, as a plain synchronisation of metrics cannot."""
    results = run_pair(take, tmp_path / "results")
    assert results[0] == results[1]
    uneven, of_one, of_none = results[0]
    assert uneven == expected()
    assert (of_one["loss"], of_one["accuracy"]) == (0.5, 1.0)
    assert of_none == {}


OPEN = Path("/proc/self/fd")


@pytest.mark.skipif(not OPEN.exists(), reason="this system does not tell which files are open")
def test_batches_of_workers_leave_no_file_open(run):
    """Each of a worker's tensors is a file that stays open while it is there: an epoch has more of them than may be open."""
    clips = [ClipSample(torch.zeros(1, 4, 3, 16, 16, dtype=torch.uint8), torch.tensor(number % 2), number) for number in range(120)]
    module, media, count = run.module().eval(), TensorBoardMedia(TASK, ["left", "right"]), []
    with torch.no_grad():
        for batch in DataLoader(clips, batch_size=1, num_workers=1, collate_fn=collate):
            media.on_validation_batch_end(None, None, module.validation_step(batch, 0), batch)
            count.append(len(list(OPEN.iterdir())))
    assert max(count[60:]) < count[10] + 20
