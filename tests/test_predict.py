"""`python -m videoseq.predict` from a file, folder or pattern to rows."""

import shutil

import numpy as np
import pytest

from tests.commands import only_run, read_csv, read_json, run, train_words
from tests.conftest import moving_bar
from videoseq.data.writing import write_video


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    """An empty working folder, so that a file that a command leaves unasked is seen."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    """A video of 5 s, 50 frames at 10 fps; read only."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    write_video(path, moving_bar(1, 50, seed=3), fps=10, options={"g": "5", "preset": "ultrafast"})
    return path


@pytest.fixture
def broken(tmp_path):
    """A folder with two good videos and one that is text."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number in (1, 3):
        write_video(folder / f"{number}.mp4", moving_bar(1, 10, seed=number), fps=10)
    (folder / "2.mp4").write_text("no video at all")
    return folder


def test_a_file_gets_one_row_printed_as_a_table_and_nothing_is_written(capsys, checkpoint, bars, working_folder):
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={bars / 'left' / '0.mp4'}")
    assert outcome.code == 0, outcome.err
    assert "pred" in outcome.out
    assert "prob" in outcome.out
    assert "left" in outcome.out
    assert "right" in outcome.out
    assert "\x1b" not in outcome.out + outcome.err
    assert len(outcome.err.splitlines()) == 2
    assert list(working_folder.iterdir()) == []


def test_a_folder_gets_a_row_per_video_as_csv(capsys, checkpoint, bars, working_folder):
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={bars}", "output=rows.csv")
    assert outcome.code == 0, outcome.err
    assert "24 rows written to rows.csv" in outcome.err
    rows = read_csv(working_folder / "rows.csv")
    assert [row["path"] for row in rows] == sorted(str(path) for path in bars.rglob("*.mp4"))
    assert list(rows[0]) == ["path", "pred", "prob", "above_threshold", "pred_2", "prob_2"]
    for row in rows:
        assert {row["pred"], row["pred_2"]} == {"left", "right"}
        assert float(row["prob"]) >= float(row["prob_2"])
        assert float(row["prob"]) + float(row["prob_2"]) == pytest.approx(1, abs=2e-6)
    assert [path.name for path in working_folder.iterdir()] == ["rows.csv"]


def test_a_pattern_gets_its_matches_as_json_with_top_k_classes(capsys, checkpoint, bars, working_folder):
    words = f"checkpoint={checkpoint}", f"input={bars}/left/1*.mp4", "output=rows.json"
    assert run(capsys, "predict", *words, "top_k=1").code == 0
    rows = read_json(working_folder / "rows.json")
    assert [row["path"].rpartition("/")[2] for row in rows] == ["1.mp4", "10.mp4", "11.mp4"]
    assert [len(row["top"]) for row in rows] == [1, 1, 1]
    assert run(capsys, "predict", *words).code == 0
    rows = read_json(working_folder / "rows.json")
    assert [set(row) for row in rows] == [{"path", "pred", "prob", "above_threshold", "top"}] * 3
    for row in rows:
        assert [set(entry) for entry in row["top"]] == [{"label", "prob"}] * 2
        assert row["top"][0] == {"label": row["pred"], "prob": row["prob"]}


def test_predictions_are_those_of_the_run_that_trained(capsys, trained, checkpoint, bars, working_folder):
    assert run(capsys, "predict", f"checkpoint={checkpoint}", f"input={bars}", "output=rows.json").code == 0
    predicted = {row["path"]: {entry["label"]: entry["prob"] for entry in row["top"]} for row in read_json("rows.json")}
    for row in read_csv(trained / "predictions.csv"):
        expected = {name: float(row[f"prob_{name}"]) for name in ("left", "right")}
        assert predicted[str(bars / row["path"])] == pytest.approx(expected, abs=2e-6)


def test_windows_cover_a_long_video_and_the_last_ends_with_it(capsys, checkpoint, long_video):
    words = f"checkpoint={checkpoint}", f"input={long_video}", "output=rows.csv", "windows=true"
    assert run(capsys, "predict", *words).code == 0
    rows = read_csv("rows.csv")
    assert list(rows[0])[:5] == ["path", "start_seconds", "end_seconds", "pred", "prob"]
    # A window is as long as the training videos, 1 s, and the step half of it.
    assert [(float(row["start_seconds"]), float(row["end_seconds"])) for row in rows] == [
        (half / 2, half / 2 + 1) for half in range(9)
    ]
    assert run(capsys, "predict", *words, "window_seconds=2", "window_step_seconds=1.3").code == 0
    rows = read_csv("rows.csv")
    assert [(float(row["start_seconds"]), float(row["end_seconds"])) for row in rows] == [
        (0.0, 2.0), (1.3, 3.3), (2.6, 4.6), (3.0, 5.0),
    ]  # fmt: skip


def test_a_video_shorter_than_a_window_gets_one(capsys, checkpoint, bars):
    words = f"checkpoint={checkpoint}", f"input={bars}/left/0.mp4", "output=rows.csv", "windows=true", "window_seconds=60"
    assert run(capsys, "predict", *words).code == 0
    (row,) = read_csv("rows.csv")
    assert (float(row["start_seconds"]), float(row["end_seconds"])) == (0.0, 1.0)


def test_frames_get_a_row_each_from_the_clip_around_them(capsys, checkpoint, long_video):
    words = f"checkpoint={checkpoint}", f"input={long_video}", "output=rows.json"
    assert run(capsys, "predict", *words, "frames=[40,0,25]").code == 0
    rows = read_json_rows()
    assert [(row["frame"], row["time_seconds"]) for row in rows] == [(40, 4.0), (0, 0.0), (25, 2.5)]
    # The clip around frame 25 is the window from 2.0 s to 3.0 s.
    assert run(capsys, "predict", *words, "windows=true").code == 0
    windows = {row["start_seconds"]: row["prob"] for row in read_json_rows()}
    assert rows[2]["prob"] == windows[2.0]
    assert rows[1]["prob"] == windows[0.0]
    assert windows[0.0] != windows[2.0]


def read_json_rows():
    return read_json("rows.json")


def test_a_single_frame_model_classifies_exactly_the_frames_asked_for(capsys, tmp_path):
    """Every frame but one is dark, the other bright; the model tells dark from bright."""
    for label, level in (("bright", 230), ("dark", 20)):
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(6):
            frame = np.full((32, 32, 3), level + number, np.uint8)
            write_video(tmp_path / "data" / label / f"{number}.mp4", [frame] * 3, fps=10, options={"preset": "ultrafast"})
    words = train_words(tmp_path / "data", tmp_path, "clip.num_frames=1", "training.max_epochs=12", "optimizer.lr=0.02")
    assert run(capsys, "train", *words, "augment=none").code == 0
    frames = [np.full((32, 32, 3), 230 if position == 7 else 20, np.uint8) for position in range(20)]
    write_video(tmp_path / "flash.mp4", frames, fps=10, options={"preset": "ultrafast", "crf": "10"})
    best = only_run(tmp_path) / "checkpoints" / "best.ckpt"
    asked = "frames=[6,7,8,19,0]"
    outcome = run(capsys, "predict", f"checkpoint={best}", f"input={tmp_path / 'flash.mp4'}", asked, "output=rows.json")
    assert outcome.code == 0, outcome.err
    assert [(row["frame"], row["pred"]) for row in read_json_rows()] == [
        (6, "dark"), (7, "bright"), (8, "dark"), (19, "dark"), (0, "dark"),
    ]  # fmt: skip


def test_more_clips_and_crops_of_a_video_change_its_probabilities(capsys, checkpoint, long_video):
    probs = []
    for views in ("num_clips=1", "num_clips=3", "num_crops=3"):
        words = f"checkpoint={checkpoint}", f"input={long_video}", "output=rows.json", views
        assert run(capsys, "predict", *words).code == 0
        probs.append(read_json_rows()[0]["prob"])
    assert len(set(probs)) == 3


def test_workers_and_batches_change_nothing(capsys, checkpoint, bars):
    rows = []
    for options in (("num_workers=0", "batch_size=16"), ("num_workers=1", "batch_size=2")):
        words = f"checkpoint={checkpoint}", f"input={bars / 'left'}", "output=rows.json"
        assert run(capsys, "predict", *words, *options).code == 0
        rows.append([(row["path"], round(row["prob"], 4)) for row in read_json_rows()])
    assert rows[0] == rows[1]


def test_a_frame_that_is_not_there_is_refused(capsys, checkpoint, bars, working_folder):
    video = bars / "left" / "0.mp4"
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={video}", "frames=[0,10]", "output=rows.csv")
    assert outcome.code == 2
    assert f"'{video}' has 10 frames, 0 to 9: there is no frame 10" in outcome.err
    assert list(working_folder.iterdir()) == []


def test_one_bad_file_is_an_error(capsys, checkpoint, broken, working_folder):
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={broken / '2.mp4'}", "output=rows.csv")
    assert outcome.code == 2
    assert "1 of 1 videos have no predictions" in outcome.err
    assert "mixed/2.mp4" in outcome.err
    assert "Traceback" not in outcome.err
    assert list(working_folder.iterdir()) == []


def test_bad_files_of_a_folder_are_listed_after_the_rows_of_the_others(capsys, checkpoint, broken):
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={broken}", "output=rows.csv")
    assert outcome.code == 2
    assert "1 of 3 videos have no predictions" in outcome.err
    assert "mixed/2.mp4" in outcome.err.splitlines()[-1]
    assert [row["path"] for row in read_csv("rows.csv")] == [str(broken / "1.mp4"), str(broken / "3.mp4")]
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={broken}", "frames=[0]")
    assert outcome.code == 2
    assert "frame" in outcome.out  # the table of the others


def test_a_folder_without_videos_is_refused(capsys, checkpoint, tmp_path):
    (tmp_path / "notes.txt").write_text("no video")
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={tmp_path}")
    assert outcome.code == 2
    assert "no videos found; expected a file, a folder or a glob pattern" in outcome.err


def test_a_checkpoint_alone_predicts_anywhere(capsys, checkpoint, bars, tmp_path):
    shutil.copy(checkpoint, tmp_path / "model.ckpt")
    outcome = run(capsys, "predict", f"checkpoint={tmp_path / 'model.ckpt'}", f"input={bars / 'right' / '3.mp4'}")
    assert outcome.code == 0, outcome.err


def test_an_output_that_cannot_be_written_is_named(capsys, tmp_path, checkpoint, bars):
    (tmp_path / "file").write_text("not a folder")
    output = tmp_path / "file" / "rows.csv"
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={bars / 'left' / '0.mp4'}", f"output={output}")
    assert outcome.code == 2
    assert f"cannot use '{tmp_path / 'file'}" in outcome.err
    assert "Traceback" not in outcome.err
