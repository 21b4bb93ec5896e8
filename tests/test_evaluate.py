"""`python -m videoseq.evaluate`: figures of a checkpoint on a split."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.commands import only_run, read_csv, read_json, run, train_words
from tests.data.formats import small
from videoseq.config import bind
from videoseq.data.dataset import EvalClips, Reading
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.loading import evaluation_loader
from videoseq.data.manifest import build_manifest
from videoseq.data.options import DataOptions
from videoseq.data.split_options import SplitOptions
from videoseq.evaluate import data_of_run
from videoseq.models.checkpoint import load_checkpoint
from videoseq.types import plain_dict


@pytest.fixture
def words(checkpoint, tmp_path):
    """What every evaluation here begins with."""
    return f"checkpoint={checkpoint}", f"output={tmp_path / 'out'}", f"paths.cache={tmp_path / 'cache'}"


def probs_of(folder):
    return {row["path"]: float(row["prob_left"]) for row in read_csv(folder / "predictions.csv")}


def test_an_evaluation_leaves_its_files_and_prints_a_row_per_class(capsys, words, tmp_path, checkpoint):
    outcome = run(capsys, "evaluate", *words)
    assert outcome.code == 0, outcome.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "metrics.json", "predictions.csv", "confusion_matrix.png", "reliability.png", "clips.png", "bad_videos.csv",
    }  # fmt: skip
    metrics = read_json(tmp_path / "out" / "metrics.json")
    assert set(metrics) == {
        "test", "checkpoint", "num_clips", "num_crops", "temperature", "num_videos", "num_bad_videos", "versions",
        "git_commit",
    }  # fmt: skip
    assert set(metrics["test"]) == {"accuracy", "f1_macro", "top5_accuracy", "ece", "loss", "per_class"}
    for row in metrics["test"]["per_class"].values():
        assert set(row) == {"precision", "recall", "f1", "num_videos"}
    assert list(metrics["test"]["per_class"]) == ["left", "right"]
    assert (metrics["checkpoint"], metrics["num_clips"], metrics["num_crops"]) == (str(checkpoint), 3, 1)
    assert (metrics["num_videos"], metrics["num_bad_videos"]) == (4, 0)
    lines = outcome.out.splitlines()
    assert lines[0].strip() == "test"
    for label in ("left", "right"):
        (row,) = [line for line in lines if f" {label} " in line]
        assert [cell.strip() for cell in row.strip("│ ").split("│")][:2] == [label, "2"]
    assert f"accuracy {metrics['test']['accuracy']:.4f}" in outcome.out
    assert "\x1b" not in outcome.out + outcome.err


def test_results_lie_in_the_folder_of_the_run_unless_told_otherwise(capsys, trained, tmp_path):
    shutil.copytree(trained, tmp_path / "run")
    cache = f"paths.cache={tmp_path / 'cache'}"
    best = tmp_path / "run" / "checkpoints" / "best.ckpt"
    assert run(capsys, "evaluate", f"checkpoint={best}", cache, "on=val").code == 0
    assert set(read_json(tmp_path / "run" / "evaluation_val" / "metrics.json")) >= {"val", "num_clips"}
    shutil.copy(best, tmp_path / "alone.ckpt")
    assert run(capsys, "evaluate", f"checkpoint={tmp_path / 'alone.ckpt'}", cache).code == 0
    assert (tmp_path / "evaluation_test" / "metrics.json").is_file()


def test_a_split_is_that_of_the_training_run(capsys, words, trained, tmp_path, bars):
    paths = {}
    for split in ("train", "val", "test"):
        assert run(capsys, "evaluate", *words, f"on={split}", "num_clips=1").code == 0
        paths[split] = set(probs_of(tmp_path / "out"))
    assert {split: len(found) for split, found in paths.items()} == {"train": 16, "val": 4, "test": 4}
    assert len(set.union(*paths.values())) == 24
    assert paths["test"] == set(probs_of(trained))


def test_clips_and_crops_are_averaged(capsys, words, tmp_path, bars, checkpoint):
    found = {}
    for num_clips, num_crops in ((1, 1), (3, 1), (1, 3), (2, 3)):
        assert run(capsys, "evaluate", *words, f"num_clips={num_clips}", f"num_crops={num_crops}").code == 0
        found[num_clips, num_crops] = probs_of(tmp_path / "out")
    assert found[1, 1] != found[3, 1]
    assert found[1, 1] != found[1, 3]
    # Against a mean made here, view by view, of the softmax of each.
    loaded = load_checkpoint(checkpoint)
    manifest = build_manifest(DataOptions(root=str(bars), num_workers=0), tmp_path / "cache", _no_bar)
    clips = EvalClips(manifest.videos["test"], loaded.config.clip, Reading(), num_clips=2, num_crops=3)
    sums: dict[int, float] = {}
    for batch in evaluation_loader(clips, 4, 0):
        for position, row in zip(batch.videos, loaded.model(batch.video, batch.lengths)[0].softmax(1), strict=True):
            sums[position] = sums.get(position, 0.0) + float(row[0].detach()) / 6
    expected = {
        str(video.record.path.relative_to(bars)): sums[position] for position, video in enumerate(manifest.videos["test"])
    }
    assert found[2, 3] == pytest.approx(expected, abs=1e-5)


class _no_bar:  # noqa: N801 - stands where a function would
    def __init__(self, description, total):
        pass

    def __enter__(self):
        return lambda: None

    def __exit__(self, *error):
        return None


def test_the_order_probe_shows_the_clips_in_other_orders(capsys, words, tmp_path):
    outcome = run(capsys, "evaluate", *words, "order_probe=true", "num_clips=1")
    assert outcome.code == 0, outcome.err
    metrics = read_json(tmp_path / "out" / "metrics.json")
    assert set(metrics["order_probe"]) == {"ordered", "shuffled", "reversed", "single"}
    assert metrics["order_probe"]["ordered"] == metrics["test"]["accuracy"]
    assert "accuracy by order of frames: ordered" in outcome.out


def test_other_data_with_the_same_classes_is_split_anew(capsys, words, tmp_path, make_class_folders):
    other = make_class_folders(tmp_path / "other", {"left": 3, "right": 3}, seed=5)
    outcome = run(capsys, "evaluate", *words, f"data.root={other}")
    assert outcome.code == 0, outcome.err
    rows = read_csv(tmp_path / "out" / "predictions.csv")
    assert [row["target"] for row in rows] == ["left", "right"]
    assert all((other / row["path"]).is_file() for row in rows)


def test_data_with_fewer_of_the_classes_keeps_the_ids_of_the_checkpoint(capsys, words, tmp_path, make_class_folders):
    other = make_class_folders(tmp_path / "other", {"right": 3}, seed=5)
    assert run(capsys, "evaluate", *words, f"data.root={other}").code == 0
    (row,) = read_csv(tmp_path / "out" / "predictions.csv")
    assert row["target"] == "right"
    assert {"prob_left", "prob_right"} <= set(row)


def test_data_of_other_classes_is_refused(capsys, words, tmp_path, make_class_folders):
    other = make_class_folders(tmp_path / "other", {"jump": 3, "run": 3})
    outcome = run(capsys, "evaluate", *words, f"data.root={other}")
    assert outcome.code == 2
    assert "the checkpoint knows the classes left, right, the data has jump, run" in outcome.err
    assert "data.root=DIR" in outcome.err
    assert not (tmp_path / "out").exists()


def test_one_label_that_the_checkpoint_does_not_know_is_refused_with_its_row(capsys, words, tmp_path, make_class_folders):
    other = make_class_folders(tmp_path / "other", {"left": 3, "rihgt": 3})
    outcome = run(capsys, "evaluate", *words, f"data.root={other}")
    assert outcome.code == 2
    assert "rihgt/0.mp4: unknown label 'rihgt'" in outcome.err
    assert "did you mean 'right'?" in outcome.err


def test_a_split_that_is_not_there_is_named(capsys, words, tmp_path, make_class_folders):
    other = make_class_folders(tmp_path / "other", {"left": 2, "right": 2})
    outcome = run(capsys, "evaluate", *words, f"data.root={other}")
    assert outcome.code == 2
    assert "the data has no test videos (train 2, val 2, test 0): choose another split with on=…" in outcome.err


def test_bad_videos_are_counted_and_listed(capsys, words, tmp_path, make_class_folders):
    other = make_class_folders(tmp_path / "other", {"left": 6, "right": 6})
    (other / "left" / "bad.mp4").write_text("no video")
    outcome = run(capsys, "evaluate", *words, f"data.root={other}", "data.max_bad_fraction=0.2")
    assert outcome.code == 0, outcome.err
    (row,) = read_csv(tmp_path / "out" / "bad_videos.csv")
    assert (row["path"], row["row"]) == (str(other / "left" / "bad.mp4"), "left/bad.mp4")
    assert row["reason"]
    assert read_json(tmp_path / "out" / "metrics.json")["num_bad_videos"] == 1
    assert run(capsys, "evaluate", *words, f"data.root={other}").code == 2
    outcome = run(capsys, "evaluate", *words, f"data.root={other}", "data.bad_videos=error")
    assert outcome.code == 2
    assert "bad.mp4" in outcome.err


def test_options_of_the_data_lie_on_top_of_those_of_the_run(capsys, tmp_path, bars):
    rows = "\n".join(f"{label}/{n}.mp4,{label},{'train' if n < 6 else 'val'}" for label in ("left", "right") for n in range(8))
    (tmp_path / "mine.csv").write_text(f"path,label,split\n{rows}\n")
    train = train_words(bars, tmp_path, f"data.annotations={tmp_path / 'mine.csv'}", "training.max_epochs=1", "name=csv")
    assert run(capsys, "train", *train).code == 0
    (folder,) = (tmp_path / "outputs" / "csv").iterdir()
    words = f"checkpoint={folder / 'checkpoints' / 'best.ckpt'}", f"paths.cache={tmp_path / 'cache'}", "on=val"
    assert run(capsys, "evaluate", *words).code == 0
    assert len(read_csv(folder / "evaluation_val" / "predictions.csv")) == 4
    assert run(capsys, "evaluate", *words, "data.split.strategy=random", "data.split.val_fraction=0.5").code == 0
    assert len(read_csv(folder / "evaluation_val" / "predictions.csv")) == 8
    # Another root: the run's CSV no longer applies.
    assert run(capsys, "evaluate", *words, f"data.root={bars}", "data.split.strategy=auto").code == 0
    assert json.dumps(read_csv(folder / "evaluation_val" / "predictions.csv")).count('"path"') == 4


def test_what_describes_the_data_of_the_run_does_not_outlive_another_root_or_other_annotations(tmp_path):
    own = DataOptions(
        root="/a", annotations="/a/lists", format="ucf101", class_names="/a/names.txt", allow_outside_root=True, batch_size=4,
        frame_folders=FrameFolderOptions("%05d.jpg", 12.0), split=SplitOptions(strategy="given", index=2, val_fraction=0.3),
    )  # fmt: skip
    origin = {"data": plain_dict(own)}
    ckpt = Path("best.ckpt")
    assert bind(DataOptions, data_of_run(origin, {}, ckpt)) == own
    assert bind(DataOptions, data_of_run(origin, {"batch_size": 8}, ckpt)) == replace(own, batch_size=8)
    split = SplitOptions(strategy="given", val_fraction=0.3)
    for changes in ({"root": "/b"}, {"annotations": "/b/all.csv"}):
        assert bind(DataOptions, data_of_run(origin, changes, ckpt)) == DataOptions(**changes, batch_size=4, split=split)
    changes = {"root": "/b", "split": {"index": 3}, "frame_folders": {"pattern": "%d.png"}}
    expected = DataOptions("/b", batch_size=4, split=replace(split, index=3), frame_folders=FrameFolderOptions("%d.png"))
    assert bind(DataOptions, data_of_run(origin, changes, ckpt)) == expected


def test_a_model_of_official_lists_is_evaluated_on_class_folders(capsys, tmp_path, make_class_folders):
    root = small.write_ucf101(tmp_path / "ucf")
    words = "data.format=ucf101", "data.split.index=2", "training.max_epochs=1"
    assert run(capsys, "train", *train_words(root, tmp_path, *words)).code == 0
    other = make_class_folders(tmp_path / "other", dict.fromkeys(small.UCF101_CLASSES, 3))
    given = f"checkpoint={only_run(tmp_path) / 'checkpoints' / 'best.ckpt'}", f"output={tmp_path / 'out'}", f"data.root={other}"
    outcome = run(capsys, "evaluate", *given, f"paths.cache={tmp_path / 'cache'}", "trainer=cpu")
    assert outcome.code == 0, outcome.err
    assert {row["target"] for row in read_csv(tmp_path / "out" / "predictions.csv")} == set(small.UCF101_CLASSES)
