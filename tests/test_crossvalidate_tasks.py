"""`python -m videoseq.crossvalidate` of a task with labels of frames, and what notices that labels have changed."""

from tests.commands import read_csv, read_json
from tests.task_data import NUM_FRAMES
from tests.task_runs import data_of, task_words
from tests.test_crossvalidate import crossvalidate
from videoseq.config import bind
from videoseq.data.manifest import build_manifest
from videoseq.data.options import DataOptions
from videoseq.data.split_options import SplitOptions
from videoseq.reporting.progress import progress_bar
from videoseq.running.folds import describe, differences, plan_folds
from videoseq.types import TaskSpec

FIGURES = ["accuracy", "f1_macro", "edit", "f1_10", "f1_25", "f1_50", "loss"]


def test_folds_of_labelled_frames_come_to_figures_with_intervals(tmp_path):
    words = task_words(tmp_path, "frames", "training.max_epochs=1", "folds=2", "name=cv")
    done = crossvalidate(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "outputs" / "cv" / "crossvalidation"
    result = read_json(folder / "crossvalidation.json")
    assert list(result["out_of_fold"]) == list(result["interval_95"]) == FIGURES
    assert all(set(FIGURES) <= set(fold["test"]) for fold in result["folds"])
    rows = read_csv(folder / "videos.csv")
    assert len(rows) == result["num_predictions"] == 16
    frames = sum(float(row["num_frames"]) for row in rows)
    right = sum(float(row[f"right_{name}"]) for row in rows for name in ("left", "rest", "right"))
    assert frames == 16 * NUM_FRAMES
    assert abs(result["out_of_fold"]["accuracy"] - right / frames) < 1e-9
    low, high = result["interval_95"]["accuracy"]
    assert low <= result["out_of_fold"]["accuracy"] <= high
    for name in FIGURES:
        assert name in done.stdout


def test_other_labels_make_other_folds(task_run, tmp_path):
    root = data_of(task_run("values"))
    task = TaskSpec("regression", per_frame=True)

    def described(folder):
        options = bind(DataOptions, {"root": str(folder), "allow_outside_root": True})
        manifest = build_manifest(options, tmp_path / "cache", progress_bar, task=task)
        return describe(plan_folds(manifest, SplitOptions(), folds=2, repeats=1, seed=0), {})

    copy = tmp_path / "copy"
    copy.mkdir()
    for video in root.glob("*.mp4"):
        (copy / video.name).symlink_to(video)
    header, first, *rest = (root / "values.csv").read_text().splitlines()
    path, seconds, value, split = first.split(",")
    changed = f"{path},{seconds},{float(value) + 1},{split}"
    (copy / "values.csv").write_text("\n".join([header, changed, *rest]) + "\n")
    before = described(root)
    assert differences(before, described(root)) == []
    assert differences(before, described(copy))[0].startswith("1 videos are gone or changed, the first: ")
