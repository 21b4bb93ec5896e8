"""`python -m videoseq.train` with augmentations of every kind."""

from tests.commands import only_run, read_json, run, train_words


def test_a_training_with_everything_on_ends_with_its_figures(capsys, tmp_path, bars):
    switches = ["augment=strong", "augment.crop=multi_scale", "augment.cutmix=1", "augment.temporal.jitter=1"]
    switches += ["augment.temporal.speed=1.5", "augment.temporal.drop=0.1", "augment.temporal.reverse_pairs=[[left,right]]"]
    outcome = run(capsys, "train", *train_words(bars, tmp_path, *switches))
    assert outcome.code == 0, outcome.err
    metrics = read_json(only_run(tmp_path) / "metrics.json")
    assert set(metrics["train"]) >= {"accuracy", "loss"}
    assert 0 <= metrics["test"]["accuracy"] <= 1
    assert "reverse_pairs:\n    - - left\n      - right" in (only_run(tmp_path) / "config.yaml").read_text(encoding="utf-8")


def test_a_class_that_is_not_there_is_refused_before_there_is_a_run(capsys, tmp_path, bars):
    outcome = run(capsys, "train", *train_words(bars, tmp_path, "augment.temporal.reverse_classes=[lfet]"))
    assert outcome.code == 2
    message = "augment.temporal.reverse_classes names 'lfet', which is no class of the data: did you mean 'left'? "
    assert message + "Known: left, right" in outcome.err
    assert not (tmp_path / "outputs").exists()
