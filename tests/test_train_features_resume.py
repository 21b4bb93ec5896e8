"""Runs on features that are stopped and continued, also with other options of the cache."""

from pathlib import Path

import torch

from tests.commands import only_run, read_json, run, train_words

FROZEN = ("model.encoder.freeze=all", "data.batch_size=4", "model.head.dropout=0.3", "test=false")


def states_of(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


def stop_after(batches: int) -> str:
    return f"callbacks.stop={{_target_: tests.signals.SignalAt, batches: {batches}}}"


def test_a_run_stopped_in_an_epoch_goes_on_as_if_nothing_had_happened(capsys, tmp_path, bars):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert run(capsys, "train", *train_words(bars, whole, *FROZEN, "training.max_epochs=3")).code == 0
    words = train_words(bars, stopped, *FROZEN, "training.max_epochs=3")
    assert run(capsys, "train", *words, stop_after(6)).code == 3
    outcome = run(capsys, "train", *words, "resume=auto")
    assert outcome.code == 0, outcome.err
    assert "all are there" in outcome.err
    expected, found = states_of(only_run(whole)), states_of(only_run(stopped))
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []
    assert read_json(only_run(stopped) / "metrics.json")["val"] == read_json(only_run(whole) / "metrics.json")["val"]


def test_a_run_goes_on_with_what_it_began_with(capsys, tmp_path, bars):
    words = train_words(bars, tmp_path, *FROZEN)
    assert run(capsys, "train", *words, "data.cache=none", stop_after(2)).code == 3
    refused = run(capsys, "train", *words, "data.cache=features", "resume=auto")
    assert refused.code == 2
    assert "cannot continue: data.cache was none or frames, is features, so the batches of an epoch are others" in refused.err
    outcome = run(capsys, "train", *words, "resume=auto")
    assert outcome.code == 0, outcome.err
    assert "every epoch decodes its clips: so the run began" in outcome.err
    assert read_json(only_run(tmp_path) / "metrics.json")["cache"]["mode"] == "none"


def test_a_run_on_features_may_be_made_longer_but_not_lose_them(capsys, tmp_path, bars):
    words = train_words(bars, tmp_path, *FROZEN)
    assert run(capsys, "train", *words).code == 0
    last = f"resume={only_run(tmp_path) / 'checkpoints' / 'last.ckpt'}"
    refused = run(capsys, "train", *words, last, "data.cache=none")
    assert refused.code == 2
    assert "cannot continue: data.cache was features, is none or frames" in refused.err
    refused = run(capsys, "train", *words, last, "data.cache_variants=2")
    assert refused.code == 2
    assert "cannot continue: data.cache_variants was 4, is 2" in refused.err
    outcome = run(capsys, "train", *words, last, "training.max_epochs=4")
    assert outcome.code == 0, outcome.err
    assert "2 of each training video" in outcome.err
    assert read_json(only_run(tmp_path) / "metrics.json")["epochs"] == 4


def test_a_checkpoint_of_another_model_is_refused_as_ever(capsys, tmp_path, bars):
    words = train_words(bars, tmp_path, *FROZEN)
    assert run(capsys, "train", *words, stop_after(2)).code == 3
    outcome = run(capsys, "train", *words, "resume=auto", "model.encoder.channels=[6]")
    assert outcome.code == 2
    assert "model.encoder.channels was [4], is [6]; resume needs the options that the run was started with" in outcome.err
