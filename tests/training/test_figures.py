"""The figures of an epoch."""

import pytest
import torch

from tests.training.pairs import run_pair
from videoseq.training.figures import EpochFigures
from videoseq.training.metrics import classification_metrics

PROBS = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4], [0.4, 0.6]])
TARGETS = torch.tensor([0, 1, 0, 1, 1])
LOSSES = (0.25, 1.0)
"""Of the first three clips, and of the other two."""


def expected():
    metrics = classification_metrics(2)
    metrics.update(PROBS, TARGETS)
    figures = {name: float(value) for name, value in metrics.compute().items()}
    assert (figures["accuracy"], figures["top5_accuracy"]) == (pytest.approx(0.8), 1.0)
    return pytest.approx({"loss": (3 * 0.25 + 2 * 1.0) / 5, **figures})


def test_batches_count_as_often_as_they_have_clips_and_an_epoch_starts_anew():
    figures = EpochFigures(classification_metrics(2))
    for _ in range(2):
        figures.update(torch.tensor(LOSSES[0]), PROBS[:3], TARGETS[:3])
        figures.update(torch.tensor(LOSSES[1]), PROBS[3:], TARGETS[3:])
        assert figures.take() == expected()
    assert figures.take() == {}


def take(rank):
    figures = EpochFigures(classification_metrics(2))
    parts = [(0.25, slice(0, 1), 0), (0.25, slice(1, 3), 1), (1.0, slice(3, 5), 0)]
    for loss, clips, owner in parts:
        if rank == owner:
            figures.update(torch.tensor(loss), PROBS[clips], TARGETS[clips])
    uneven = figures.take()
    if rank == 1:
        figures.update(torch.tensor(2.0), PROBS[:1], TARGETS[:1])
    return uneven, figures.take(), figures.take()


def test_those_of_several_processes_are_put_together(tmp_path):
    """Also where one has seen nothing, as a plain synchronisation of metrics cannot."""
    results = run_pair(take, tmp_path / "results")
    assert results[0] == results[1]
    uneven, of_one, of_none = results[0]
    assert uneven == expected()
    assert (of_one["loss"], of_one["accuracy"]) == (2.0, 1.0)
    assert of_none == {}
