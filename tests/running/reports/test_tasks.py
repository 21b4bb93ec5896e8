"""Figures and words of reports, from answers that are written by hand."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.tensorboard import SummaryWriter

from tests.commands import read_csv
from videoseq.data.dataset import Reading
from videoseq.data.tracks import Segments
from videoseq.data.videos import Video
from videoseq.models.calibration import Calibration
from videoseq.models.checkpoint import LoadedModel, ModelConfig
from videoseq.models.options import RecurrentHeadOptions, SimpleEncoderOptions
from videoseq.running.reports import FramesReport, MeasuredSplit, report_of
from videoseq.serving.frame_inference import FrameAnswers, VideoFrames
from videoseq.serving.inference import VideoAnswers
from videoseq.serving.predictor import Predictor
from videoseq.types import IGNORED, ClipSpec, TaskSpec, VideoInfo, VideoRecord

CPU = torch.device("cpu")


def report(task, names, calibration=Calibration()):  # noqa: B008
    """A report without a model: it is asked nothing."""
    config = ModelConfig(SimpleEncoderOptions(), RecurrentHeadOptions(), names, ClipSpec(), task=task)
    return report_of(Predictor(LoadedModel(None, config, calibration), Reading(), CPU, "32-true", None))


def test_classes_are_claimed_from_their_thresholds_on():
    found = report(TaskSpec("multilabel"), ("a", "b"), Calibration(thresholds=(0.7, None)))
    answers, targets = torch.tensor([[0.8, 0.4], [0.6, 0.6]]), torch.tensor([[1.0, 0], [0, 1]])
    figures = found.figures(answers, targets)
    assert (figures["map"], figures["f1_macro"], figures["f1_micro"]) == (1, 1, 1)
    assert found.headline == "map"
    assert found.said(answers[0], targets[0]) == ("a", False)
    assert found.said(answers[1], torch.tensor([1.0, 1])) == ("b, is a|b", True)
    assert found.said(torch.tensor([0.1, 0.2]), targets[0]) == ("none, is a", True)
    # Without thresholds it is from 0.5 on, and the second video has one class too many.
    assert report(TaskSpec("multilabel"), ("a", "b")).figures(answers, targets)["f1_micro"] == pytest.approx(4 / 5)


def test_videos_of_the_lowest_and_the_highest_loss_are_shown():
    answers, targets = torch.tensor([[0.6], [0.9], [0.2]]), (torch.tensor([1.0]),) * 3
    measured = MeasuredSplit((), VideoAnswers((0, 1, 2), answers, answers, ()), targets, {})
    found = report(TaskSpec("multilabel"), ("a",)).notable(measured, 2)
    assert found == {"lowest_loss": [1, 0], "highest_loss": [2, 0]}


def test_values_are_told_with_what_is_true():
    found = report(TaskSpec("regression", mean=10, std=2), ("value",))
    answers, targets = torch.tensor([1.0, 3, 1]), torch.tensor([1.0, 2, 3])
    figures = found.figures(answers, targets)
    assert figures == pytest.approx({"mae": 1, "rmse": (5 / 3) ** 0.5, "r2": 1 - 5 / 2, "loss": 5 / 3 / 4})
    assert found.said(answers[1], targets[1]) == ("3, is 2", False)
    measured = MeasuredSplit((), VideoAnswers((0, 1, 2), answers, answers, ()), tuple(targets), figures)
    assert found.notable(measured, 1) == {"smallest_error": [0], "largest_error": [2]}


def frames_of(answers):
    return VideoFrames(answers, answers, np.arange(len(answers)), np.arange(len(answers)) / 10)


def test_frames_without_a_label_count_nowhere_and_the_background_in_no_segment():
    found = report(TaskSpec("frames", per_frame=True, background="rest"), ("rest", "run"))
    probs = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.2, 0.8], [0.7, 0.3]])
    figures = found.figures(found.video_sums(frames_of(probs), torch.tensor([0, 1, 1, IGNORED])))
    assert (figures["accuracy"], figures["edit"], figures["f1_50"]) == (1, 1, 1)
    assert figures["loss"] == pytest.approx(-float(np.log([0.9, 0.8, 0.8]).mean()), rel=1e-6)
    # All of it taken for the background: half of it right, and not one segment.
    rest = torch.tensor([[0.9, 0.1]] * 4)
    figures = found.figures(found.video_sums(frames_of(rest), torch.tensor([0, 1, 1, 0])))
    assert (figures["accuracy"], figures["edit"], figures["f1_10"]) == (0.5, 0, 0)
    # A video of which nothing is labelled adds nothing, no edit score of 1 either.
    assert not found.video_sums(frames_of(rest), torch.full((4,), IGNORED)).any()


@pytest.mark.parametrize("offset", [1e6, 2e6])
def test_values_far_from_zero_keep_their_r2(offset):
    task = TaskSpec("regression", mean=offset, std=0.5)
    targets = offset + torch.tensor([0.0, 0.25, 0.5, 0.75])  # their squares agree to twelve digits
    expected = {"mae": 0.125, "rmse": 0.125, "r2": 1 - 4 * 0.125**2 / (2 * 0.375**2 + 2 * 0.125**2), "loss": 1 / 16}
    assert report(task, ("value",)).figures(targets + 0.125, targets) == pytest.approx(expected)
    found = report(replace(task, per_frame=True), ("value",))
    assert found.figures(found.video_sums(frames_of(targets + 0.125), targets)) == pytest.approx(expected)


class Counted(FramesReport):
    """Knows how often it has summed up a video."""

    count = 0

    def video_sums(self, found, targets):
        Counted.count += 1
        return super().video_sums(found, targets)


def test_a_video_is_summed_up_once_whatever_is_written_of_it(tmp_path):
    found = Counted(report(TaskSpec("frames", per_frame=True), ("rest", "run")).predictor)
    probs = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.2, 0.8], [0.7, 0.3]])
    track = Segments(np.array([0.0, 0.1]), np.array([0.1, 0.4]), np.array([0, 1]))
    info = VideoInfo(Path("a.mp4"), num_frames=4, time_base=Fraction(1, 10), pts_step=1)
    videos = (Video(VideoRecord(Path("a.mp4"), "rest|run"), info, track),) * 2
    measured = found.measured(videos, FrameAnswers((0, 1), (frames_of(probs),) * 2, ()))
    found.write(tmp_path, "val", measured, ["a.mp4", "a.mp4"])
    with SummaryWriter(tmp_path) as writer:
        found.summarise(writer, "val", measured, 0)
    assert Counted.count == 2
    assert measured.metrics["accuracy"] == 3 / 4
    assert [row["right_run"] for row in read_csv(tmp_path / "videos.csv")] == ["2", "2"]


def test_only_labelled_values_count():
    found = report(TaskSpec("regression", per_frame=True), ("value",))
    sums = found.video_sums(frames_of(torch.tensor([1.0, 5, 3])), torch.tensor([2.0, torch.nan, 5]))
    assert sums.tolist() == [2, 3, 5, 7, 29]
    assert found.picture == "curves.png"
