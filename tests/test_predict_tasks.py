"""`python -m videoseq.predict` of every task: rows of videos, segments and frames."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from tests.commands import read_csv, read_json, run
from tests.task_data import FPS, NUM_FRAMES
from tests.task_runs import data_of
from videoseq.data.dataset import Reading
from videoseq.data.decoding.demux import scan_video
from videoseq.data.tracks import Segments
from videoseq.models.checkpoint import load_checkpoint
from videoseq.reporting.progress import progress_bar
from videoseq.running.reports import report_of
from videoseq.serving.parts import whole_video
from videoseq.serving.predictions import predict_rows
from videoseq.serving.predictor import Predictor
from videoseq.serving.requests import RowRequest

END = NUM_FRAMES / FPS


@pytest.fixture
def predict(capsys, task_run, tmp_path, monkeypatch):
    """Predicts a video of the data of a kind, or the input given, with its tiny run."""
    monkeypatch.chdir(tmp_path)

    def predicted(kind, *words, files="13.mp4"):
        folder = task_run(kind)
        checkpoint = folder / "checkpoints" / "best.ckpt"
        return run(capsys, "predict", f"checkpoint={checkpoint}", f"input={data_of(folder) / files}", *words)

    return predicted


def test_several_classes_of_a_video_are_named(predict, task_run):
    assert predict("multilabel", "output=rows.json").code == 0
    (row,) = read_json("rows.json")
    assert list(row) == ["path", "preds", "probs"]
    assert list(row["probs"]) == ["left", "right"]
    assert row["preds"] == [name for name, prob in row["probs"].items() if prob >= 0.5]
    assert predict("multilabel", "output=rows.csv").code == 0
    (flat,) = read_csv("rows.csv")
    assert list(flat) == ["path", "preds", "prob_left", "prob_right"]
    assert flat["preds"] == "|".join(row["preds"])
    assert float(flat["prob_left"]) == row["probs"]["left"]
    measured = {one["path"]: one for one in read_csv(task_run("multilabel") / "predictions.csv")}["13.mp4"]
    assert float(measured["prob_left"]) == pytest.approx(row["probs"]["left"], abs=2e-6)
    outcome = predict("multilabel")
    assert f"left {row['probs']['left']:.3f}" in outcome.out


def test_a_value_is_in_the_units_of_the_data(predict, task_run):
    assert predict("regression", "output=rows.json").code == 0
    (row,) = read_json("rows.json")
    assert list(row) == ["path", "value"]
    measured = {one["path"]: float(one["pred"]) for one in read_csv(task_run("regression") / "predictions.csv")}
    assert row["value"] == pytest.approx(measured["13.mp4"], abs=1e-5)
    assert str(row["value"])[:6] in predict("regression").out
    assert predict("regression", "output=rows.csv").code == 0
    assert float(read_csv("rows.csv")[0]["value"]) == row["value"]


@pytest.mark.parametrize("kind", ["multilabel", "regression"])
def test_windows_and_frames_of_a_video_have_rows_of_their_own(predict, kind):
    assert predict(kind, "output=rows.json", "windows=true", "window_seconds=1").code == 0
    assert [(row["start_seconds"], row["end_seconds"]) for row in read_json("rows.json")] == [(0, 1), (0.5, 1.5), (1, 2)]
    assert predict(kind, "output=rows.json", "frames=[3,17]").code == 0
    assert [(row["frame"], row["time_seconds"]) for row in read_json("rows.json")] == [(3, 0.3), (17, 1.7)]


def test_a_model_of_frames_gives_its_segments(predict, task_run):
    assert predict("frames", "output=rows.json", files="").code == 0
    rows = read_json("rows.json")
    assert list(rows[0]) == ["path", "start_seconds", "end_seconds", "label", "prob"]
    assert len({row["path"] for row in rows}) == 16
    for path in {row["path"] for row in rows}:
        own = [row for row in rows if row["path"] == path]
        assert [own[0]["start_seconds"], *(row["end_seconds"] for row in own)] == [
            *(row["start_seconds"] for row in own),
            END,
        ]
        assert all(before["label"] != after["label"] for before, after in pairwise(own))
    measured = [row for row in read_csv(task_run("frames") / "segments.csv") if row["path"] == "13.mp4"]
    own = [row for row in rows if row["path"].endswith("/13.mp4")]
    assert [(row["label"], row["end_seconds"]) for row in own] == [
        (row["label"], float(row["end_seconds"])) for row in measured
    ]
    assert predict("frames", "output=rows.csv").code == 0
    assert [row["label"] for row in read_csv("rows.csv")] == [row["label"] for row in own]
    outcome = predict("frames")
    assert "start_seconds" in outcome.out
    assert f"{own[0]['prob']:.3f}" in outcome.out


def test_short_segments_go_to_their_neighbours(predict):
    assert predict("frames", "output=rows.json", "min_seconds=100").code == 0
    (row,) = read_json("rows.json")
    assert (row["start_seconds"], row["end_seconds"]) == (0, END)


def test_single_frames_are_told_with_the_whole_video_behind_them(predict):
    assert predict("frames", "output=rows.json").code == 0
    segments = read_json("rows.json")
    assert predict("frames", "output=rows.json", "frames=[19,0,7]", "top_k=2").code == 0
    rows = read_json("rows.json")
    assert [(row["frame"], row["time_seconds"], len(row["top"])) for row in rows] == [(19, 1.9, 2), (0, 0, 2), (7, 0.7, 2)]
    for row in rows:
        (around,) = [one for one in segments if one["start_seconds"] <= row["time_seconds"] < one["end_seconds"]]
        assert row["pred"] == around["label"]
    outcome = predict("frames", "frames=[20]")
    assert outcome.code == 2
    assert "has 20 frames, 0 to 19: there is no frame 20" in outcome.err


def test_a_value_for_every_frame_or_at_steps_of_time(predict, task_run):
    assert predict("values", "output=rows.csv").code == 0
    rows = read_csv("rows.csv")
    assert list(rows[0]) == ["path", "time_seconds", "value"]
    assert [float(row["time_seconds"]) for row in rows] == [k / FPS for k in range(NUM_FRAMES)]
    measured = [row for row in read_csv(task_run("values") / "values.csv") if row["path"] == "13.mp4"]
    assert [float(row["value"]) for row in rows] == pytest.approx([float(row["value"]) for row in measured], abs=1e-5)
    assert predict("values", "output=rows.json", "step_seconds=0.45").code == 0
    steps = read_json("rows.json")
    assert [row["time_seconds"] for row in steps] == [0, 0.45, 0.9, 1.35, 1.8]
    shown = [0, 4, 9, 13, 18]  # the frame on display at each of these times
    assert [row["value"] for row in steps] == [float(rows[frame]["value"]) for frame in shown]
    assert predict("values", "output=rows.json", "frames=[13]").code == 0
    assert read_json("rows.json")[0]["value"] == steps[3]["value"]


def test_an_option_without_effect_is_refused(predict):
    outcome = predict("multilabel", "top_k=2")
    assert outcome.code == 2
    assert "these are rows of a multilabel model. Fix: leave top_k out" in outcome.err


def test_a_frame_that_is_shown_several_times_counts_once(task_run):
    """A model of more frames per second than the video has."""
    run_folder = task_run("frames")
    loaded = load_checkpoint(run_folder / "checkpoints" / "best.ckpt")
    faster = replace(loaded, config=replace(loaded.config, clip=replace(loaded.config.clip, target_fps=25.0)))
    predictor = Predictor(faster, Reading(), torch.device("cpu"), "32-true", progress_bar, 4, 0)
    info = scan_video(data_of(run_folder) / "13.mp4")
    rows, failures = predict_rows(predictor, [info], RowRequest())
    assert not failures
    borders = [0, *(row["end_seconds"] for row in rows)]
    assert [row["start_seconds"] for row in rows] == borders[:-1]
    assert borders == sorted({*borders})
    assert borders[-1] == END
    ends = np.array([0.5, END])
    target = Segments(np.array([0, 0.5]), ends, np.array([0, 2]))
    measured = report_of(predictor).ask([replace(whole_video(info), target=target)])
    assert measured.result.answers[0].frames.tolist() == list(range(NUM_FRAMES))
    assert measured.targets[0].tolist() == [0] * 5 + [2] * 15
    assert measured.sums[0, 0] == NUM_FRAMES
