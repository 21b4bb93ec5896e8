"""The seven awkward names through every command and every option that takes a path."""

import shutil

import pytest
import torch

from tests.commands import TINY, read_csv, read_json, run
from videoseq.models.checkpoint import load_checkpoint

NAMES = ("clip (1).mp4", "it's.mp4", "a,b.mp4", "clip[1].mp4", "视频.mp4", "epoch=3.ckpt", "rtsp:/h/?a=1&b=2")
"""The seventh is an address where a file is asked for: as the name of a file it can only be written with one slash."""
ADDRESS = "rtsp://h/?a=1&b=2"
VIDEO_NAMES = (*NAMES[:5], "epoch=3.mp4", "a=1&b=2?.mp4")


@pytest.fixture(scope="module")
def awkward(tmp_path_factory, make_class_folders):
    """A data set of videos with awkward names, in a folder with all of them in its path."""
    root = tmp_path_factory.mktemp("awkward") / "clip (1)" / "it's" / "a,b" / "clip[1]" / "视频" / "epoch=3" / "a=1&b=2?"
    return make_class_folders(root, {"it's left, (1)": 7, "视频=[2]": 7}, names=VIDEO_NAMES)


def train(capsys, root, outputs, *words):
    outcome = run(capsys, "train", *TINY, f"data.root={root}", "training.max_epochs=1", f"paths.outputs={outputs}", *words)
    assert outcome.code == 0, outcome.err
    return outcome


def test_training_and_evaluation_on_awkward_names(capsys, tmp_path, awkward):
    odd = tmp_path / "out (1), it's [x]=视频"
    train(capsys, awkward, odd, f"paths.cache={tmp_path / 'cache=1, (2)'}")
    (folder,) = (odd / "train").iterdir()
    tested = read_csv(folder / "predictions.csv")
    assert {row["target"] for row in tested} == {"it's left, (1)", "视频=[2]"}
    assert all((awkward / row["path"]).is_file() for row in tested)
    assert (tmp_path / "cache=1, (2)" / "manifests").is_dir()

    best = folder / "checkpoints" / "epoch=3.ckpt"
    shutil.copy(folder / "checkpoints" / "best.ckpt", best)
    output = tmp_path / "results, (1) [it's]=视频"
    words = f"checkpoint={best}", f"data.root={awkward}", f"output={output}", f"paths.cache={tmp_path / 'cache'}"
    outcome = run(capsys, "evaluate", *words, "num_clips=1")
    assert outcome.code == 0, outcome.err
    evaluated, trained = (read_json(place / "metrics.json")["test"] for place in (output, folder))
    assert evaluated.pop("per_class") == trained.pop("per_class")
    assert evaluated == pytest.approx(trained)


@pytest.mark.parametrize("name", NAMES[:6])
def test_checkpoints_of_every_name_are_resumed_and_started_from(capsys, tmp_path, bars, name):
    stop = "callbacks.stop={_target_: tests.signals.SignalAt, batches: 1}"
    words = (*TINY, f"data.root={bars}", f"paths.outputs={tmp_path / name}", f"paths.cache={tmp_path / 'cache'}")
    words = (*words, "training.max_epochs=1", "data.batch_size=8")
    assert run(capsys, "train", *words, stop).code == 3
    (folder,) = (tmp_path / name / "train").iterdir()
    last = folder / "checkpoints" / "last.ckpt"
    renamed = last.rename(last.with_name(name))
    outcome = run(capsys, "train", *words, f"resume={renamed}")
    assert outcome.code == 0, outcome.err
    assert (folder / "metrics.json").is_file()
    wrong = run(capsys, "train", *words, f"init_from={renamed}", "model.head.hidden_size=9")
    assert wrong.code == 2
    assert f"checkpoint {str(renamed)!r} does not fit" in wrong.err  # so it was found and read


@pytest.mark.parametrize("name", [*NAMES[:6], "a=1&b=2?"])
def test_annotations_and_weights_of_every_name_are_read(capsys, tmp_path, awkward, checkpoint, name):
    rows = [(str(path.relative_to(awkward)), path.parent.name) for path in sorted(awkward.rglob("*.mp4"))]
    text = "".join(f'"{path}","{label}"\n' for path, label in rows)
    annotations, weights = tmp_path / f"{name}.csv", tmp_path / f"{name}.pth"
    annotations.write_text("path,label\n" + text, encoding="utf-8")
    encoder = load_checkpoint(checkpoint).model.encoder.trunk
    torch.save(encoder.state_dict(), weights)
    words = f"data.annotations={annotations}", f"model.encoder.weights={weights}", f"paths.cache={tmp_path}"
    outcome = train(capsys, awkward, tmp_path / "out", *words)
    assert "2 classes" in outcome.err


@pytest.mark.parametrize("name", VIDEO_NAMES)
def test_videos_of_every_name_are_predicted_into_files_of_every_name(capsys, tmp_path, awkward, checkpoint, name):
    model = tmp_path / name.replace("mp4", "ckpt")
    shutil.copy(checkpoint, model)
    video = awkward / "视频=[2]" / name
    for output in (tmp_path / f"{name}.csv", tmp_path / f"{name}.json"):
        outcome = run(capsys, "predict", f"checkpoint={model}", f"input={video}", f"output={output}")
        assert outcome.code == 0, outcome.err
    (row,) = read_csv(tmp_path / f"{name}.csv")
    assert row["path"] == str(video)
    assert [entry["path"] for entry in read_json(tmp_path / f"{name}.json")] == [str(video)]


def test_a_folder_and_a_pattern_find_the_videos_of_every_name(capsys, tmp_path, awkward, checkpoint, monkeypatch):
    words = f"checkpoint={checkpoint}", f"output={tmp_path / 'rows.csv'}"
    assert run(capsys, "predict", *words, f"input={awkward}").code == 0
    assert {row["path"] for row in read_csv(tmp_path / "rows.csv")} == {str(path) for path in awkward.rglob("*.mp4")}
    monkeypatch.chdir(awkward)
    assert run(capsys, "predict", *words, "input=*/*(1)*.mp4").code == 0
    found = [row["path"].rpartition("/")[2] for row in read_csv(tmp_path / "rows.csv")]
    assert found == ["clip (1).mp4"] * 2


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("predict", "input"),
        ("predict", "checkpoint"),
        ("predict", "output"),
        ("evaluate", "checkpoint"),
        ("evaluate", "data.root"),
        ("train", "data.root"),
        ("train", "data.annotations"),
        ("train", "resume"),
        ("train", "init_from"),
        ("train", "model.encoder.weights"),
    ],
)
def test_an_address_is_refused_and_nothing_is_opened(capsys, tmp_path, bars, checkpoint, command, key, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = {
        "predict": {"checkpoint": checkpoint, "input": bars},
        "evaluate": {"checkpoint": checkpoint, "paths.cache": tmp_path / "cache"},
        "train": {"data.root": bars, "paths.outputs": tmp_path / "out", "paths.cache": tmp_path / "cache"},
    }[command] | {key: ADDRESS}
    options = TINY if command == "train" else ()
    outcome = run(capsys, command, *options, *(f"{name}={value}" for name, value in words.items()))
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert "a=1&b=2" in outcome.err  # whole: Hydra's grammar has not cut it
    assert not (tmp_path / "rtsp:").exists()


def test_an_address_as_input_says_what_is_expected(capsys, checkpoint):
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={ADDRESS}")
    assert outcome.code == 2
    assert outcome.err == (
        f"videoseq.predict: input={ADDRESS!r}: expected a local file, a folder or a glob pattern such as 'clips/*.mp4'\n"
    )


def test_names_that_are_no_valid_utf8_are_trained_on_and_written_with_escapes(capsys, tmp_path, make_class_folders):
    names = [f"{number}\udcff.mp4" for number in range(6)]
    root = make_class_folders(tmp_path / "data", {"left\udcfe": 6, "right": 6}, names=names)
    train(capsys, root, tmp_path / "out", f"paths.cache={tmp_path / 'cache'}")
    (folder,) = (tmp_path / "out" / "train").iterdir()
    rows = read_csv(folder / "predictions.csv")
    assert {row["target"] for row in rows} == {"left\\udcfe", "right"}
    assert all(row["path"].endswith("\\udcff.mp4") for row in rows)
    assert set(read_json(folder / "metrics.json")["test"]["per_class"]) == {"left\udcfe", "right"}
