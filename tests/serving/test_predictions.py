from dataclasses import replace

import pytest
import torch

from videoseq.data.dataset import EvalClips
from videoseq.models.calibration import Calibration
from videoseq.serving.parts import whole_video
from videoseq.serving.predictions import predict_rows
from videoseq.serving.requests import RowRequest


def test_a_row_per_video_names_the_likeliest_classes_first(predictor, infos):
    rows, failures = predict_rows(predictor, infos, RowRequest())
    assert failures == {}
    assert [row["path"] for row in rows] == [str(info.path) for info in infos]
    for row in rows:
        assert list(row) == ["path", "pred", "prob", "above_threshold", "top"]
        assert {label for label, _ in row["top"]} == {"left", "right"}
        assert row["top"][0] == (row["pred"], row["prob"])
        assert row["top"][0][1] >= row["top"][1][1]
        assert sum(prob for _, prob in row["top"]) == pytest.approx(1, abs=2e-6)


def test_a_row_says_whether_its_class_reaches_its_threshold(predictor, infos):
    rows, _ = predict_rows(predictor, infos, RowRequest())
    assert [row["above_threshold"] for row in rows] == [True] * 3
    best = max(row["prob"] for row in rows)
    for thresholds, expected in (((best - 1e-4,) * 2, True), ((best + 1e-4,) * 2, False), ((None, None), True)):
        loaded = replace(predictor.loaded, calibration=Calibration(thresholds=thresholds))
        rows, _ = predict_rows(replace(predictor, loaded=loaded), infos, RowRequest(top_k=1))
        assert max(rows, key=lambda row: row["prob"])["above_threshold"] is expected


def test_the_temperature_of_the_checkpoint_is_in_the_rows(predictor, infos):
    (plain,), _ = predict_rows(predictor, infos[:1], RowRequest())
    loaded = replace(predictor.loaded, calibration=Calibration(temperature=0.25))
    (sharp,), _ = predict_rows(replace(predictor, loaded=loaded), infos[:1], RowRequest())
    odds = (plain["prob"] / plain["top"][1][1]) ** 4
    assert sharp["pred"] == plain["pred"]
    assert sharp["prob"] == pytest.approx(odds / (1 + odds), abs=1e-4)
    assert sharp["prob"] > plain["prob"]


@pytest.mark.parametrize(("top_k", "named"), [(1, 1), (2, 2), (5, 2)])
def test_top_k_is_how_many_classes_are_named(predictor, infos, top_k, named):
    rows, _ = predict_rows(predictor, infos[:1], RowRequest(top_k=top_k))
    assert len(rows[0]["top"]) == named


def test_windows_are_rows_with_their_times(predictor, infos):
    rows, _ = predict_rows(predictor, infos[:2], RowRequest(windows=True, window_seconds=0.4, window_step_seconds=0.3))
    assert [(row["path"], row["start_seconds"], row["end_seconds"]) for row in rows] == [
        (str(info.path), start, end) for info in infos[:2] for start, end in ((0.0, 0.4), (0.3, 0.7), (0.6, 1.0))
    ]


def test_the_usual_window_is_as_long_as_the_training_videos_and_moves_by_half(predictor, infos):
    rows, _ = predict_rows(predictor, infos[:1], RowRequest(windows=True))
    assert [(row["start_seconds"], row["end_seconds"]) for row in rows] == [(0.0, 1.0)]
    rows, _ = predict_rows(predictor, infos[:1], RowRequest(windows=True, window_seconds=0.5))
    assert [row["start_seconds"] for row in rows] == [0.0, 0.25, 0.5]


def test_frames_are_rows_with_their_times(predictor, infos):
    rows, _ = predict_rows(predictor, infos[:1], RowRequest(frames=(7, 0), window_seconds=0.4))
    assert [(row["frame"], row["time_seconds"]) for row in rows] == [(7, 0.7), (0, 0.0)]
    windows, _ = predict_rows(predictor, infos[:1], RowRequest(windows=True, window_seconds=0.4, window_step_seconds=0.25))
    # Frame 7 at 0.7 s: from 0.5 s to 0.9 s, one of the windows.
    assert rows[0]["prob"] == {row["start_seconds"]: row["prob"] for row in windows}[0.5]
    assert rows[1]["prob"] == windows[0]["prob"]


def test_more_clips_change_the_probabilities(predictor, infos):
    one, three = (predict_rows(predictor, infos[:1], RowRequest(num_clips=clips))[0][0] for clips in (1, 3))
    assert one["prob"] != three["prob"]


def test_crops_are_averaged_with_the_clips(predictor, infos):
    (row,), _ = predict_rows(predictor, infos[:1], RowRequest(num_clips=2, num_crops=3))
    clips = EvalClips([whole_video(infos[0])], predictor.loaded.config.clip, predictor.reading, 2, 3)
    views = torch.cat([clips[0].frames, clips[1].frames])  # (V, T, C, H, W)
    with torch.no_grad():
        probs = predictor.loaded.model(views, torch.full((6,), 4))[0].softmax(1).mean(0)
    assert row["prob"] == pytest.approx(float(probs.max()), abs=1e-6)


def test_a_video_that_lacks_a_frame_has_no_rows_and_the_others_have_theirs(predictor, infos):
    short = replace(infos[0], num_frames=5)
    rows, failures = predict_rows(predictor, [short, infos[1]], RowRequest(frames=(2, 7)))
    assert [(row["path"], row["frame"]) for row in rows] == [(str(infos[1].path), 2), (str(infos[1].path), 7)]
    assert "has 5 frames, 0 to 4: there is no frame 7" in failures[short.path]


def test_a_video_of_which_a_part_cannot_be_read_has_no_rows_at_all(predictor, infos, tmp_path):
    copy = tmp_path / "changes.mp4"
    copy.write_bytes(infos[0].path.read_bytes())
    lost = replace(infos[0], path=copy)
    copy.unlink()
    rows, failures = predict_rows(predictor, [lost, infos[1]], RowRequest(windows=True, window_seconds=0.5))
    assert {row["path"] for row in rows} == {str(infos[1].path)}
    assert list(failures) == [copy]
    assert "changes.mp4" in failures[copy]


def test_nothing_asked_is_nothing_answered(predictor):
    assert predict_rows(predictor, [], RowRequest()) == ([], {})
