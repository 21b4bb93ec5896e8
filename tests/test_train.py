"""`python -m videoseq.train` from data to the files of a run."""

import csv
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from tests.commands import only_run, read_csv, read_json, run, train_words
from tests.conftest import moving_bar
from videoseq.config import TrainConfig, bind
from videoseq.config.binding import options
from videoseq.data.writing import write_video
from videoseq.models.checkpoint import load_checkpoint
from videoseq.models.options import RecurrentHeadOptions
from videoseq.training.run_folder import new_run_folder

METRICS = {"accuracy", "f1_macro", "top5_accuracy", "ece", "loss"}


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def in_empty_folder(tmp_path, monkeypatch):
    """Makes an empty folder the working folder, in which nothing may appear unasked."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    return empty


def test_a_run_on_class_folders_leaves_exactly_these_files(capsys, tmp_path, bars, in_empty_folder):
    outcome = run(capsys, "train", *train_words(bars, tmp_path))
    assert outcome.code == 0, outcome.err
    folder = only_run(tmp_path)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-\d{3}", folder.name)
    found = files_of(folder)
    events = {name for name in found if name.startswith("tensorboard/")}
    assert any("events.out.tfevents" in name for name in events)
    assert found - events == {
        "config.yaml",
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
        "metrics.json",
        "predictions.csv",
        "confusion_matrix.png",
        "reliability.png",
        "bad_videos.csv",
        "train.log",
    }
    assert list(in_empty_folder.iterdir()) == []
    assert read_csv(folder / "bad_videos.csv") == []
    assert (folder / "confusion_matrix.png").read_bytes().startswith(b"\x89PNG")
    log = (folder / "train.log").read_text(encoding="utf-8")
    assert "2 classes, train 16, val 4, test 4" in log
    assert "epoch 2/2" in log


def test_metrics_hold_the_promised_keys_and_plain_numbers(trained):
    metrics = read_json(trained / "metrics.json")
    assert set(metrics) == {
        "train", "val", "test", "task", "seed", "epochs", "seconds", "fit_seconds", "clips_per_second", "data_wait_fraction",
        "padding_fraction", "times", "cache",
        "calibration", "num_videos", "num_bad_videos", "versions", "git_commit",
    }  # fmt: skip
    assert metrics["calibration"] is None  # of four validation videos
    assert {name: row["num_videos"] for name, row in metrics["test"].pop("per_class").items()} == {"left": 2, "right": 2}
    for split in ("train", "val", "test"):
        assert set(metrics[split]) == METRICS
        assert all(type(value) is float for value in metrics[split].values())
    assert (metrics["seed"], metrics["epochs"], metrics["num_videos"], metrics["num_bad_videos"]) == (0, 2, 24, 0)
    assert metrics["seconds"] > metrics["fit_seconds"] > 0
    assert metrics["clips_per_second"] > 0
    assert 0 <= metrics["data_wait_fraction"] <= 1
    assert metrics["versions"]["torch"] == torch.__version__.partition("+")[0]


def test_predictions_have_a_row_per_test_video(trained, bars):
    rows = read_csv(trained / "predictions.csv")
    assert len(rows) == 4
    assert list(rows[0]) == ["path", "target", "pred", "above_threshold", "prob_left", "prob_right"]
    for row in rows:
        assert (bars / row["path"]).is_file()
        assert row["target"] == row["path"].split("/")[0]
        probs = {name: float(row[f"prob_{name}"]) for name in ("left", "right")}
        assert sum(probs.values()) == pytest.approx(1, abs=1e-5)
        assert row["pred"] == max(probs, key=probs.get)


def test_the_written_configuration_can_be_read_back_and_holds_every_option(trained):
    cfg = OmegaConf.load(trained / "config.yaml")
    again = bind(TrainConfig, OmegaConf.to_container(cfg))
    assert again.model.encoder.channels == (4,)
    assert again.training.max_epochs == 2
    missing = [
        option.key
        for option in options(TrainConfig)
        # Those of a member that was not chosen, or of a group that is null, are not there.
        if not option.members and not option.group and OmegaConf.select(cfg, option.key, default="absent") == "absent"
    ]
    assert missing == []
    assert set(cfg.model.encoder) >= {"name", "weights", "freeze", "channels", "kernel_size", "depth", "dropout"}
    assert set(cfg.model.head) == {option.name for option in fields(RecurrentHeadOptions)}


def test_what_is_not_a_terminal_gets_plain_and_short_lines(capsys, tmp_path, bars):
    outcome = run(capsys, "train", *train_words(bars, tmp_path))
    assert "\x1b" not in outcome.out + outcome.err
    assert "\r" not in outcome.out + outcome.err
    # Whether it waited for data depends on the machine.
    lines = [line for line in outcome.err.splitlines() if "training waited for data" not in line]
    assert len(lines) == 9
    starts = (
        *("scanning: 24", "run ", "every epoch decodes its clips: "),
        *("epoch 1/2  train/loss ", "epoch 2/2  train/loss ", "predicting: "),
        *("not calibrated: that takes at least 20 validation videos, got 4", "best checkpoint: "),
    )
    assert [line for line in lines if not line.startswith(starts)] == []
    assert len(outcome.out.splitlines()) < 10


def test_given_split_folders_are_kept(capsys, tmp_path, make_class_folders):
    for seed, (split, count) in enumerate({"train": 3, "val": 2, "test": 1}.items()):
        make_class_folders(tmp_path / "data" / split, {"left": count, "right": count}, seed=seed)
    outcome = run(capsys, "train", *train_words(tmp_path / "data", tmp_path))
    assert outcome.code == 0, outcome.err
    folder = only_run(tmp_path)
    assert "train 6, val 4, test 2" in outcome.err
    assert {row["path"] for row in read_csv(folder / "predictions.csv")} == {"test/left/0.mp4", "test/right/0.mp4"}


def test_groups_of_a_csv_never_stand_on_two_sides(capsys, tmp_path, bars):
    rows = [(f"{label}/{number}.mp4", label, f"scene {number // 3}") for label in ("left", "right") for number in range(12)]
    groups = {path: group for path, _, group in rows}
    with (tmp_path / "groups.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "group"), *rows])
    outcome = run(capsys, "train", *train_words(bars, tmp_path, f"data.annotations={tmp_path / 'groups.csv'}"))
    assert outcome.code == 0, outcome.err
    tested = {row["path"] for row in read_csv(only_run(tmp_path) / "predictions.csv")}
    inside = {groups[path] for path in tested}
    assert tested == {path for path, group in groups.items() if group in inside}
    assert 0 < len(inside) < 4


def test_five_videos_in_two_classes_train_without_a_test_split_and_say_so(capsys, tmp_path, make_class_folders):
    data = make_class_folders(tmp_path / "data", {"left": 3, "right": 2})
    outcome = run(capsys, "train", *train_words(data, tmp_path))
    assert outcome.code == 0, outcome.err
    folder = only_run(tmp_path)
    assert re.search(r"WARNING: NO TEST SPLIT.*`test` is null in metrics\.json.*'right'", outcome.err)
    log = (folder / "train.log").read_text(encoding="utf-8").splitlines()
    # What is told before there is a folder stands first in it.
    assert re.search(r"INFO videoseq\.reporting\.progress: scanning: 5 in", log[0])
    assert re.search(r"WARNING videoseq\.data\.splits: NO TEST SPLIT", log[1])
    metrics = read_json(folder / "metrics.json")
    assert metrics["test"] is None
    assert set(metrics["val"]) == METRICS
    assert not (folder / "predictions.csv").exists()


def test_the_test_split_is_left_alone_where_asked(capsys, tmp_path, bars):
    outcome = run(capsys, "train", *train_words(bars, tmp_path, "test=false"))
    assert outcome.code == 0, outcome.err
    folder = only_run(tmp_path)
    metrics = read_json(folder / "metrics.json")
    assert metrics["test"] is None
    assert 0 <= metrics["val"]["accuracy"] <= 1
    assert not (folder / "predictions.csv").exists()


def test_one_frame_makes_a_single_frame_classifier(capsys, tmp_path, bars):
    outcome = run(capsys, "train", *train_words(bars, tmp_path, "clip.num_frames=1", "training.max_epochs=1"))
    assert outcome.code == 0, outcome.err
    assert load_checkpoint(only_run(tmp_path) / "checkpoints" / "best.ckpt").config.clip.num_frames == 1


def test_videos_of_different_lengths_train_and_predict_whole(capsys, tmp_path):
    for label, direction in (("left", -1), ("right", 1)):
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(5):
            frames = moving_bar(direction, 3 + 4 * number, seed=number + 10 * direction + 20)
            write_video(tmp_path / "data" / label / f"{number}.mp4", frames, fps=10, options={"preset": "ultrafast"})
    words = train_words(tmp_path / "data", tmp_path, "clip.sampling=all", "clip.padding=mask", "training.max_epochs=1")
    outcome = run(capsys, "train", *words)
    assert outcome.code == 0, outcome.err
    best = only_run(tmp_path) / "checkpoints" / "best.ckpt"
    for batch_size in (1, 16):
        rows = tmp_path / f"rows_{batch_size}.json"
        predicted = run(
            capsys, "predict", f"checkpoint={best}", f"input={tmp_path / 'data'}", f"output={rows}", f"batch_size={batch_size}"
        )
        assert predicted.code == 0, predicted.err
    alone, together = (read_json(tmp_path / f"rows_{size}.json") for size in (1, 16))
    assert len(alone) == 10
    assert [row["path"] for row in alone] == [row["path"] for row in together]
    # A batch pads the short videos; that must not show.
    assert [row["prob"] for row in alone] == pytest.approx([row["prob"] for row in together], abs=2e-6)


def test_the_figures_are_those_of_the_checkpoint_that_was_best_on_validation(capsys, tmp_path, bars):
    words = train_words(bars, tmp_path, "training.max_epochs=4", "training.monitor=loss", "optimizer=sgd", "optimizer.lr=5")
    assert run(capsys, "train", *words).code == 0
    folder = only_run(tmp_path)
    best, last = folder / "checkpoints" / "best.ckpt", folder / "checkpoints" / "last.ckpt"
    epochs = [torch.load(path, weights_only=True)["epoch"] for path in (best, last)]
    assert epochs[0] < epochs[1], "the run must have a best epoch that is not its last, or this test shows nothing"
    metrics = read_json(folder / "metrics.json")
    figures = {}
    for path in (best, last):
        for split in ("val", "test"):
            output = tmp_path / f"{path.stem}_{split}"
            cache = f"paths.cache={tmp_path / 'cache'}"
            words = [f"checkpoint={path}", f"on={split}", "num_clips=1", f"output={output}", cache]
            assert run(capsys, "evaluate", *words).code == 0
            figures[path.stem, split] = read_json(output / "metrics.json")[split]
    assert metrics["test"].pop("per_class") == figures["best", "test"]["per_class"]
    for table in figures.values():
        table.pop("per_class")
    for split in ("val", "test"):
        assert metrics[split] == pytest.approx(figures["best", split])
        assert metrics[split] != pytest.approx(figures["last", split])


def test_own_videos_without_a_network_are_never_trained_from_random_weights(capsys, tmp_path, bars, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there, also where there is a network
    words = [f"data.root={bars}", f"paths.outputs={tmp_path / 'outputs'}", f"paths.cache={tmp_path / 'cache'}", "trainer=cpu"]
    outcome = run(capsys, "train", *words)
    assert outcome.code == 2
    assert "model.encoder.weights=PATH" in outcome.err
    assert "model/encoder=simple" in outcome.err
    assert not (tmp_path / "outputs").exists()


def test_runs_started_in_the_same_second_have_folders_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: new_run_folder(tmp_path, "train"), range(24)))
    assert len({folder.name for folder in folders}) == 24
    assert len({folder.name[:19] for folder in folders}) <= 3


def test_init_from_starts_from_the_weights_of_a_run_with_the_same_classes(capsys, tmp_path, bars, checkpoint):
    words = train_words(bars, tmp_path, f"init_from={checkpoint}", "seed=7", "training.max_epochs=1", "optimizer.lr=1e-9")
    outcome = run(capsys, "train", *words)
    assert outcome.code == 0, outcome.err
    before = load_checkpoint(checkpoint).model
    after = load_checkpoint(only_run(tmp_path) / "checkpoints" / "best.ckpt").model
    assert list(before.state_dict()) == list(after.state_dict())
    for (name, old), new in zip(before.named_parameters(), after.parameters(), strict=True):
        torch.testing.assert_close(new, old, atol=1e-6, rtol=0, msg=name)


def test_init_from_other_classes_keeps_all_but_the_classifier(capsys, tmp_path, bars, checkpoint):
    for label in ("left", "right"):
        shutil.copytree(bars / label, tmp_path / "data" / f"to the {label}")
    shutil.copytree(bars / "left", tmp_path / "data" / "a third", ignore=shutil.ignore_patterns("1*"))
    words = train_words(
        tmp_path / "data", tmp_path, f"init_from={checkpoint}", "training.max_epochs=1", "optimizer.lr=1e-9", "seed=7"
    )
    outcome = run(capsys, "train", *words)
    assert outcome.code == 0, outcome.err
    assert "the checkpoint knows the classes ['left', 'right']; the classifier starts anew" in outcome.err
    before = load_checkpoint(checkpoint).model.state_dict()
    loaded = load_checkpoint(only_run(tmp_path) / "checkpoints" / "best.ckpt")
    assert loaded.config.class_names == ("a third", "to the left", "to the right")
    after = dict(loaded.model.named_parameters())
    for name, value in after.items():
        if name.startswith("head.classifier."):
            assert value.shape[0] == 3
        else:
            torch.testing.assert_close(value, before[name], atol=1e-6, rtol=0, msg=name)


def test_a_folder_of_moving_shapes_is_written_where_the_cache_lies(capsys, tmp_path):
    numbers = "data.synthetic.num_train=16", "data.synthetic.num_val=8", "data.synthetic.num_test=8"
    words = ["+experiment=moving_shapes", f"paths.outputs={tmp_path / 'outputs'}", f"paths.cache={tmp_path / 'cache'}"]
    small = "training.max_epochs=1", "data.num_workers=0", "trainer=cpu", "model.encoder.channels=[4]"
    outcome = run(capsys, "train", *words, *numbers, *small)
    assert outcome.code == 0, outcome.err
    assert "8 classes, train 16, val 8, test 8" in outcome.err
    assert only_run(tmp_path, "moving_shapes").is_dir()
    assert list((tmp_path / "cache" / "moving_shapes").rglob("*.mp4"))
