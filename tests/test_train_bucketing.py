"""Batches of clips of similar length: what the option does to a run."""

import pytest

from tests.commands import only_run, read_json, run, train_words
from tests.conftest import moving_bar
from videoseq.data.writing import write_video

ALL = ("clip.sampling=all", "training.max_epochs=1", "data.batch_size=2", "test=false")


@pytest.fixture(scope="module")
def lengths(tmp_path_factory):
    """Twenty-four videos of 3 to 26 frames."""
    root = tmp_path_factory.mktemp("lengths")
    for number in range(24):
        path = root / ("left", "right")[number % 2] / f"{number}.mp4"
        path.parent.mkdir(exist_ok=True)
        write_video(path, moving_bar((-1, 1)[number % 2], 3 + number, number))
    return root


@pytest.fixture(scope="module")
def padding(lengths, tmp_path_factory):
    """Returns the share of padding of a run with these options."""

    def measure(capsys, *words):
        folder = tmp_path_factory.mktemp("run")
        outcome = run(capsys, "train", *train_words(lengths, folder, *ALL, f"paths.cache={lengths.parent}", *words))
        assert outcome.code == 0, outcome.err
        return read_json(only_run(folder) / "metrics.json")["padding_fraction"]

    return measure


def test_bucketing_makes_padding_less_and_is_on_where_clips_differ(padding, capsys):
    plain, sorted_, auto = (padding(capsys, f"data.bucketing={word}") for word in ("none", "length", "auto"))
    assert 0 < sorted_ < 0.75 * plain
    assert auto == sorted_


def test_clips_of_one_length_cannot_be_sorted(lengths, capsys, tmp_path):
    outcome = run(capsys, "train", *train_words(lengths, tmp_path, "data.bucketing=length"))
    assert outcome.code == 2
    assert not (tmp_path / "cache").exists()  # no video was opened
    assert (
        "data.bucketing=length changes nothing: with clip.sampling=uniform and clip.padding=repeat_last all clips have 4 frames"
    ) in outcome.err


def test_a_run_goes_on_with_the_bucketing_it_had_by_any_name_and_with_no_other(lengths, capsys, tmp_path):
    words = train_words(lengths, tmp_path, *ALL)
    assert run(capsys, "train", *words).code == 0
    resume = f"resume={only_run(tmp_path) / 'checkpoints/last.ckpt'}"
    outcome = run(capsys, "train", *words, "data.bucketing=none", resume)
    assert outcome.code == 2
    assert "cannot continue: data.bucketing was length, is none" in outcome.err
    outcome = run(capsys, "train", *words, "data.bucketing=length", resume)
    assert outcome.code == 0, outcome.err
