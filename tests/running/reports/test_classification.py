"""The report of one class for a video: which videos are shown, and how."""

import pytest
import torch

from tests.training.runs import scan
from videoseq.errors import DataError
from videoseq.running.reports import report_of
from videoseq.running.reports.classification import most_confident
from videoseq.running.reports.report import read_ones, shown_paths, spread
from videoseq.serving.inference import VideoAnswers

PROBS = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.05, 0.95], [0.4, 0.6]])
TARGETS = torch.tensor([0, 1, 1, 0, 1, 1])


@pytest.mark.parametrize(("num_videos", "count", "rows"), [(8, 4, [0, 2, 4, 6]), (5, 3, [0, 1, 3]), (2, 8, [0, 1]), (0, 8, [])])
def test_rows_are_spread_over_all(num_videos, count, rows):
    assert spread(num_videos, count) == rows


@pytest.mark.parametrize(
    ("right", "count", "rows"), [(True, 8, [4, 0, 1, 5]), (True, 2, [4, 0]), (False, 8, [3, 2]), (False, 1, [3])]
)
def test_the_surest_predictions_come_first(right, count, rows):
    assert most_confident(PROBS, TARGETS, count, right=right) == rows


def test_there_may_be_nothing_to_show():
    assert most_confident(PROBS, PROBS.argmax(1), 8, right=False) == []


def test_clips_carry_what_was_said_about_their_video(bars, predictor, tmp_path):
    videos = scan(bars, tmp_path).videos["test"]
    report = report_of(predictor)
    result = VideoAnswers((0, 1, 3), PROBS[:3], PROBS[:3], ((2, "torn"),))
    measured = report.measured(read_ones(videos, result), result)
    assert [video.record.path for video in measured.videos] == [videos[position].record.path for position in (0, 1, 3)]
    shown = report.shown(measured, [2, 0])
    names = ("left", "right")
    for clip, position, prob in zip(shown, (3, 0), (0.6, 0.9), strict=True):
        target = names[videos[position].target]
        assert clip.text == f"left {prob:.2f}" + ("" if target == "left" else ", is right")
        assert clip.is_wrong == (target != "left")
        assert torch.equal(clip.frames, predictor.middle_clips([videos[position]])[0])


def test_no_readable_video_at_all_is_an_error(bars, tmp_path):
    videos = scan(bars, tmp_path).videos["test"]
    nothing = torch.zeros(0, 0)
    result = VideoAnswers((), nothing, nothing, ((0, "torn at byte 7"), (1, "gone")))
    with pytest.raises(DataError, match="none of 4 videos could be read; the first: torn at byte 7"):
        read_ones(videos, result)


def test_paths_are_shown_below_the_root(bars, tmp_path):
    videos = scan(bars, tmp_path).videos["test"]
    inside = videos[0].record.path
    assert shown_paths(videos[:1], bars) == [str(inside.relative_to(bars))]
    assert shown_paths(videos[:1], tmp_path) == shown_paths(videos[:1], None) == [str(inside)]
