"""Which videos of a split are shown."""

import pytest
import torch

from tests.training.runs import scan
from videoseq.data.dataset import Reading
from videoseq.reporting.progress import progress_bar
from videoseq.running.shown_clips import most_confident, shown_clips, spread
from videoseq.serving.inference import VideoProbs
from videoseq.serving.predictor import Predictor
from videoseq.types import Limits

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


def test_clips_carry_what_was_said_about_their_video(bars, checkpoint, tmp_path):
    predictor = Predictor.from_checkpoint(
        checkpoint,
        reading=Reading("auto", Limits(), "error"),
        device=torch.device("cpu"),
        precision="32-true",
        progress=progress_bar,
        batch_size=2,
        num_workers=0,
    )
    videos = scan(bars, tmp_path).videos["test"]
    result = VideoProbs((0, 1, 3), PROBS[:3], PROBS[:3], ((2, "torn"),))
    shown = shown_clips(predictor, videos, result, [2, 0])
    names = ("left", "right")
    assert [(clip.target, clip.pred, round(clip.prob, 4)) for clip in shown] == [
        (names[videos[3].target], "left", 0.6),
        (names[videos[0].target], "left", 0.9),
    ]
    for clip, position in zip(shown, (3, 0), strict=True):
        assert torch.equal(clip.frames, predictor.middle_clips([videos[position]])[0])
