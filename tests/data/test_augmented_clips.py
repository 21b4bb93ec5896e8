"""Augmented training clips of real videos, from the file to the batch: drawn from (seed, epoch, sample) alone."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from videoseq.data.augment_options import AugmentOptions, ErasingOptions, RandAugmentOptions, TemporalOptions
from videoseq.data.batch import ClipBatch
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.decoding.demux import scan_video
from videoseq.data.loading import ResumableLoader, evaluation_loader
from videoseq.data.samplers import ALONE, SampleRequest, Shard
from videoseq.data.videos import Video
from videoseq.data.writing import write_video
from videoseq.errors import ConfigError
from videoseq.types import ClipSpec, VideoRecord

SPEC = ClipSpec(num_frames=4, height=48, width=64, crop_fraction=1.0)
NAMES = ["open", "close"]
EVERYTHING = AugmentOptions(
    "standard",
    crop="multi_scale",
    rand_augment=RandAugmentOptions(),
    erasing=ErasingOptions(probability=0.5),
    mixup=0.5,
    cutmix=1.0,
    temporal=TemporalOptions(speed=2.0, drop=0.2, jitter=2, reverse_pairs=(("open", "close"),)),
)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory, numbered) -> list[Video]:
    """Seven videos of 20 numbered frames, of both classes."""
    folder = tmp_path_factory.mktemp("numbered")
    for number in range(7):
        write_video(folder / f"{number}.mp4", numbered(20), options={"crf": "18", "preset": "ultrafast"})
    paths = sorted(folder.glob("*.mp4"))
    return [Video(VideoRecord(path, NAMES[n % 2]), scan_video(path), n % 2) for n, path in enumerate(paths)]


def clips(videos: list[Video], augment: AugmentOptions, spec: ClipSpec = SPEC) -> TrainClips:
    return TrainClips(videos, spec, augment, Reading(), 3, NAMES)


def numbers(clip: Tensor) -> list[int]:
    """The numbers that the frames of a clip (T, 3, 48, 64) carry as columns, black or white."""
    bits = [clip[:, :, 4:20, bit * 64 // 6 + 3 : (bit + 1) * 64 // 6 - 3].float().mean((1, 2, 3)) > 128 for bit in range(6)]
    return sum(bit.long() << place for place, bit in enumerate(bits)).tolist()


def shown(videos: list[Video], temporal: TemporalOptions, count: int = 30) -> list[tuple[list[int], int]]:
    """Frame numbers and target of one video over many epochs."""
    data = clips(videos, AugmentOptions("none", temporal=temporal))
    samples = [data[SampleRequest(0, epoch)] for epoch in range(count)]
    return [(numbers(sample.frames[0]), int(sample.target)) for sample in samples]


def test_without_variation_a_clip_shows_what_validation_shows(videos: list[Video]) -> None:
    assert numbers(EvalClips(videos, SPEC, Reading())[0].frames[0]) == [2, 7, 12, 17]
    assert shown(videos, TemporalOptions(), 3) == [([2, 7, 12, 17], 0)] * 3


def test_variations_in_time_reach_the_frames(videos: list[Video]) -> None:
    slower = [frames for frames, _ in shown(videos, TemporalOptions(speed=2)) if frames[-1] - frames[0] < 12]
    assert len({tuple(frames) for frames in slower}) > 5
    moved = {tuple(frames) for frames, _ in shown(videos, TemporalOptions(jitter=1))}
    assert {frames[1] for frames in moved} == {6, 7, 8}
    lost = Counter(frames[2] for frames, _ in shown(videos, TemporalOptions(drop=0.5)))
    assert set(lost) == {2, 7, 12}


def test_a_reversed_clip_of_a_pair_carries_the_other_label(videos: list[Video]) -> None:
    found = Counter(map(str, shown(videos, TemporalOptions(reverse_pairs=(("open", "close"),)))))
    assert set(found) == {"([2, 7, 12, 17], 0)", "([17, 12, 7, 2], 1)"}
    same = Counter(map(str, shown(videos, TemporalOptions(reverse_classes=("open",)))))
    assert set(same) == {"([2, 7, 12, 17], 0)", "([17, 12, 7, 2], 0)"}
    assert set(map(str, shown(videos, TemporalOptions(reverse_classes=("close",))))) == {"([2, 7, 12, 17], 0)"}


def test_the_target_of_a_batch_is_that_of_what_is_shown(videos: list[Video]) -> None:
    pairs = AugmentOptions("none", mixup=1.0, temporal=TemporalOptions(reverse_pairs=(("open", "close"),)))
    data = clips(videos, pairs)
    swapped = 0
    for epoch in range(6):
        samples = [data[SampleRequest(index, epoch)] for index in range(7)]
        batch = data.collate(samples)
        assert batch.targets.tolist() == [sample.target for sample in samples]
        swapped += sum(sample.target != video.target for sample, video in zip(samples, videos, strict=True))
        for row in range(7):
            if batch.targets[row] == batch.targets[(row + 1) % 7]:
                assert batch.soft_targets[row, batch.targets[row]] == pytest.approx(1)
    assert 10 < swapped < 32


def test_an_unknown_class_is_refused_before_a_video_is_read(videos: list[Video]) -> None:
    unknown = AugmentOptions(temporal=TemporalOptions(reverse_classes=("opne",)))
    with pytest.raises(ConfigError, match=r"names 'opne', which is no class of the data: did you mean 'open'\?"):
        clips(videos, unknown)


def epochs(loader: ResumableLoader, count: int = 2) -> list[ClipBatch]:
    return [batch for _ in range(count) for batch in loader]


def test_the_number_of_workers_changes_no_batch(videos: list[Video]) -> None:
    alone, beside = (epochs(ResumableLoader(clips(videos, EVERYTHING), 3, workers)) for workers in (0, 2))
    assert len(alone) == len(beside) == 6
    for one, other in zip(alone, beside, strict=True):
        assert one.videos == other.videos
        assert torch.equal(one.video, other.video)
        assert torch.equal(one.targets, other.targets)
        assert torch.equal(one.soft_targets, other.soft_targets)
    assert any((batch.soft_targets.max(1).values < 0.9).any() for batch in alone)


def test_a_resumed_loader_goes_on_with_the_batches_that_were_to_come(videos: list[Video]) -> None:
    whole = epochs(ResumableLoader(clips(videos, EVERYTHING), 3, 0))
    resumed = ResumableLoader(clips(videos, EVERYTHING), 3, 0, start=4)
    resumed.dataset[SampleRequest(2, 9)]
    torch.rand(5)
    for one, other in zip(whole[4:], resumed, strict=True):
        assert torch.equal(one.video, other.video)
        assert torch.equal(one.soft_targets, other.soft_targets)


def test_the_process_that_draws_a_clip_changes_nothing_about_it(videos: list[Video]) -> None:
    unmixed = replace(EVERYTHING, mixup=0.0, cutmix=0.0)

    def drawn(*shards: Shard) -> dict[tuple[int, int], Tensor]:
        loaders = [ResumableLoader(clips(videos, unmixed), 4, 0, shard=shard) for shard in shards]
        batches = [(number, batch) for loader in loaders for number, batch in enumerate(epochs(loader))]
        return {
            (number, video): clip for number, batch in batches for video, clip in zip(batch.videos, batch.video, strict=True)
        }

    alone, shared = drawn(ALONE), drawn(Shard(0, 2), Shard(1, 2))
    assert alone.keys() == shared.keys()
    assert len(alone) == 14
    assert all(torch.equal(alone[place], shared[place]) for place in alone)


@pytest.mark.parametrize("repeat", [0, 1])
def test_another_epoch_and_another_turn_give_other_clips(videos: list[Video], repeat: int) -> None:
    data = clips(videos, AugmentOptions("strong"))
    first = data[SampleRequest(0, 0)]
    other = data[SampleRequest(0, 1 - repeat, repeat)]
    assert not torch.equal(first.frames, other.frames)
    assert first.seed != other.seed


def test_validation_is_never_varied_nor_mixed(videos: list[Video]) -> None:
    for batch in evaluation_loader(EvalClips(videos, SPEC, Reading()), 3, 0):
        assert batch.soft_targets is None
        assert [numbers(clip) for clip in batch.video] == [[2, 7, 12, 17]] * len(batch)


def test_three_crops_are_left_middle_and_right(tmp_path: Path, numbered) -> None:
    """The six columns of a frame are black or white by its number: frame 33 = 100001 shows where a crop lies."""
    write_video(tmp_path / "wide.mp4", numbered(40, 32, 96), options={"crf": "10"})
    video = Video(VideoRecord(tmp_path / "wide.mp4", "open"), scan_video(tmp_path / "wide.mp4"), 0)
    spec = ClipSpec(num_frames=40, height=32, width=32, crop_fraction=1.0)
    crops = EvalClips([video], spec, Reading(), num_crops=3)[0].frames[:, 33, :, 4:12].float().mean((1, 2))  # (V, W)
    assert [[bool(crop[at] > 128) for at in (4, 12, 20, 28)] for crop in crops] == [
        [True, True, False, False],  # columns 0 to 31 of 96: the first bit is 16 wide
        [False, False, False, False],
        [False, False, True, True],
    ]
