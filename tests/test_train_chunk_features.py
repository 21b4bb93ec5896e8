"""`python -m videoseq.train` on whole videos with a frozen encoder: every frame is encoded once."""

import re

import pytest
import torch

from tests.commands import only_run, read_json, run, train_words
from tests.test_train_features_resume import states_of, stop_after
from tests.training.flicker import write_data

CHUNKED = (
    "task.name=frames",
    "clip.sampling=all",
    "training.tbptt_frames=8",
    "training.max_epochs=3",
    "model.encoder.freeze=all",
    "model.head.dropout=0.3",
    "data.batch_size=2",
    "optimizer.lr=0.03",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Videos of which one is longer than a piece."""
    folder = tmp_path_factory.mktemp("flicker")
    return write_data(folder, {"train": (140, 31, 23, 25), "val": (30, 20), "test": (35, 12)})


def test_training_on_features_of_whole_videos_is_training_on_their_frames(capsys, root, tmp_path):
    found = {}
    for mode in ("none", "features"):
        words = train_words(root, tmp_path, *CHUNKED, "augment=none", f"name={mode}", f"data.cache={mode}")
        outcome = run(capsys, "train", *words)
        assert outcome.code == 0, outcome.err
        found[mode] = only_run(tmp_path, mode)
    told = r"every view of a whole video is encoded once, 1 of each training video, .* \(7 are missing; data\.cache=none"
    assert re.search(told, outcome.err), outcome.err
    metrics = {mode: read_json(folder / "metrics.json") for mode, folder in found.items()}
    assert (metrics["none"]["cache"]["mode"], metrics["features"]["cache"]["mode"]) == ("none", "features")
    assert metrics["features"]["cache"]["num_items"] == 7
    for split in ("train", "val", "test"):
        for name in ("loss", "accuracy"):
            assert metrics["features"][split][name] == pytest.approx(metrics["none"][split][name], abs=1e-3)
    expected, states = states_of(found["none"]), states_of(found["features"])
    for name, tensor in expected.items():
        torch.testing.assert_close(states[name], tensor, atol=1e-3, rtol=1e-3, msg=name)
    moved = [name for name in expected if name.startswith("model.head") and expected[name].std() > 0]
    assert len(moved) >= 4


def test_auto_keeps_variants_of_whole_videos_and_a_stopped_run_goes_on_in_the_middle_of_one(capsys, root, tmp_path):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    first = run(capsys, "train", *train_words(root, whole, *CHUNKED, "test=false"))
    assert first.code == 0, first.err
    assert "3 of each training video" in first.err
    words = train_words(root, stopped, *CHUNKED, "test=false")
    assert run(capsys, "train", *words, stop_after(21)).code == 3
    outcome = run(capsys, "train", *words, "resume=auto")
    assert outcome.code == 0, outcome.err
    assert "all are there" in outcome.err
    assert "encoding clips" not in outcome.err
    expected, states = states_of(only_run(whole)), states_of(only_run(stopped))
    assert [name for name in expected if not torch.equal(expected[name], states[name])] == []
    assert read_json(only_run(stopped) / "metrics.json")["val"] == read_json(only_run(whole) / "metrics.json")["val"]


def test_clips_with_labels_of_frames_are_decoded_and_the_log_says_why(capsys, root, tmp_path):
    words = ("task.name=frames", "clip.sampling=random_clip", "model.encoder.freeze=all", "training.max_epochs=1", "test=false")
    outcome = run(capsys, "train", *train_words(root, tmp_path, *words, "data.batch_size=2"))
    assert outcome.code == 0, outcome.err
    reason = "labels of frames are measured on all frames of a video, and trained on in clips of it"
    assert f"every epoch decodes its clips: {reason} (data.cache=frames keeps decoded frames)\n" in outcome.err
