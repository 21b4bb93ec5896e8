"""Multi-view testing: the probabilities of a video are the mean over its own clips and crops, of nothing else."""

import numpy as np
import pytest
import torch
from torch import Tensor

from videoseq.data.dataset import EvalClips, Reading
from videoseq.data.decoding.demux import scan_video
from videoseq.data.videos import Video
from videoseq.data.writing import write_video
from videoseq.reporting.progress import progress_bar
from videoseq.serving.parts import whole_video
from videoseq.serving.predictor import Predictor


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> list[Video]:
    """Five flickering videos of noise, twice as wide as high, each brighter than the one before and towards one side."""
    folder, rng = tmp_path_factory.mktemp("wide"), np.random.default_rng(0)
    slope = np.linspace(0, 60, 64)[None, :, None]
    for number in range(5):
        side = slope if number % 2 else slope[:, ::-1]
        frames = [np.uint8(rng.integers(0, 40, (32, 64, 3)) + rng.integers(60) + 20 * number + side) for _ in range(10)]
        write_video(folder / f"{number}.mp4", frames, options={"crf": "10"})
    return [whole_video(scan_video(folder / f"{number}.mp4")) for number in range(5)]


def logits_of(predictor: Predictor, video: Video, num_clips: int, num_crops: int) -> Tensor:
    """Logits of the views of one video, (V, K), each view decoded and cropped as a data set gives it."""
    clips = EvalClips([video], predictor.loaded.config.clip, Reading(), num_clips, num_crops)
    views = torch.cat([clips[item].frames for item in range(len(clips))])  # (V, T, C, H, W)
    assert len(views) == num_clips * num_crops
    with torch.no_grad():
        return predictor.loaded.model(views, torch.full((len(views),), views.shape[1]))[0]


@pytest.fixture(scope="module")
def sure(checkpoint, wide) -> Predictor:
    """A model that is sure of most views, now of one class, now of the other: probabilities and logits have other means."""
    predictor = Predictor.from_checkpoint(
        checkpoint,
        reading=Reading(),
        device=torch.device("cpu"),
        precision="32-true",
        progress=progress_bar,
        batch_size=2,
        num_workers=0,
    )
    logits = torch.cat([logits_of(predictor, video, 3, 3) for video in wide])  # (45, 2)
    margins = logits[:, 1] - logits[:, 0]
    classifier = predictor.loaded.model.head.classifier
    with torch.no_grad():
        classifier.bias[1] -= margins.mean()
        for parameter in classifier.parameters():
            parameter *= 4 / margins.std()
    return predictor


@pytest.mark.parametrize(("num_clips", "num_crops"), [(3, 3), (2, 3), (1, 3), (3, 1)])
def test_probabilities_are_averaged_over_the_views_of_each_video(sure, wide, num_clips, num_crops):
    result = sure.predict(wide, num_clips=num_clips, num_crops=num_crops)
    assert result.videos == (0, 1, 2, 3, 4)
    logits = [logits_of(sure, video, num_clips, num_crops) for video in wide]
    expected = torch.stack([views.softmax(1).mean(0) for views in logits])
    torch.testing.assert_close(result.answers, expected, atol=1e-4, rtol=0)
    # What the line above would miss otherwise: means of logits, and views of a neighbour.
    assert (torch.stack([views.mean(0).softmax(0) for views in logits]) - result.answers).abs().max() > 0.02
    assert torch.pdist(result.answers).min() > 0.001
