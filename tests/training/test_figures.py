"""The figures of an epoch."""

from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from tests.training.pairs import run_pair
from videoseq.data.batch import ClipSample, collate
from videoseq.training.callbacks.media import TensorBoardMedia
from videoseq.training.figures import EpochFigures
from videoseq.training.task_options import ClassificationOptions, FramesOptions, MultilabelOptions
from videoseq.training.tasks import build_task
from videoseq.types import IGNORED, TaskSpec

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


LABELS = build_task(MultilabelOptions(), TaskSpec("multilabel"), {"left": 1, "right": 1}, 2)
FRAMES = build_task(FramesOptions(), FramesOptions().spec, {"left": 1, "right": 1}, 2)


def take_labels(rank):
    """Of the five clips two are here and three there; each is labelled with the class that is not the target."""
    figures = EpochFigures(LABELS)
    clips = [slice(0, 2), slice(2, 5)][rank]
    targets = torch.stack([TARGETS, 1 - TARGETS], 1).float()
    figures.update(LOSSES[clips], WEIGHTS[clips], PROBS[clips], targets[clips])
    return figures.take()


def take_frames(rank):
    """The five frames as two clips of three, of which the first process has the one and the second the other."""
    figures = EpochFigures(FRAMES)
    targets = torch.tensor([[0, 1, IGNORED], [0, 1, 1]])
    probs = torch.cat([PROBS[:2], torch.zeros(1, 2), PROBS[2:]]).view(2, 3, 2)
    losses, weights = (torch.cat([terms[:2], torch.zeros(1), terms[2:]]).view(2, 3) for terms in (LOSSES, WEIGHTS))
    figures.update(losses[rank], weights[rank], probs[rank : rank + 1], targets[rank : rank + 1])
    return figures.take()


def test_so_are_those_of_the_other_tasks(tmp_path):
    first, second = run_pair(take_labels, tmp_path / "labels")
    # In the order of their probabilities the 3rd, 4th and 5th have the one class, the 4th and 5th the other. The one is
    # claimed 3 times, once rightly, the other twice, never rightly.
    precisions = (1 / 3 + 2 / 4 + 3 / 5) / 3, (1 / 4 + 2 / 5) / 2
    expected = {"loss": 3.75 / 7, "map": sum(precisions) / 2, "f1_macro": (2 / 6 + 0) / 2, "f1_micro": 2 / 10}
    assert first == second == pytest.approx(expected)
    first, second = run_pair(take_frames, tmp_path / "frames")
    assert first == second == pytest.approx({"loss": 3.75 / 7, "accuracy": 0.8, "f1_macro": (0.8 + 0.8) / 2})


def test_an_epoch_without_a_label_has_no_figures():
    figures = EpochFigures(FRAMES)
    figures.update(torch.zeros(6), torch.zeros(6), torch.full((2, 3, 2), 0.5), torch.full((2, 3), IGNORED))
    assert figures.take() == {}


def test_many_frames_are_told_before_they_are_many_clips():
    figures = EpochFigures(FRAMES)
    told = []
    for _ in range(5):  # clips of 2**15 frames, each with two probabilities
        figures.update(torch.ones(2**15), torch.ones(2**15), torch.full((1, 2**15, 2), 0.5), torch.zeros(1, 2**15).long())
        told.append(figures.metrics["accuracy"].update_count)
    assert told == [0, 0, 0, 1, 1]


OPEN = Path("/proc/self/fd")


@pytest.mark.skipif(not OPEN.exists(), reason="this system does not tell which files are open")
def test_batches_of_workers_leave_no_file_open(run):
    """Each of a worker's tensors is a file that stays open while it is there: an epoch has more of them than may be open."""
    clips = [
        ClipSample(torch.zeros(1, 4, 3, 16, 16, dtype=torch.uint8), torch.tensor(number % 2), number) for number in range(120)
    ]
    module, media, count = run.module().eval(), TensorBoardMedia(TASK, ["left", "right"]), []
    with torch.no_grad():
        for batch in DataLoader(clips, batch_size=1, num_workers=1, collate_fn=collate):
            media.on_validation_batch_end(None, None, module.validation_step(batch, 0), batch)
            count.append(len(list(OPEN.iterdir())))
    assert max(count[60:]) < count[10] + 20
