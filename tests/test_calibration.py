"""The calibration of a run: fitted on validation, kept in the checkpoint, and in every prediction made from it."""

import csv

import pytest
import torch
from torch.nn.functional import one_hot

from tests.commands import only_run, read_csv, read_json, run, train_words
from videoseq.config import TrainConfig, load_config
from videoseq.data.dataset import EvalClips, Reading
from videoseq.data.loading import evaluation_loader
from videoseq.data.manifest import build_manifest
from videoseq.data.options import DataOptions
from videoseq.models.calibration import Calibration
from videoseq.models.checkpoint import load_checkpoint
from videoseq.reporting.progress import progress_bar
from videoseq.running.measuring import measure_validation, predictor_of
from videoseq.train import train
from videoseq.training.calibration import fit_temperature, fit_thresholds
from videoseq.training.options import TrainerOptions


@pytest.fixture(scope="module")
def data(tmp_path_factory, make_class_folders):
    """Forty bars, of which 12 train, 20 validate and 8 test."""
    root = make_class_folders(tmp_path_factory.mktemp("data"), {"left": 20, "right": 20}, seed=3)
    with (root / "annotations.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "split"])
        for label in ("left", "right"):
            rows.writerows((f"{label}/{n}.mp4", label, "train" if n < 6 else "val" if n < 16 else "test") for n in range(20))
    return root


def words_on(data, folder, *more):
    return train_words(data, folder, "training.max_epochs=8", "optimizer.lr=0.02", "augment=none", *more)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory, data):
    """The folder of a run whose model is right on most validation videos and not on all; read only."""
    return train(load_config(TrainConfig, "train", words_on(data, tmp_path_factory.mktemp("calibrated")))).folder


@pytest.fixture(scope="module")
def validation(calibrated, data, tmp_path_factory):
    """Logits and targets of the validation videos, made here, one clip of each."""
    loaded = load_checkpoint(calibrated / "checkpoints" / "best.ckpt")
    options = DataOptions(root=str(data), num_workers=0)
    videos = build_manifest(options, tmp_path_factory.mktemp("cache"), progress_bar).videos["val"]
    (batch,) = evaluation_loader(EvalClips(videos, loaded.config.clip, Reading()), 20, 0)
    with torch.no_grad():
        return loaded.model(batch.video, batch.lengths)[0], batch.targets


def test_the_run_fits_its_calibration_on_the_validation_videos_and_says_what_it_changed(calibrated, validation):
    logits, targets = validation
    section = read_json(calibrated / "metrics.json")["calibration"]
    assert set(section) == {"temperature", "thresholds", "num_videos", "before", "after"}
    assert section["temperature"] == pytest.approx(fit_temperature(logits, targets), rel=1e-4)
    assert section["temperature"] != pytest.approx(1, abs=0.05)
    probs = (logits / section["temperature"]).softmax(1)
    assert list(section["thresholds"]) == ["left", "right"]
    assert list(section["thresholds"].values()) == pytest.approx(fit_thresholds(probs, one_hot(targets, 2) > 0), abs=1e-4)
    assert section["num_videos"] == 20
    for name, shown in (("before", logits.softmax(1)), ("after", probs)):
        likelihood = -shown[torch.arange(20), targets].log().mean()
        assert section[name]["nll"] == pytest.approx(float(likelihood), rel=1e-4), name
    assert section["after"]["nll"] < section["before"]["nll"]
    assert section["after"]["ece"] != section["before"]["ece"]


def test_the_validation_figures_are_those_after_calibration(calibrated, validation):
    logits, targets = validation
    metrics = read_json(calibrated / "metrics.json")
    assert metrics["val"]["loss"] == metrics["calibration"]["after"]["nll"]
    assert metrics["val"]["ece"] == metrics["calibration"]["after"]["ece"]
    assert metrics["val"]["accuracy"] == pytest.approx(float((logits.argmax(1) == targets).float().mean()))
    assert 0.5 < metrics["val"]["accuracy"] < 1, "the run must err, or its temperature shows nothing"


def test_the_checkpoint_keeps_the_calibration_and_stays_one_to_resume_from(calibrated):
    best, last = (calibrated / "checkpoints" / name for name in ("best.ckpt", "last.ckpt"))
    section = read_json(calibrated / "metrics.json")["calibration"]
    assert load_checkpoint(best).calibration == Calibration(section["temperature"], tuple(section["thresholds"].values()))
    assert load_checkpoint(last).calibration == Calibration()
    contents = [torch.load(path, weights_only=True) for path in (best, last)]
    assert contents[0].keys() == contents[1].keys()
    assert {path.name for path in best.parent.iterdir()} == {"best.ckpt", "last.ckpt"}


def test_predictions_of_the_test_split_are_calibrated_and_marked(calibrated):
    calibration = load_checkpoint(calibrated / "checkpoints" / "best.ckpt").calibration
    rows = read_csv(calibrated / "predictions.csv")
    assert len(rows) == 8
    for row in rows:
        k = ["left", "right"].index(row["pred"])
        above = float(row[f"prob_{row['pred']}"]) >= calibration.thresholds[k]
        assert row["above_threshold"] == str(above).lower()
    assert (calibrated / "reliability.png").read_bytes().startswith(b"\x89PNG")


def test_evaluate_and_predict_use_what_is_in_the_checkpoint(capsys, calibrated, data, tmp_path, validation):
    logits, _ = validation
    best = calibrated / "checkpoints" / "best.ckpt"
    temperature = load_checkpoint(best).calibration.temperature
    words = f"checkpoint={best}", f"paths.cache={tmp_path / 'cache'}", f"output={tmp_path / 'out'}"
    assert run(capsys, "evaluate", *words, "on=val", "num_clips=1", "order_probe=true").code == 0
    found = read_json(tmp_path / "out" / "metrics.json")
    assert found["temperature"] == temperature != 1
    expected = read_json(calibrated / "metrics.json")["val"]
    assert {name: found["val"][name] for name in expected} == pytest.approx(expected, abs=1e-5)
    shown = [float(row["prob_left"]) for row in read_csv(tmp_path / "out" / "predictions.csv")]
    assert shown == pytest.approx((logits / temperature).softmax(1)[:, 0].tolist(), abs=1e-5)
    assert (tmp_path / "out" / "reliability.png").is_file()

    words = f"checkpoint={best}", f"input={data}", f"output={tmp_path / 'rows.csv'}"
    assert run(capsys, "predict", *words).code == 0
    rows = {row["path"]: row for row in read_csv(tmp_path / "rows.csv")}
    for row in read_csv(calibrated / "predictions.csv"):
        predicted = rows[str(data / row["path"])]
        assert float(predicted["prob"]) == pytest.approx(float(row[f"prob_{row['pred']}"]), abs=2e-6)
        assert predicted["above_threshold"] == row["above_threshold"]


def test_a_finished_run_that_is_resumed_is_not_calibrated_twice(capsys, data, tmp_path):
    words = train_words(data, tmp_path, "training.max_epochs=1")
    assert "calibrated on 20 videos: temperature" in run(capsys, "train", *words).err
    folder = only_run(tmp_path)
    before = read_json(folder / "metrics.json")["calibration"]
    best, last = (folder / "checkpoints" / name for name in ("best.ckpt", "last.ckpt"))
    written = best.stat().st_mtime_ns
    assert run(capsys, "train", *words, f"resume={last}").code == 0
    assert read_json(folder / "metrics.json")["calibration"] == before
    assert best.stat().st_mtime_ns == written
    # The file is what the options say, also where they have changed.
    assert run(capsys, "train", *words, f"resume={last}", "training.calibrate=false").code == 0
    assert read_json(folder / "metrics.json")["calibration"] is None
    assert load_checkpoint(best).calibration == Calibration()


def test_logits_that_are_no_numbers_are_told_as_such(caplog, calibrated, data, tmp_path):
    content = torch.load(calibrated / "checkpoints" / "best.ckpt", weights_only=True)
    content["state_dict"]["model.head.classifier.bias"][1] = torch.nan
    torch.save(content, tmp_path / "diverged.ckpt")
    options = DataOptions(root=str(data), num_workers=0)
    videos = build_manifest(options, tmp_path / "cache", progress_bar).videos["val"]
    predictor = predictor_of(load_checkpoint(tmp_path / "diverged.ckpt"), options, TrainerOptions(accelerator="cpu"))
    _, _, section = measure_validation(predictor, videos, tmp_path / "diverged.ckpt", calibrate=True)
    assert section is None
    (warning,) = (record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert warning == (
        "not calibrated: logits of 20 of 20 validation videos are infinite or no numbers; try a lower optimizer.lr"
    )
    assert "takes at least" not in caplog.text
    assert load_checkpoint(tmp_path / "diverged.ckpt").calibration == Calibration()


def test_calibration_can_be_left_out_and_changes_nothing_but_the_probabilities(capsys, calibrated, data, tmp_path):
    outcome = run(capsys, "train", *words_on(data, tmp_path, "training.calibrate=false"))
    assert outcome.code == 0, outcome.err
    assert "calibrated" not in outcome.err
    plain, other = only_run(tmp_path), calibrated
    files = [torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True) for folder in (plain, other)]
    assert files[0]["state_dict"].keys() == files[1]["state_dict"].keys()
    for name, tensor in files[0]["state_dict"].items():
        assert torch.equal(tensor, files[1]["state_dict"][name]), name
    first, second = (read_json(folder / "metrics.json") for folder in (plain, other))
    assert first["calibration"] is None
    assert first["val"]["loss"] == pytest.approx(second["calibration"]["before"]["nll"], abs=1e-6)
    for split in ("val", "test"):
        for name in ("accuracy", "f1_macro", "top5_accuracy"):
            assert first[split][name] == second[split][name]
        assert first[split]["loss"] != second[split]["loss"]
    rows = [read_csv(folder / "predictions.csv") for folder in (plain, other)]
    assert [row["pred"] for row in rows[0]] == [row["pred"] for row in rows[1]]
    assert {row["above_threshold"] for row in rows[0]} == {"true"}


def test_a_run_that_starts_from_a_calibrated_checkpoint_starts_uncalibrated(capsys, calibrated, bars, tmp_path):
    best = calibrated / "checkpoints" / "best.ckpt"
    outcome = run(capsys, "train", *train_words(bars, tmp_path, f"init_from={best}", "training.max_epochs=1"))
    assert outcome.code == 0, outcome.err
    assert load_checkpoint(only_run(tmp_path) / "checkpoints" / "best.ckpt").calibration == Calibration()
