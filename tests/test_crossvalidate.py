"""`python -m videoseq.crossvalidate` for real: folds in processes of their own, killed, continued and compared."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import TINY, read_csv, read_json, train_words

PROJECT = Path(__file__).parents[1]
FOLDS = ("repeat_0/fold_0", "repeat_0/fold_1")


def crossvalidate(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "videoseq.crossvalidate", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def moving_shapes(folder: Path, marker: Path, number: int, place: str) -> list[str]:
    """Returns the words of two folds of moving shapes; a fold sends a signal in its second epoch, once."""
    callback = f"_target_: tests.signals.SignalParentOnce, batches: 4, marker: '{marker}', number: {number}, place: {place}"
    sizes = {"num_train": 48, "num_val": 8, "num_test": 8, "size": 16, "num_frames": 6}
    return [
        "+experiment=moving_shapes",
        "folds=2",
        *TINY[2:],
        "model.encoder.channels=[4]",
        "data.batch_size=8",
        *(f"data.synthetic.{key}={value}" for key, value in sizes.items()),
        f"paths.cache={folder / 'cache'}",
        f"callbacks.stop={{{callback}}}",
    ]


def outcome(folder: Path) -> tuple[object, ...]:
    """Returns what two runs of the same cross-validation have in common."""
    result = read_json(folder / "crossvalidation.json")
    for key in ("command", "versions", "git_commit"):
        del result[key]
    for fold in result["folds"]:
        del fold["run"], fold["seconds"]
    return result, read_csv(folder / "predictions.csv")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The folder of a cross-validation that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole")
    marker = folder / "sent"
    marker.touch()
    done = crossvalidate(*moving_shapes(folder, marker, 15, "fold_0"), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "moving_shapes: fold 1 of 2 (repeat_0/fold_0)" in done.stderr
    for shown in ("out of fold", "95 % interval", "percentile bootstrap of the out-of-fold predictions over 64 groups"):
        assert shown in done.stdout
    return folder / "outputs" / "moving_shapes" / "crossvalidation"


@pytest.mark.slow
def test_two_folds_are_trained_and_come_to_figures(whole):
    result = read_json(whole / "crossvalidation.json")
    assert [one["run"].rpartition("/")[0] for one in result["folds"]] == list(FOLDS)
    for one in result["folds"]:
        metrics = read_json(whole / one["run"] / "metrics.json")
        assert one["test"]["accuracy"] == metrics["test"]["accuracy"]
        assert one["num_videos"] == {"train": 24, "val": 8, "test": 32}
        assert one["epochs"] == metrics["epochs"] == 2
    accuracies = [one["test"]["accuracy"] for one in result["folds"]]
    assert result["mean"]["accuracy"] == pytest.approx(sum(accuracies) / 2)
    # Folds of equal size: the figures of all predictions together are the mean ones, but for the rounding in the file.
    assert result["out_of_fold"]["accuracy"] == pytest.approx(result["mean"]["accuracy"])
    assert result["out_of_fold"]["loss"] == pytest.approx(result["mean"]["loss"], rel=1e-5)
    low, high = result["interval_95"]["accuracy"]
    assert low <= result["out_of_fold"]["accuracy"] <= high
    rows = read_csv(whole / "predictions.csv")
    assert len({row["path"] for row in rows}) == len(rows) == 64
    assert (whole / "confusion_matrix.png").stat().st_size > 1000


@pytest.mark.slow
def test_a_cross_validation_that_is_stopped_and_killed_goes_on_as_if_nothing_had_happened(tmp_path, whole):
    # SIGTERM in the first fold: it saves, and the command says how to go on.
    words = moving_shapes(tmp_path, tmp_path / "sent", 15, "fold_0")
    stopped = crossvalidate(*words, cwd=tmp_path)
    assert stopped.returncode == 3, stopped.stderr
    message = stopped.stderr.splitlines()[-1]
    assert message == (
        "videoseq.crossvalidate: stopped in fold 1 of 2 (repeat_0/fold_0) of moving_shapes; continue with the same command"
    )
    folder = tmp_path / "outputs" / "moving_shapes" / "crossvalidation"
    (last,) = folder.glob("*/*/*/checkpoints/last.ckpt")
    assert not list(folder.glob("*/*/*/metrics.json"))

    # Everything is killed in the second fold, behind the end of its first epoch.
    (tmp_path / "sent").unlink()
    words[-1] = words[-1].replace("number: 15, place: fold_0", "number: 9, place: fold_1")
    (folder / "folds.json").unlink()  # the same options but for the test's own signal
    killed = crossvalidate(*words, cwd=tmp_path)
    assert killed.returncode == -9
    assert f"continuing {last.parents[1].relative_to(tmp_path)}" in killed.stderr
    assert (last.parents[1] / "metrics.json").exists()
    (second,) = (folder / FOLDS[1]).iterdir()
    assert (second / "checkpoints" / "last.ckpt").exists()
    assert not (second / "metrics.json").exists()
    best = last.with_name("best.ckpt")
    before = best.stat().st_mtime_ns, best.read_bytes()

    done = crossvalidate(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "fold 1 of 2 (repeat_0/fold_0) is finished and kept" in done.stderr
    assert f"continuing {second.relative_to(tmp_path)}" in done.stderr
    assert (best.stat().st_mtime_ns, best.read_bytes()) == before
    assert [len(list((folder / one).iterdir())) for one in FOLDS] == [1, 1]
    assert outcome(folder) == outcome(whole)


@pytest.mark.slow
def test_candidates_are_compared_on_the_same_folds(tmp_path, bars):
    shared = [word for word in train_words(bars, tmp_path, "training.max_epochs=1") if "hidden_size" not in word]
    words = [
        *shared,
        "name=heads",
        "folds=2",
        "compare=['model/head=lstm','model/head=mean optimizer.lr=0.002']",
        f"output={tmp_path / 'results' / 'metrics.json'}",
    ]
    done = crossvalidate(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "outputs" / "heads" / "comparison"
    result = read_json(folder / "comparison.json")
    assert read_json(tmp_path / "results" / "metrics.json") == result
    labels = ["model/head=lstm", "model/head=mean optimizer.lr=0.002"]
    assert [one["candidate"] for one in result["candidates"]] == labels
    (difference,) = result["differences"]
    assert (difference["first"], difference["second"], difference["level"]) == (*labels, 0.95)
    assert difference["sentence"] + "." in done.stdout
    accuracies = [one["out_of_fold"]["accuracy"] for one in result["candidates"]]
    assert difference["difference"]["accuracy"] == pytest.approx(accuracies[1] - accuracies[0])
    places = [folder / "model_head=lstm", folder / "model_head=mean_optimizer.lr=0.002"]
    tested = [{(row["fold"], row["path"]) for row in read_csv(place / "predictions.csv")} for place in places]
    assert tested[0] == tested[1]
    assert len(tested[0]) == 24
    for place, head, rate in zip(places, ("lstm", "mean"), (0.001, 0.002), strict=True):
        for config in place.glob("repeat_0/*/*/config.yaml"):
            text = config.read_text()
            assert f"name: {head}\n" in text
            assert f"lr: {rate}\n" in text
