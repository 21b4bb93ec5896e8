"""Clips as samples: drawn from (seed, epoch, sample) alone; a video that cannot be read is never another one."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.decoding.demux import scan_video
from videoseq.data.loading import ResumableLoader, evaluation_loader
from videoseq.data.samplers import SampleRequest
from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.types import ClipSpec, VideoRecord

SPEC = ClipSpec(num_frames=4, height=16, width=16, sampling="segments")
NAMES = ["left", "right"]
STANDARD = AugmentOptions(preset="standard")


def videos_of(folder: Path) -> list[Video]:
    paths = sorted(folder.rglob("*.mp4"))
    labels = sorted({path.parent.name for path in paths})
    return [Video(VideoRecord(path, path.parent.name), scan_video(path), labels.index(path.parent.name)) for path in paths]


@pytest.fixture(scope="module")
def videos(bars: Path) -> list[Video]:
    return [video for number, video in enumerate(videos_of(bars)) if number % 4 == 0]


@pytest.fixture
def torn(bars: Path, tmp_path: Path) -> list[Video]:
    """Three videos, the second cut after it was scanned."""
    for number in range(3):
        (tmp_path / "left").mkdir(exist_ok=True)
        shutil.copy(bars / "left" / f"{number}.mp4", tmp_path / "left" / f"{number}.mp4")
    videos = videos_of(tmp_path)
    path = tmp_path / "left" / "1.mp4"
    path.write_bytes(path.read_bytes()[:400])
    return videos


def train_clips(videos, seed=0, spec=SPEC, augment=STANDARD, reading=Reading()) -> TrainClips:  # noqa: B008
    return TrainClips(videos, spec, augment, reading, seed, NAMES)


def epoch_of(loader: Iterator) -> dict[int, Tensor]:
    return {video: clip for batch in loader for clip, video in zip(batch.video, batch.videos, strict=True)}


def test_a_sample_has_its_shape_target_and_place(videos):
    sample = train_clips(videos)[SampleRequest(5, 0)]
    assert sample.frames.shape == (1, 4, 3, 16, 16)
    assert sample.frames.dtype == torch.uint8
    assert (sample.target, sample.video, sample.error) == (videos[5].target, 5, "")
    assert videos[5].record.label == "right"
    assert videos[5].target == 1


@pytest.mark.parametrize("kind", ["train", "eval"])
def test_a_sample_says_how_long_its_frames_and_its_crops_took(videos, kind):
    started = time.perf_counter()
    sample = train_clips(videos)[SampleRequest(5, 0)] if kind == "train" else EvalClips(videos, SPEC, Reading())[5]
    elapsed = time.perf_counter() - started
    assert min(sample.decode_seconds, sample.transform_seconds) > 0
    assert sample.decode_seconds + sample.transform_seconds < elapsed


def test_a_clip_depends_on_seed_epoch_and_sample_alone(videos):
    here, there = train_clips(videos), train_clips(videos)
    there[SampleRequest(3, 7)]
    torch.rand(5)
    for index in range(len(videos)):
        assert torch.equal(here[SampleRequest(index, 1)].frames, there[SampleRequest(index, 1)].frames)


def test_another_epoch_and_another_seed_give_other_clips(videos):
    first = [train_clips(videos)[SampleRequest(index, 0)].frames for index in range(6)]
    later = [train_clips(videos)[SampleRequest(index, 1)].frames for index in range(6)]
    other = [train_clips(videos, seed=1)[SampleRequest(index, 0)].frames for index in range(6)]
    assert sum(torch.equal(one, two) for one, two in zip(first, later, strict=True)) == 0
    assert sum(torch.equal(one, two) for one, two in zip(first, other, strict=True)) == 0


def test_frames_are_drawn_anew_each_epoch_without_augmentation(videos):
    clips = train_clips(videos, augment=AugmentOptions(preset="none"))
    drawn = [clips[SampleRequest(0, epoch)].frames for epoch in range(4)]
    assert any(not torch.equal(drawn[0], other) for other in drawn[1:])


def test_the_number_of_workers_changes_no_clip(videos):
    loaders = [ResumableLoader(train_clips(videos), 4, workers) for workers in (0, 2)]
    for _ in range(2):
        here, there = (epoch_of(loader) for loader in loaders)
        assert list(here) == list(there)
        assert sorted(here) == list(range(len(videos)))
        assert all(torch.equal(here[video], there[video]) for video in here)


def test_validation_is_deterministic_and_in_order(videos):
    clips = EvalClips(videos, SPEC, Reading())
    once, again = (list(evaluation_loader(clips, 4, workers)) for workers in (0, 2))
    assert [video for batch in once for video in batch.videos] == list(range(len(videos)))
    assert all(torch.equal(one.video, two.video) for one, two in zip(once, again, strict=True))


def test_views_are_clips_times_crops(videos):
    spec = replace(SPEC, sampling="random_clip")
    clips = EvalClips(videos, spec, Reading(), num_clips=3, num_crops=2)
    assert len(clips) == 3 * len(videos)
    samples = [clips[item] for item in range(3, 6)]
    assert [sample.video for sample in samples] == [1, 1, 1]
    assert all(sample.frames.shape == (2, 4, 3, 16, 16) for sample in samples)
    assert not torch.equal(samples[0].frames, samples[1].frames)
    assert not torch.equal(samples[1].frames, samples[2].frames)
    assert not torch.equal(samples[0].frames[0], samples[0].frames[1])


def test_mask_padding_gives_the_frames_that_there_are(videos):
    spec = ClipSpec(num_frames=14, height=16, width=16, sampling="random_clip", padding="mask")
    assert EvalClips(videos, spec, Reading())[0].frames.shape == (1, 10, 3, 16, 16)


@pytest.mark.parametrize("kind", ["train", "val"])
def test_a_video_that_was_torn_after_its_scan_is_a_failure(torn, kind):
    reading = Reading()
    clips = train_clips(torn, reading=reading) if kind == "train" else EvalClips(torn, SPEC, reading)
    loader = ResumableLoader(clips, 3, 0) if kind == "train" else evaluation_loader(clips, 3, 0)
    (batch,) = loader
    assert sorted(batch.videos) == [0, 2]
    ((position, reason),) = batch.failures
    assert position == 1
    assert str(torn[1].record.path) in reason


@pytest.mark.parametrize("kind", ["train", "val"])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_torn_video_raises_where_bad_videos_are_errors(torn, kind, workers):
    reading = Reading(bad_videos="error")
    clips = train_clips(torn, reading=reading) if kind == "train" else EvalClips(torn, SPEC, reading)
    loader = ResumableLoader(clips, 3, workers) if kind == "train" else evaluation_loader(clips, 3, workers)
    with pytest.raises(DataError, match=r"^cannot read '.*1\.mp4'.*to leave such videos out: data\.bad_videos=skip$"):
        list(loader)


def test_a_part_without_frames_is_a_failure(videos):
    beyond = replace(videos[0], record=replace(videos[0].record, start_seconds=50.0, end_seconds=60.0))
    sample = EvalClips([beyond], SPEC, Reading())[0]
    assert sample.frames is None
    assert "50" in sample.error


@pytest.mark.real_data
def test_a_video_that_only_decoding_finds_bad_is_a_failure(real_data):
    path = real_data / "odd_videos" / "bit_flips.mp4"
    info = scan_video(path)
    assert info.error is None
    video = Video(VideoRecord(path, "odd"), info, 0)
    spec = ClipSpec(num_frames=info.num_frames, height=16, width=16)
    sample = EvalClips([video], spec, Reading())[0]
    assert (sample.frames, sample.video, sample.target) == (None, 0, 0)
    assert sample.error.startswith(f"cannot read '{path}'")
    with pytest.raises(DataError, match=r"bit_flips.*data\.bad_videos=skip"):
        list(evaluation_loader(EvalClips([video], spec, Reading(bad_videos="error")), 1, 0))
