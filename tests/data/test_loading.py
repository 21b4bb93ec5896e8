"""The training loader: its state is a number of batches."""

from pathlib import Path

import pytest
import torch

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.dataset import Reading, TrainClips, Video
from videoseq.data.decoding.demux import scan_video
from videoseq.data.loading import ResumableLoader
from videoseq.types import ClipSpec, VideoRecord


@pytest.fixture(scope="module")
def clips(bars: Path) -> TrainClips:
    paths = sorted((bars / "left").glob("*.mp4"))[:7]
    videos = [Video(VideoRecord(path, "left"), scan_video(path), 0) for path in paths]
    return TrainClips(videos, ClipSpec(num_frames=2, height=16, width=16), AugmentOptions(), Reading(), seed=4)


def draw(loader: ResumableLoader, epochs: int) -> list[tuple[tuple[int, ...], torch.Tensor]]:
    return [(batch.videos, batch.video) for _ in range(epochs) for batch in loader]


def assert_same_batches(first, second):
    assert [videos for videos, _ in first] == [videos for videos, _ in second]
    assert all(torch.equal(one, two) for (_, one), (_, two) in zip(first, second, strict=True))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("done", [0, 2, 3, 5])
def test_a_loader_starts_behind_any_batch(clips, workers, done):
    whole = draw(ResumableLoader(clips, 3, 0), 3)
    started = draw(ResumableLoader(clips, 3, workers, start=done), 3)
    count = 9 - done
    assert_same_batches(whole[done:], started[:count])


def test_state_goes_from_one_loader_to_another(clips):
    whole = draw(ResumableLoader(clips, 3, 0), 2)
    saved = ResumableLoader(clips, 3, 0, batches_done=lambda: 4).state_dict()
    assert saved == {"batches_done": 4}
    loader = ResumableLoader(clips, 3, 0)
    loader.load_state_dict(saved)
    assert len(loader) == 3
    assert_same_batches(whole[4:], draw(loader, 1))
