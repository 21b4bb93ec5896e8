"""A checkpoint at work on real videos."""

import pytest
import torch

from videoseq.data.dataset import Reading
from videoseq.data.decoding.demux import scan_video
from videoseq.reporting.progress import progress_bar
from videoseq.serving.predictor import Predictor


@pytest.fixture(scope="session")
def predictor(checkpoint):
    """The tiny model on the CPU."""
    return Predictor.from_checkpoint(
        checkpoint,
        reading=Reading(bad_videos="skip"),
        device=torch.device("cpu"),
        precision="32-true",
        progress=progress_bar,
        batch_size=4,
        num_workers=0,
    )


@pytest.fixture(scope="session")
def infos(bars):
    """The scan of three videos of the class `left`, ten frames at 10 frames a second each."""
    return [scan_video(bars / "left" / f"{number}.mp4") for number in range(3)]
