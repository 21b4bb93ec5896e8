"""`python -m videoseq.experiment` from a name and seeds to a metrics file."""

import pytest

from tests.commands import TINY, read_json, run


def overrides(folder, *more):
    small = [word for word in TINY if not word.startswith("training.")]
    words = [
        *small,
        "training.max_epochs=1",
        "data.synthetic.num_train=16",
        "data.synthetic.num_val=8",
        "data.synthetic.num_test=8",
        f"paths.cache={folder / 'cache'}",
        *more,
    ]
    return "overrides=[" + ",".join(f"'{word}'" for word in words) + "]"


@pytest.mark.slow
def test_an_experiment_trains_measures_and_writes_its_figures(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    outcome = run(capsys, "experiment", "name=moving_shapes", "seeds=[3]", "output=~/results", overrides(tmp_path))
    assert outcome.code == 0, outcome.err
    result = read_json(tmp_path / "results" / "moving_shapes" / "metrics.json")
    assert set(result) == {"command", "overrides", "summary", "runs"}
    assert result["command"] == "make experiment NAME=moving_shapes SEEDS=3"
    (one,) = result["runs"]
    assert one["seed"] == 3
    assert set(one["order_probe"]) == {"ordered", "shuffled", "reversed", "single"}
    # One clip at evaluation: the very figure of the training run.
    assert one["order_probe"]["ordered"] == one["test"]["accuracy"]
    accuracy = result["summary"]["test/accuracy"]
    assert accuracy == {"mean": one["test"]["accuracy"], "std": 0.0, "min": accuracy["mean"], "max": accuracy["mean"]}
    assert "order_probe/shuffled" in result["summary"]
    (folder,) = (tmp_path / "outputs").glob("experiment_moving_shapes/*/seed_3/*")
    assert (folder / "checkpoints" / "best.ckpt").is_file()


def test_a_run_that_fails_ends_the_experiment(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = run(capsys, "experiment", "name=nowhere", "output=results")
    assert outcome.code == 2
    assert "videoseq.train +experiment=nowhere seed=0" in outcome.err
    assert "ended with exit code 2" in outcome.err
    assert not (tmp_path / "results").exists()
