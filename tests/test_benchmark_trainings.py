"""The targets that run whole trainings, each in a process of its own."""

import re

import pytest

from tests.benchmarks.measuring import measure, names
from tests.commands import train_words
from videoseq.benchmarks.growth import Axis, curve, measure_growth
from videoseq.benchmarks.training_runs import run_training
from videoseq.errors import VideoseqError

pytestmark = pytest.mark.slow

QUICK = ("training.calibrate=false", "test=false", "data.num_workers=0")


def test_a_training_is_measured_beside_the_usual_loop_over_frames(capsys, bars, tmp_path):
    words = train_words(bars, tmp_path, "model.encoder.freeze=all", "training.max_epochs=1", *QUICK)
    (table,) = measure(capsys, tmp_path, "target=train", *words, "repeats=1")["tables"]
    assert names(table) == ["videoseq", "videoseq, data.cache=none", "CNN on each frame, then LSTM"]
    assert table["less_is_better"]
    assert [(ratio["ours"], ratio["aim"]) for ratio in table["ratios"]] == [
        ("videoseq", 2),
        ("videoseq, data.cache=none", None),
    ]


def test_epochs_on_cached_features_are_measured_beside_those_without(capsys, bars, tmp_path):
    words = train_words(bars, tmp_path, "model.encoder.freeze=all", *QUICK)
    (table,) = measure(capsys, tmp_path, "target=cache", *words, "repeats=1")["tables"]
    assert names(table) == ["data.cache=features", "data.cache=none"]
    assert table["unit"] == "seconds of an epoch from the second on"
    features, none = table["notes"]
    assert re.fullmatch(
        r"not counted with data\.cache=features: \S+ s from .* first epoch, \S*[1-9]\S* s of them encoding", features
    )
    assert re.fullmatch(r"not counted with data\.cache=none: \S+ s from .* first epoch, 0 s of them encoding", none)


def test_memory_is_measured_in_every_epoch(capsys, bars, tmp_path):
    words = train_words(bars, tmp_path, "training.max_epochs=3", *QUICK)
    peaks = measure(capsys, tmp_path, "target=memory", *words)["peak_mb_by_epoch"]
    assert len(peaks) == 3
    assert all(100 < peak < 4000 for peak in peaks)


def test_growth_is_measured_along_an_axis(tmp_path):
    words = ("training.max_epochs=2", "model.encoder.channels=[4]", "data.synthetic.num_frames=8", "clip.num_frames=2")
    axis = Axis("workers", "data.num_workers", (0,))
    (comparison,) = measure_growth((*words, "data.synthetic.num_train=8"), [axis], repeats=1)
    assert list(comparison.runs) == ["0 workers"]
    drawn = curve(axis, comparison)
    assert (drawn["name"], drawn["values"]) == ("workers", [0])
    assert drawn["seconds"][0][0] > 0


def test_a_training_that_fails_is_named(tmp_path):
    with pytest.raises(VideoseqError, match="the training ended with exit code 1; its message stands above"):
        run_training([], tmp_path, "videoseq.no_such_command")
