"""`python -m videoseq.train` with a frozen encoder: every clip is encoded once, and the run is the one it would have been."""

import re
import shutil
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from tests.commands import only_run, read_csv, read_json, run, train_words
from tests.test_train_several_devices import TWO, command
from videoseq.config import TrainConfig, load_config
from videoseq.train import train

FROZEN = ("model.encoder.freeze=all", "data.batch_size=4", "model.head.dropout=0.3")
TOLD = (
    r"the encoder is frozen, so every clip is encoded once, 2 of each training video, and training reads its features from "
    r"\S+/cache/features/[0-9a-f]{16} \(%s; data\.cache=none encodes in every epoch\)"
)


def states_of(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


@pytest.fixture(scope="module")
def both(bars, tmp_path_factory):
    """The folders of two runs without augmentation: that of one which decodes its clips, and of one with their features."""
    folders = []
    for mode in ("none", "features"):
        folder = tmp_path_factory.mktemp(mode)
        train(load_config(TrainConfig, "train", train_words(bars, folder, *FROZEN, "augment=none", f"data.cache={mode}")))
        folders.append(folder)
    return folders


def test_a_frozen_encoder_is_run_once_and_the_log_says_so(capsys, tmp_path, bars):
    words = train_words(bars, tmp_path, *FROZEN)
    first = run(capsys, "train", *words, "name=first")
    assert first.code == 0, first.err
    assert re.search(TOLD % "36 are missing", first.err), first.err
    assert "encoding clips: 36 in" in first.err
    again = run(capsys, "train", *words, "name=again")
    assert re.search(TOLD % "all are there", again.err), again.err
    assert "encoding clips" not in again.err
    states = [states_of(only_run(tmp_path, name)) for name in ("first", "again")]
    assert [name for name, value in states[0].items() if not torch.equal(value, states[1][name])] == []
    kept = read_json(only_run(tmp_path, "first") / "metrics.json")["cache"]
    assert kept.keys() == {"mode", "num_items", "bytes", "build_seconds"}
    assert (kept["mode"], kept["num_items"]) == ("features", 36)
    assert kept["bytes"] > 36 * 4 * 16 * 4  # clips, frames, features, bytes of a number
    assert kept["build_seconds"] > 0


def test_training_on_features_is_training_on_clips(both):
    decoded, cached = (only_run(folder) for folder in both)
    assert [(folder / "cache" / "features").exists() for folder in both] == [False, True]
    assert read_json(decoded / "metrics.json")["cache"] == {"mode": "none", "num_items": 0, "bytes": 0, "build_seconds": 0.0}
    assert read_json(cached / "metrics.json")["cache"]["num_items"] == 20
    expected, found = states_of(decoded), states_of(cached)
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []
    for part in ("train", "val", "test"):
        assert read_json(cached / "metrics.json")[part] == read_json(decoded / "metrics.json")[part]
    assert read_csv(cached / "predictions.csv") == read_csv(decoded / "predictions.csv")


def test_tensorboard_shows_the_clips_that_the_features_are_of(both):
    decoded, cached = (
        {
            value.tag: value.tensor.string_val[2]
            for file in sorted((only_run(folder) / "tensorboard").glob("events*"))
            for event in EventFileLoader(str(file)).Load()
            for value in event.summary.value
            if value.tag.startswith("input/")
        }
        for folder in both
    )
    assert len(decoded) == 4
    assert cached == decoded


def test_two_devices_share_the_work(tmp_path, bars, both):
    words = train_words(bars, tmp_path, *FROZEN, "model.head.dropout=0", "augment=none", *TWO)
    outcome = command(*words)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stderr.count("the encoder is frozen, so every clip is encoded once") == 1
    (store,) = (tmp_path / "cache" / "features").iterdir()
    (expected,) = (both[1] / "cache" / "features").iterdir()
    assert store.name == expected.name
    assert read_json(only_run(tmp_path) / "metrics.json")["cache"]["num_items"] == 20
    assert read_json(only_run(tmp_path) / "metrics.json")["epochs"] == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("model.encoder.freeze=none",), "but the encoder is trained. Fix: data.cache=frames, which keeps decoded frames; or "),
        (("model.encoder.unfreeze_at_epoch=1",), "but the encoder is trained. Fix: data.cache=frames, which keeps decoded "),
        (
            ("augment.mixup=0.2",),
            "but augment.mixup=0.2 mixes the pixels of clips anew in every epoch. Fix: augment.mixup=0, or",
        ),
        (("data.cache_variants=0",), "data.cache_variants must be at least 1, got 0"),
    ],
)
def test_features_that_cannot_be_are_refused_before_a_video_is_opened(capsys, tmp_path, words, message):
    outcome = run(capsys, "train", *train_words(tmp_path / "no_videos", tmp_path, *FROZEN, "data.cache=features", *words))
    assert outcome.code == 2
    assert message in outcome.err


def test_where_it_cannot_be_the_log_says_why(capsys, tmp_path, bars):
    outcome = run(capsys, "train", *train_words(bars, tmp_path, *FROZEN, "training.max_epochs=1", "augment.mixup=0.2"))
    assert outcome.code == 0, outcome.err
    reason = "augment.mixup=0.2 mixes the pixels of clips anew in every epoch"
    assert f"every epoch decodes its clips: {reason} (data.cache=frames keeps decoded frames)\n" in outcome.err
    assert read_json(only_run(tmp_path) / "metrics.json")["cache"]["mode"] == "none"
    assert not (tmp_path / "cache" / "features").exists()


@pytest.mark.parametrize("obstacle", ["a file", "no room"])
def test_without_a_place_for_them_auto_does_without_and_features_end_the_run(capsys, tmp_path, bars, obstacle):
    words = train_words(bars, tmp_path, *FROZEN, "training.max_epochs=1", "test=false")
    if obstacle == "a file":
        (tmp_path / "cache").mkdir()
        (tmp_path / "cache" / "features").write_text("in the way")
        problem = r"features cannot be written to '\S+/cache/features': \w[\w ]+"
    else:
        words.append("data.cache_limit_gb=0.000001")
        problem = r"features of 20 clips need 6\.72 kB.*, more than data\.cache_limit_gb=1e-06 allows"
    refused = run(capsys, "train", *words, "data.cache=features")
    assert refused.code == 2
    fix = r"Fix: fewer data.cache_variants, more data.cache_limit_gb, paths.cache=DIR on a disk with room, or data.cache=none"
    assert re.search(rf"{problem}\. {fix}, which encodes in every epoch\n", refused.err), refused.err
    outcome = run(capsys, "train", *words, "name=auto")
    assert outcome.code == 0, outcome.err
    assert re.search(rf"WARNING: every epoch decodes and encodes its clips anew: {problem}\n", outcome.err), outcome.err
    assert read_json(only_run(tmp_path, "auto") / "metrics.json")["cache"]["mode"] == "none"


def test_videos_that_cannot_be_read_are_left_out_as_they_would_be(capsys, tmp_path, bars):
    """The scan finds nothing wrong with a file whose pictures alone are damaged."""
    root = shutil.copytree(bars, tmp_path / "data")
    path = root / "left" / "3.mp4"
    content = bytearray(path.read_bytes())
    start = content.find(b"mdat")
    content[start + 44 : min(start + 2004, len(content) - 700)] = b"\xff" * (min(start + 2004, len(content) - 700) - start - 44)
    path.write_bytes(bytes(content))
    lists = []
    for mode in ("none", "features"):
        words = train_words(root, tmp_path / mode, *FROZEN, "augment=none", f"data.cache={mode}", "data.max_bad_fraction=0.5")
        outcome = run(capsys, "train", *words)
        assert outcome.code == 0, outcome.err
        lists.append(read_csv(only_run(tmp_path / mode) / "bad_videos.csv"))
    assert lists[0] == lists[1]
    assert [Path(row["path"]).name for row in lists[1]] == ["3.mp4"]
