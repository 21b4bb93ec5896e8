"""`python -m videoseq.evaluate` of every task: figures and files of a split."""

import pytest
from PIL import Image

from tests.commands import read_csv, read_json, run
from tests.task_data import FPS, NUM_FRAMES
from tests.task_runs import data_of
from videoseq.running.measuring import RESULT_FILES

WORDS = {"multilabel": ["order_probe=true"], "regression": ["order_probe=true"], "frames": ["frame_rows=true"], "values": []}
COMMON = {"metrics.json", "bad_videos.csv"}
FILES = {
    "multilabel": {"predictions.csv", "clips.png"},
    "regression": {"predictions.csv", "scatter.png", "clips.png"},
    "frames": {"segments.csv", "frames.csv", "videos.csv", "confusion_matrix.png", "timelines.png"},
    "values": {"values.csv", "videos.csv", "scatter.png", "curves.png"},
}
FIGURES = {
    "multilabel": ["map", "f1_macro", "f1_micro", "loss", "per_class"],
    "regression": ["mae", "rmse", "r2", "loss"],
    "frames": ["accuracy", "f1_macro", "edit", "f1_10", "f1_25", "f1_50", "loss", "per_class"],
    "values": ["mae", "rmse", "r2", "loss"],
}
KINDS = sorted(FILES)
PER_FRAME = ["frames", "values"]


@pytest.fixture
def evaluate(capsys, task_run, tmp_path):
    """Evaluates the tiny run of a kind."""

    def evaluated(kind, *words):
        checkpoint = task_run(kind) / "checkpoints" / "best.ckpt"
        places = f"output={tmp_path / 'out'}", f"paths.cache={tmp_path / 'cache'}"
        return run(capsys, "evaluate", f"checkpoint={checkpoint}", *places, *words)

    return evaluated


@pytest.fixture(scope="module")
def evaluations():
    """What `evaluation` has done, by kind."""
    return {}


@pytest.fixture
def evaluation(capsys, task_run, evaluations, tmp_path_factory):
    """Evaluates the tiny run of a kind once, in a folder with the files of earlier evaluations; returns outcome and folder."""

    def evaluated(kind):
        if kind not in evaluations:
            folder = tmp_path_factory.mktemp(kind)
            for name in RESULT_FILES:
                (folder / name).write_text("of another evaluation")
            checkpoint = task_run(kind) / "checkpoints" / "best.ckpt"
            places = f"output={folder}", f"paths.cache={tmp_path_factory.mktemp('cache')}"
            outcome = run(capsys, "evaluate", f"checkpoint={checkpoint}", *places, "num_clips=1", *WORDS[kind])
            assert outcome.code == 0, outcome.err
            evaluations[kind] = outcome, folder
        return evaluations[kind]

    return evaluated


@pytest.mark.parametrize("kind", KINDS)
def test_an_evaluation_leaves_the_files_and_figures_of_its_task_and_no_others(evaluation, kind, task_run):
    outcome, folder = evaluation(kind)
    assert {path.name for path in folder.iterdir()} == COMMON | FILES[kind]
    assert COMMON | FILES[kind] <= {*RESULT_FILES, "bad_videos.csv"}
    metrics = read_json(folder / "metrics.json")
    assert list(metrics["test"]) == FIGURES[kind]
    assert (metrics["num_videos"], metrics["num_clips"], metrics["num_crops"]) == (4, 1, 1)
    for name in FIGURES[kind][:3]:
        assert f"{name} {metrics['test'][name]:.4f}" in outcome.out
    for name in FILES[kind]:
        if name.endswith(".png"):
            with Image.open(folder / name) as image:
                assert min(image.size) > 100
    # With one view of each video they are those that the run has measured; of whole videos it has drawn the same, too.
    if kind in PER_FRAME:
        assert FILES[kind] - {"frames.csv"} <= {path.name for path in task_run(kind).iterdir()}
    measured = read_json(task_run(kind) / "metrics.json")["test"]
    for name in FIGURES[kind][:3]:
        assert metrics["test"][name] == pytest.approx(measured[name], abs=1e-5)


def test_labels_and_those_that_are_claimed_stand_in_the_predictions(evaluation, task_run):
    _, folder = evaluation("multilabel")
    rows = read_csv(folder / "predictions.csv")
    assert list(rows[0]) == ["path", "targets", "preds", "prob_left", "prob_right"]
    with (data_of(task_run("multilabel")) / "annotations.csv").open() as file:
        labels = dict(line.split(",")[:2] for line in file)
    for row in rows:
        assert row["targets"] == labels[row["path"]]
        claimed = [name for name in ("left", "right") if float(row[f"prob_{name}"]) >= 0.5]
        assert row["preds"] == "|".join(claimed)
    per_class = read_json(folder / "metrics.json")["test"]["per_class"]
    assert list(per_class["left"]) == ["average_precision", "precision", "recall", "f1", "num_videos"]
    assert per_class["left"]["num_videos"] == sum("left" in row["targets"] for row in rows)


def test_values_are_in_the_units_of_the_data(evaluation, task_run):
    _, folder = evaluation("regression")
    rows = read_csv(folder / "predictions.csv")
    assert list(rows[0]) == ["path", "target", "pred", "error"]
    with (data_of(task_run("regression")) / "annotations.csv").open() as file:
        values = dict(line.split(",")[:2] for line in file)
    errors = []
    for row in rows:
        assert float(row["target"]) == pytest.approx(float(values[row["path"]]), rel=1e-6)
        assert float(row["error"]) == pytest.approx(float(row["pred"]) - float(row["target"]), abs=1e-6)
        errors.append(abs(float(row["error"])))
    metrics = read_json(folder / "metrics.json")["test"]
    assert metrics["mae"] == pytest.approx(sum(errors) / len(errors), rel=1e-5)
    assert -3 < float(rows[0]["pred"]) < 3


def test_segments_cover_every_video_and_frames_have_rows_on_request(evaluation):
    _, folder = evaluation("frames")
    segments = read_csv(folder / "segments.csv")
    assert list(segments[0]) == ["path", "start_seconds", "end_seconds", "label", "prob"]
    frames = read_csv(folder / "frames.csv")
    columns = ["path", "frame", "time_seconds", "target", "pred", "prob_left", "prob_rest", "prob_right"]
    assert list(frames[0]) == columns
    assert len(frames) == 4 * NUM_FRAMES
    for path in {row["path"] for row in frames}:
        own = [row for row in frames if row["path"] == path]
        parts = [row for row in segments if row["path"] == path]
        assert [float(row["time_seconds"]) for row in own] == pytest.approx([k / FPS for k in range(NUM_FRAMES)])
        assert (float(parts[0]["start_seconds"]), float(parts[-1]["end_seconds"])) == (0, NUM_FRAMES / FPS)
        for row in own:
            (part,) = [
                one for one in parts
                if float(one["start_seconds"]) <= float(row["time_seconds"]) < float(one["end_seconds"])
            ]  # fmt: skip
            assert part["label"] == row["pred"]
    right = sum(row["target"] == row["pred"] for row in frames)
    metrics = read_json(folder / "metrics.json")["test"]
    assert metrics["accuracy"] == pytest.approx(right / len(frames))
    assert {name: row["num_frames"] for name, row in metrics["per_class"].items()} == {
        name: sum(row["target"] == name for row in frames) for name in ("left", "rest", "right")
    }


def test_every_frame_has_a_value_and_only_labelled_ones_are_measured(evaluation):
    _, folder = evaluation("values")
    rows = read_csv(folder / "values.csv")
    assert list(rows[0]) == ["path", "frame", "time_seconds", "target", "value"]
    assert len(rows) == 4 * NUM_FRAMES
    assert [int(row["frame"]) for row in rows[:NUM_FRAMES]] == list(range(NUM_FRAMES))
    assert {float(row["target"]) for row in rows} <= {-3, -2, 0, 2, 3}
    videos = read_csv(folder / "videos.csv")
    sums = {name: sum(float(row[name]) for row in videos) for name in ("num_values", "absolute_error")}
    metrics = read_json(folder / "metrics.json")["test"]
    assert metrics["mae"] == pytest.approx(sums["absolute_error"] / sums["num_values"], rel=1e-6)
    assert sums["num_values"] == 4 * NUM_FRAMES


@pytest.mark.parametrize(("kind", "headline"), [("multilabel", "map"), ("regression", "r2")])
def test_the_order_probe_asks_for_the_headline_of_the_task(evaluation, kind, headline):
    outcome, folder = evaluation(kind)
    metrics = read_json(folder / "metrics.json")
    assert set(metrics["order_probe"]) == {"ordered", "shuffled", "reversed", "single"}
    assert metrics["order_probe"]["ordered"] == metrics["test"][headline]
    assert f"{headline} by order of frames: ordered" in outcome.out


@pytest.mark.parametrize("kind", PER_FRAME)
@pytest.mark.parametrize("word", ["num_clips=3", "num_crops=3", "order_probe=true"])
def test_views_and_orders_are_refused_where_every_frame_has_an_answer(evaluate, tmp_path, kind, word):
    outcome = evaluate(kind, word)
    assert outcome.code == 2
    name = word.partition("=")[0]
    assert f"{name} is for a model with one answer for a video" in outcome.err
    assert f"Fix: leave {name} out" in outcome.err
    assert not (tmp_path / "out").exists()


def test_rows_of_frames_are_refused_where_there_are_none(evaluate):
    outcome = evaluate("values", "frame_rows=true")
    assert outcome.code == 2
    assert "frame_rows is for a model of frames, task.name=frames, but this one is of task.name=regression" in outcome.err


@pytest.mark.parametrize(("kind", "other"), [("multilabel", "regression"), ("frames", "values"), ("regression", "frames")])
def test_data_with_other_labels_is_refused(evaluate, task_run, kind, other):
    outcome = evaluate(kind, f"data.root={data_of(task_run(other))}")
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
