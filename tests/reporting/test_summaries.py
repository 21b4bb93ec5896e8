"""Several runs in one table."""

import pytest

from videoseq.reporting.summaries import summarise


def test_every_number_that_all_runs_have_is_summed_up():
    runs = [
        {"test": {"accuracy": 0.8}, "seed": 0, "git_commit": "abc", "val": None, "extra": 1.0, "flag": True},
        {"test": {"accuracy": 0.9}, "seed": 1, "git_commit": "abc", "val": None, "flag": True},
        {"test": {"accuracy": 1.0}, "seed": 2, "git_commit": "abc", "val": None, "flag": False},
    ]
    assert summarise(runs) == {
        "test/accuracy": pytest.approx({"mean": 0.9, "std": 0.1, "min": 0.8, "max": 1.0}),
        "seed": pytest.approx({"mean": 1.0, "std": 1.0, "min": 0.0, "max": 2.0}),
    }


def test_one_run_has_no_deviation():
    assert summarise([{"loss": 0.5}]) == {"loss": {"mean": 0.5, "std": 0.0, "min": 0.5, "max": 0.5}}
