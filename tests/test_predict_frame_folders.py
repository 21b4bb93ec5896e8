"""`python -m videoseq.predict` on folders of frames, with the model of a training on such folders or on files."""

import re
from pathlib import Path

import pytest

from tests.commands import read_csv, read_json, run, train_words
from tests.data.formats.small import write_clip, write_frames, write_id_lists
from videoseq.config import TrainConfig, load_config
from videoseq.models.checkpoint import load_checkpoint
from videoseq.train import train


@pytest.fixture(scope="module")
def jester(tmp_path_factory):
    """A model of Jester at 6 of its 12 frames a second, and the folder of its videos."""
    folder = tmp_path_factory.mktemp("jester")
    root = write_id_lists(folder / "data", "jester-v1", ("Swiping Left", "Thumb Up"))
    words = "data.format=jester", "clip.target_fps=6", "training.max_epochs=1", "augment=none"
    return root, train(load_config(TrainConfig, "train", train_words(root, folder, *words))).folder


def predict(capsys, checkpoint, input, *words):
    return run(capsys, "predict", f"checkpoint={checkpoint}", f"input={input}", "trainer=cpu", *words)


def test_a_checkpoint_says_how_frames_lay_in_folders_with_nothing_left_to_a_default(jester, checkpoint):
    root, folder = jester
    stored = load_checkpoint(folder / "checkpoints" / "best.ckpt").config.origin["data"]
    assert (stored["root"], stored["format"]) == (str(root), "jester")
    assert stored["frame_folders"] == {"pattern": "%05d.jpg", "fps": 12.0}
    assert load_checkpoint(checkpoint).config.origin["data"]["frame_folders"] == {"pattern": None, "fps": None}


@pytest.mark.parametrize("words", [(), ("frame_folders.pattern=%05d.jpg",), ("frame_folders.fps=12",)])
def test_prediction_takes_the_frames_that_training_took(capsys, tmp_path, jester, words):
    root, folder = jester
    best = folder / "checkpoints" / "best.ckpt"
    output = f"output={tmp_path / 'out'}", f"paths.cache={tmp_path}", "on=val", "num_clips=1", "trainer=cpu"
    assert run(capsys, "evaluate", f"checkpoint={best}", *output).code == 0
    label = load_checkpoint(best).config.class_names[0]
    expected = {row["path"]: float(row[f"prob_{label}"]) for row in read_csv(tmp_path / "out" / "predictions.csv")}
    outcome = predict(capsys, best, root, *words, f"output={tmp_path / 'rows.json'}")
    assert outcome.code == 0, outcome.err
    found = {
        Path(row["path"]).relative_to(root).as_posix(): next(top["prob"] for top in row["top"] if top["label"] == label)
        for row in read_json(tmp_path / "rows.json")
    }
    assert {path: found[path] for path in expected} == pytest.approx(expected, abs=2e-6)


def test_another_rate_is_taken_where_it_is_given(capsys, tmp_path, jester):
    best = jester[1] / "checkpoints" / "best.ckpt"
    write_frames(tmp_path / "long" / "1", 3, count=24)
    probs = []
    for words in ((), ("frame_folders.fps=12",), ("frame_folders.fps=3",)):
        outcome = predict(capsys, best, tmp_path / "long", "windows=true", f"output={tmp_path / 'rows.csv'}", *words)
        assert outcome.code == 0, outcome.err
        probs.append([(row["end_seconds"], row["prob"]) for row in read_csv(tmp_path / "rows.csv")])
    assert probs[0] == probs[1]
    assert probs[0][-1][0] == "2.0"
    assert probs[2][-1][0] == "8.0"


def test_files_are_read_as_before_by_a_model_of_folders(capsys, tmp_path, jester):
    write_clip(tmp_path / "data" / "a.mp4", 1)
    write_frames(tmp_path / "data" / "b", 2)
    outcome = predict(capsys, jester[1] / "checkpoints" / "best.ckpt", tmp_path / "data", f"output={tmp_path / 'rows.csv'}")
    assert outcome.code == 0, outcome.err
    assert [Path(row["path"]).name for row in read_csv(tmp_path / "rows.csv")] == ["a.mp4", "b"]


def test_a_model_of_files_names_the_image_that_it_sees_and_the_option(capsys, tmp_path, checkpoint):
    write_frames(tmp_path / "20bn-jester-v1" / "7", 2)
    outcome = predict(capsys, checkpoint, tmp_path / "20bn-jester-v1")
    assert outcome.code == 2
    message = (
        r"no videos found, but images, the first is '.*20bn-jester-v1/7/00001\.jpg'\. Fix: .* with frame_folders\.pattern,"
    )
    assert re.search(message, outcome.err)


@pytest.mark.parametrize("word", ["frame_folders.fps=12", "frame_folders.pattern=%05d.jpg"])
def test_options_of_folders_are_refused_for_files(capsys, tmp_path, checkpoint, word):
    write_clip(tmp_path / "a.mp4", 1)
    outcome = predict(capsys, checkpoint, tmp_path / "a.mp4", word)
    assert outcome.code == 2
    message = (
        r"frame_folders says how frames lie in folders, but the input holds files only, the first is '.*/a\.mp4'\. Fix: remove"
    )
    assert re.search(message, outcome.err)
