"""Training with `data.cache=frames`: the run that decoding gives, and what it says of its cache."""

import pytest

from tests.commands import only_run, read_csv, read_json, run, train_words

SEGMENTS = ("clip.sampling=segments", "augment.temporal.jitter=1", "test=true")


@pytest.fixture
def decoded(capsys, bars, tmp_path):
    """The folder of a run that decodes every clip."""
    assert run(capsys, "train", *train_words(bars, tmp_path / "decoded", *SEGMENTS)).code == 0
    return only_run(tmp_path / "decoded")


def test_a_run_on_kept_frames_is_the_run_on_decoded_ones(capsys, bars, tmp_path, decoded):
    for attempt in ("first", "second"):
        words = train_words(bars, tmp_path / attempt, *SEGMENTS, "data.cache=frames", f"paths.cache={tmp_path / 'cache'}")
        assert run(capsys, "train", *words).code == 0
        kept = only_run(tmp_path / attempt)
        before, after = (read_json(folder / "metrics.json") for folder in (decoded, kept))
        assert {name: after[name] for name in ("train", "val", "test")} == {
            name: before[name] for name in ("train", "val", "test")
        }
        assert read_csv(kept / "predictions.csv") == read_csv(decoded / "predictions.csv")
    train_and_val = 16 + 4
    # 10 frames of 18 x 18 x 3 bytes, filled up to a multiple of 64, and a row of 80 each.
    assert (after["cache"]["mode"], after["cache"]["num_items"]) == ("frames", train_and_val)
    (store,) = (tmp_path / "cache" / "frames").iterdir()
    assert after["cache"]["bytes"] == train_and_val * 9808 + (store / "description.json").stat().st_size
    assert before["cache"]["mode"] == "none"


def test_a_limit_that_is_too_low_stops_the_run(capsys, bars, tmp_path):
    outcome = run(capsys, "train", *train_words(bars, tmp_path, "data.cache=frames", "data.cache_limit_gb=0.00001"))
    assert outcome.code == 2
    assert "more than data.cache_limit_gb=1e-05 allows. Fix: raise data.cache_limit_gb" in outcome.err


def test_a_limit_that_is_none_is_refused(capsys, bars, tmp_path):
    outcome = run(capsys, "train", *train_words(bars, tmp_path, "data.cache_limit_gb=0"))
    assert outcome.code == 2
    assert "cache_limit_gb must be positive, got 0" in outcome.err
