"""The training loader: its state is a number of batches."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.batch import ClipBatch
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.decoding.demux import scan_video
from videoseq.data.loading import ResumableLoader, evaluation_loader, telling_of_killed_workers
from videoseq.data.samplers import Shard
from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.types import ClipSpec, VideoRecord


@pytest.fixture(scope="module")
def clips(bars: Path) -> TrainClips:
    paths = sorted((bars / "left").glob("*.mp4"))[:7]
    videos = [Video(VideoRecord(path, "left"), scan_video(path), 0) for path in paths]
    return TrainClips(videos, ClipSpec(num_frames=2, height=16, width=16), AugmentOptions(), Reading(), 4, ["left"])


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


@pytest.mark.parametrize("workers", [0, 2])
def test_loaders_of_two_processes_share_the_batches_of_one(clips, workers):
    whole = draw(ResumableLoader(clips, 6, 0), 2)
    first, second = (draw(ResumableLoader(clips, 6, workers, shard=Shard(rank, 2)), 2) for rank in range(2))
    assert [len(videos) for videos, _ in second] == [3, 0, 3, 0]  # the last batch of an epoch holds one clip
    for (videos, clip), (mine, my_clip), (theirs, their_clip) in zip(whole, first, second, strict=True):
        assert videos == mine + theirs
        assert torch.equal(clip, torch.cat([my_clip, their_clip]) if theirs else my_clip)


def test_evaluation_is_shared_out_in_order(clips):
    held = EvalClips(clips.videos, clips.spec, clips.reading)
    shares = [[batch.videos for batch in evaluation_loader(held, 4, 0, Shard(rank, 2))] for rank in range(2)]
    assert shares == [[(0, 1), (4, 5)], [(2, 3), (6,)]]
    assert [batch.videos for batch in evaluation_loader(held, 4, 0)] == [(0, 1, 2, 3), (4, 5, 6)]


def read_on_without_workers(loader: Iterator[ClipBatch]) -> None:
    with telling_of_killed_workers():  # torch may notice it here before the loader is asked
        for worker in multiprocessing.active_children():
            os.kill(worker.pid, signal.SIGKILL)
            worker.join()
        for _ in loader:
            pass


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_worker_is_told(clips, workers):
    loader = iter(evaluation_loader(EvalClips(clips.videos, clips.spec, clips.reading), 1, workers))
    next(loader)
    with pytest.raises(DataError, match=r"killed, most often because the memory is full\. Fix: smaller data\.num_workers or"):
        read_on_without_workers(loader)


def test_other_errors_are_left_as_they_are():
    with pytest.raises(RuntimeError, match="CUDA out of memory"), telling_of_killed_workers():
        raise RuntimeError("CUDA out of memory")
