"""What folds come to, from runs whose predictions are written by hand."""

import pytest
from PIL import Image

from tests.commands import read_csv, read_json
from tests.running.plans import CLASSES, ROOT, manifest, rows_of, video, write_run
from videoseq.data.split_options import SplitOptions
from videoseq.errors import DataError
from videoseq.running.fold_results import collect, compare, summarise_folds
from videoseq.running.folds import plan_folds

VIDEOS = [video(f"{label}{number}", label, group=f"{label} person {number // 2}") for label in "ab" for number in range(8)]
RIGHT = {f"{label}{number}": 0.9 if label == "a" else 0.1 for label in "ab" for number in range(8)}
WRONG = {"a0": 0.2, "a1": 0.4, "b7": 0.8}
"""Probabilities of class a that are on the wrong side: both videos of one group, one of another."""


@pytest.fixture
def plan():
    return plan_folds(manifest(VIDEOS), SplitOptions(val_fraction=0.3), folds=2, repeats=2, seed=5)


def runs(plan, folder, *probs):
    """Writes the runs of all folds, the probabilities of each repeat given."""
    return [
        write_run(folder / f"repeat_{one.repeat}" / f"fold_{one.number}" / "date", rows_of(plan, number, probs[one.repeat]),
                  accuracy=0.5 + 0.1 * number, f1_macro=0.5, loss=1.0)
        for number, one in enumerate(plan.folds)
    ]  # fmt: skip


def test_predictions_of_all_folds_are_collected(plan, tmp_path):
    found = collect(plan, runs(plan, tmp_path, RIGHT, RIGHT | WRONG), ROOT)
    assert len(found.rows) == len(found.units) == 32
    assert sorted(row["path"] for row in found.rows if row["repeat"] == 1) == sorted(f"{name}.mp4" for name in RIGHT)
    first = next(row for row in found.rows if row["path"] == "a1.mp4" and row["repeat"] == 1)
    tested = next(one.number for one in plan.folds if one.repeat == 1 and one.splits[1] == "test")
    assert first == {
        "repeat": 1, "fold": tested, "path": "a1.mp4", "group": "a person 0", "target": "a", "pred": "b",
        "prob_a": "0.4", "prob_b": "0.6",
    }  # fmt: skip
    units = {row["path"]: unit for row, unit in zip(found.rows, found.units, strict=True)}
    assert units["a0.mp4"] == units["a1.mp4"] == 0
    assert found.numbers.tolist() == [
        [CLASSES.index(row["target"]), float(row["prob_a"]), float(row["prob_b"])] for row in found.rows
    ]


def test_a_cross_validation_comes_to_figures_and_files(plan, tmp_path):
    written = runs(plan, tmp_path, RIGHT, RIGHT | WRONG)
    found = collect(plan, written, ROOT)
    result = summarise_folds(plan, written, found, tmp_path, "python -m videoseq.crossvalidate …")
    assert read_json(tmp_path / "crossvalidation.json") == result
    assert result["command"] == "python -m videoseq.crossvalidate …"
    assert [(one["repeat"], one["fold"], one["seed"], one["split_seed"]) for one in result["folds"]] == [
        (0, 0, 5, 0), (0, 1, 5, 0), (1, 0, 6, 1), (1, 1, 6, 1),
    ]  # fmt: skip
    assert result["folds"][1]["run"] == "repeat_0/fold_1/date"
    assert result["folds"][1]["test"] == {"accuracy": 0.6, "f1_macro": 0.5, "loss": 1.0}
    assert result["folds"][1]["num_videos"] == {"train": 4, "val": 4, "test": 8}
    assert result["mean"]["accuracy"] == pytest.approx(0.65)
    assert result["std"]["accuracy"] == pytest.approx(0.05 / 3 * 60**0.5)
    assert result["out_of_fold"]["accuracy"] == 29 / 32
    low, high = result["interval_95"]["accuracy"]
    assert low < 29 / 32 <= high
    assert (result["num_videos"], result["num_groups"], result["num_predictions"]) == (16, 8, 32)
    assert "over 8 groups" in result["interval_method"]
    assert "too few groups to be believed" in result["interval_method"]
    assert result["per_class"]["a"] == {"precision": 14 / 15, "recall": 14 / 16, "f1": pytest.approx(28 / 31), "num_videos": 16}
    rows = read_csv(tmp_path / "predictions.csv")
    assert list(rows[0]) == ["repeat", "fold", "path", "group", "target", "pred", "prob_a", "prob_b"]
    assert len(rows) == 32
    (row,) = [one for one in rows if one["path"] == "b7.mp4" and one["repeat"] == "1"]
    assert (row["group"], row["target"], row["pred"], row["prob_a"]) == ("b person 3", "b", "a", "0.8")
    with Image.open(tmp_path / "confusion_matrix.png") as image:
        assert min(image.size) > 200


def test_all_repeats_of_a_group_are_drawn_together(plan, tmp_path):
    """Repeats of the same videos are no further evidence: the interval is that of one repeat."""
    once = plan_folds(manifest(VIDEOS), SplitOptions(val_fraction=0.3), folds=2, repeats=1, seed=5)
    one = collect(once, runs(once, tmp_path / "once", RIGHT | WRONG), ROOT)
    two = collect(plan, runs(plan, tmp_path / "twice", RIGHT | WRONG, RIGHT | WRONG), ROOT)
    first, second = (
        summarise_folds(which, runs(which, tmp_path / "again", *[RIGHT | WRONG] * 2), found, tmp_path / "again", "")
        for which, found in ((once, one), (plan, two))
    )
    for name, ends in first["interval_95"].items():
        assert ends == pytest.approx(second["interval_95"][name])
    assert first["interval_95"]["accuracy"][0] < first["interval_95"]["accuracy"][1]


def test_candidates_are_compared_with_the_first(plan, tmp_path):
    probs = {"A": RIGHT | WRONG, "B": RIGHT, "C [4,4]": RIGHT | WRONG}
    found, results = {}, {}
    for label, values in probs.items():
        written = runs(plan, tmp_path / label, values, values)
        found[label] = collect(plan, written, ROOT)
        results[label] = summarise_folds(plan, written, found[label], tmp_path / label, "")
    result = compare(plan, found, results, "the command")
    assert [one["candidate"] for one in result["candidates"]] == ["A", "B", "C [4,4]"]
    assert result["candidates"][1]["out_of_fold"]["accuracy"] == 1
    better, same = result["differences"]
    assert (better["first"], better["second"], better["level"]) == ("A", "B", 0.975)
    assert better["difference"]["accuracy"] == pytest.approx(3 / 16)
    assert better["difference"]["loss"] < 0
    # Groups are right on 2, 0 or 1 more of their videos, 8 groups of 2: sums of 8 draws from (2, 1, 0, 0, 0, 0, 0, 0) / 16.
    low, high = better["interval"]["accuracy"]
    assert (low, high) == (0, pytest.approx(8 / 16, abs=1 / 16))
    assert "B is 18.8 points better than A (97.5 % interval 0.0 to" in better["sentence"]
    assert "cannot be told apart" in better["sentence"]
    assert same["difference"] == {"accuracy": 0, "f1_macro": 0, "loss": 0}
    assert "the same groups for both sides" in result["interval_method"]


def test_a_prediction_of_a_video_of_another_fold_is_refused(plan, tmp_path):
    written = runs(plan, tmp_path, RIGHT, RIGHT)
    write_run(written[0], rows_of(plan, 1, RIGHT), accuracy=1.0)
    with pytest.raises(DataError, match=r"date' tested '.*\.mp4', which is not in the test part of its fold"):
        collect(plan, written, ROOT)
