"""The balanced order: literal, every class equally often, every video of a class equally often, through the real loader too."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest
import torch

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.balancing import balanced_order
from videoseq.data.dataset import Reading, TrainClips
from videoseq.data.decoding.demux import scan_video
from videoseq.data.loading import ResumableLoader
from videoseq.data.videos import Video
from videoseq.types import ClipSpec, VideoRecord

NINE_TO_ONE = [0] * 90 + [1] * 10


@pytest.mark.parametrize(
    ("seed", "epoch", "expected"),
    [
        (0, 0, [4, 5, 6, 1, 7, 3, 6, 7]),
        (0, 1, [7, 6, 6, 4, 0, 1, 2, 7]),
        (0, 2, [7, 3, 0, 2, 6, 6, 5, 7]),
        (1, 0, [6, 5, 7, 0, 4, 2, 7, 6]),
    ],
)
def test_the_order_is_this_one(seed, epoch, expected):
    assert balanced_order([0] * 6 + [1] * 2, seed, epoch) == expected


@pytest.mark.parametrize("epoch", range(4))
def test_nine_to_one_becomes_one_to_one(epoch):
    order = balanced_order(NINE_TO_ONE, 3, epoch)
    assert Counter(NINE_TO_ONE[index] for index in order) == {0: 50, 1: 50}
    times = Counter(order)
    assert {times[index] for index in range(90)} == {0, 1}
    assert {times[index] for index in range(90, 100)} == {5}


@pytest.mark.parametrize("sizes", [(7, 2, 1), (1, 1, 5, 3), (4, 4), (6,), (1, 30)], ids=str)
def test_classes_differ_by_one_draw_and_no_video_comes_again_before_all_of_its_class(sizes):
    targets = [target for target, size in enumerate(sizes) for _ in range(size)]
    of_class: Counter[int] = Counter()
    of_video: Counter[int] = Counter()
    for epoch in range(40):
        order = balanced_order(targets, 5, epoch)
        assert len(order) == len(targets)
        counts = Counter(targets[index] for index in order)
        assert max(counts.values()) - min(counts[target] for target in set(targets)) <= 1
        for target, size in enumerate(sizes):
            mine = [index for index in order if targets[index] == target]
            for start in range(0, len(mine), size):
                cycle = mine[start : start + size]
                assert len(set(cycle)) == len(cycle)
        of_class.update(counts)
        of_video.update(order)
        assert max(of_class.values()) - min(of_class.values()) <= 1
        for target in of_class:
            times = [of_video[index] for index, its in enumerate(targets) if its == target]
            assert max(times) - min(times) <= 1


def test_a_class_without_videos_takes_no_turn():
    assert Counter(balanced_order([1, 1, 3, 3], 0, 0)) == {0: 1, 1: 1, 2: 1, 3: 1}


def test_another_seed_or_epoch_is_another_order():
    orders = {tuple(balanced_order(NINE_TO_ONE, seed, epoch)) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9


@pytest.fixture(scope="module")
def clips(make_class_folders, tmp_path_factory) -> TrainClips:
    """Ninety videos of `left` and ten of `right`."""
    root: Path = make_class_folders(tmp_path_factory.mktemp("uneven"), {"left": 90, "right": 10}, num_frames=2)
    videos = [
        Video(VideoRecord(path, label), scan_video(path), target)
        for target, label in enumerate(("left", "right"))
        for path in sorted((root / label).glob("*.mp4"))
    ]
    spec = ClipSpec(num_frames=2, height=16, width=16)
    return TrainClips(videos, spec, AugmentOptions("standard"), Reading(), 4, ["left", "right"])


def balanced_loader(clips: TrainClips, workers: int, start: int = 0) -> ResumableLoader:
    order = partial(balanced_order, [video.target for video in clips.videos], clips.seed)
    return ResumableLoader(clips, 8, workers, start=start, order=order)


def test_the_loader_gives_every_class_equally_often_and_each_repeat_augmented_anew(clips):
    loader = balanced_loader(clips, 0)
    for _ in range(2):
        batches = list(loader)
        assert [len(batch) for batch in batches] == [8] * 12 + [4]
        targets = torch.cat([batch.targets for batch in batches])
        assert torch.bincount(targets).tolist() == [50, 50]
        rows = [(video, batch.video[row]) for batch in batches for row, video in enumerate(batch.videos)]
        assert Counter(Counter(video for video, _ in rows).values()) == {1: 50, 5: 10}
        for video in range(90, 100):
            seen = {clip.numpy().tobytes() for other, clip in rows if other == video}
            assert len(seen) == 5


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("done", [5, 13, 20])
def test_a_balanced_loader_starts_behind_any_batch(clips, workers, done):
    loader = balanced_loader(clips, 0)
    whole = [batch for _ in range(2) for batch in loader]
    started = [batch for _, batch in zip(range(26 - done), loop(balanced_loader(clips, workers, done)), strict=False)]
    assert [batch.videos for batch in started] == [batch.videos for batch in whole[done:]]
    assert all(torch.equal(one.video, other.video) for one, other in zip(started, whole[done:], strict=True))


def loop(loader: ResumableLoader):
    """Yields the batches of epoch after epoch."""
    while True:
        yield from loader


def test_the_first_draw_of_a_video_is_augmented_as_in_a_shuffled_epoch(clips):
    shuffled = {batch.videos[row]: batch.video[row] for batch in ResumableLoader(clips, 8, 0) for row in range(len(batch))}
    firsts = {}
    for batch in balanced_loader(clips, 0):
        for row, video in enumerate(batch.videos):
            firsts.setdefault(video, batch.video[row])
    assert len(firsts) == 60
    assert all(torch.equal(clip, shuffled[video]) for video, clip in firsts.items())
