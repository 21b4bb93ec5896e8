"""Clips from a frame cache: the same pixels as decoded ones, whatever the clip asks for."""

import multiprocessing
import pickle
import shutil
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.data.caching.frames import CLIP, STANDARD, build, clips_of, videos_of
from videoseq.data.augment_options import AugmentOptions, TemporalOptions
from videoseq.data.caching.frames import FrameCache, shows_fixed_frames
from videoseq.data.dataset import Reading, read_clip
from videoseq.data.videos import Video
from videoseq.errors import DecodeError
from videoseq.types import ClipSpec

EVERY_TEMPORAL = AugmentOptions(temporal=TemporalOptions(speed=1.5, jitter=1, drop=0.3, reverse_classes=["left"]))
FORKED = multiprocessing.get_context("fork")
DROP = AugmentOptions(temporal=TemporalOptions(drop=0.3))


@pytest.fixture
def videos(bars: Path, tmp_path: Path) -> list:
    """Three videos of each class, which a test may delete."""
    for label in ("left", "right"):
        (tmp_path / "videos" / label).mkdir(parents=True)
        for number in range(3):
            shutil.copy(bars / label / f"{number}.mp4", tmp_path / "videos" / label)
    return videos_of(tmp_path / "videos")


@pytest.mark.parametrize(
    ("clip", "augment", "fixed"),
    [
        (CLIP, STANDARD, True),
        (CLIP, DROP, True),
        (CLIP, EVERY_TEMPORAL, False),
        (CLIP, AugmentOptions(temporal=TemporalOptions(reverse_pairs=[["left", "right"]])), False),
        (replace(CLIP, sampling="segments"), STANDARD, False),
        (replace(CLIP, sampling="random_clip", frame_stride=2), EVERY_TEMPORAL, False),
        (replace(CLIP, sampling="random_clip", num_frames=14, padding="loop"), STANDARD, False),
        (replace(CLIP, sampling="all", max_frames=6), STANDARD, False),
        (replace(CLIP, num_frames=14, padding="mask"), STANDARD, True),
        (replace(CLIP, target_fps=4.0, height=24), EVERY_TEMPORAL, False),
    ],
)
def test_clips_are_those_that_decoding_gives(videos, tmp_path, clip, augment, fixed):
    assert shows_fixed_frames(clip, augment.resolved()) == fixed
    decoded = clips_of(videos, clip, augment, Reading(), 0)
    built = build(videos, tmp_path / "cache", clip, augment)
    shutil.rmtree(tmp_path / "videos")  # whatever is read from here on is read from the cache
    reading = Reading(frames=built.cache)
    kept = clips_of(videos, clip, augment, reading, 0)
    assert len(kept) == len(decoded) == 6
    assert all(torch.equal(one, other) for one, other in zip(decoded, kept, strict=True))


def test_workers_read_the_same(videos, tmp_path):
    clip = replace(CLIP, sampling="segments")
    built = build(videos, tmp_path / "cache", clip)
    shutil.rmtree(tmp_path / "videos")
    here, there = (clips_of(videos, clip, STANDARD, Reading(frames=built.cache), workers) for workers in (0, 2))
    assert all(torch.equal(one, other) for one, other in zip(here, there, strict=True))


def test_videos_of_other_sizes_stand_side_by_side(encoded, tmp_path):
    folder = tmp_path / "left"
    folder.mkdir()
    for name in ("h264.mp4", "h264_odd.mp4", "rotated90.mp4", "rotated270.mp4", "variable.mp4"):
        shutil.copy(encoded(name)[0], folder / name)
    videos = videos_of(tmp_path)
    decoded = clips_of(videos, CLIP, STANDARD, Reading(), 0)
    built = build(videos, tmp_path / "cache")
    shutil.rmtree(folder)
    kept = clips_of(videos, CLIP, STANDARD, Reading(frames=built.cache), 0)
    assert all(torch.equal(one, other) for one, other in zip(decoded, kept, strict=True))
    # 48 x 64 to 18 x 24, its odd sister likewise, and the rotated ones upright.
    shapes = {built.cache.store[name].shape for video in videos for name, _ in built.cache.blocks(video, size_of(video))}
    assert shapes == {(4, 18, 24, 3), (4, 24, 18, 3)}


def size_of(video) -> tuple[int, int]:
    return (18, 24) if video.info.width > video.info.height else (24, 18)


def test_long_videos_lie_in_blocks(make_class_folders, tmp_path):
    root = make_class_folders(tmp_path / "videos", {"left": 1}, num_frames=60)
    (video,) = videos_of(root)
    clip = ClipSpec(num_frames=60, height=480, width=480, crop_fraction=1.0)
    decoded = read_clip(video, np.arange(60), clip, Reading())
    built = build([video], tmp_path / "cache", clip)
    # 32 MiB hold 48 frames of 480 x 480 x 3 bytes.
    assert [len(indices) for _, indices in built.cache.blocks(video, (480, 480))] == [48, 12]
    shutil.rmtree(root)
    reading = Reading(frames=built.cache)
    assert torch.equal(read_clip(video, np.arange(60), clip, reading), decoded)
    some = np.array([59, 3, 3, 47, 48])
    assert torch.equal(read_clip(video, some, clip, reading), decoded[some])


def test_what_is_not_kept_is_decoded(videos, tmp_path):
    built = build(videos[:3], tmp_path / "cache")
    reading = Reading(frames=built.cache)
    for clip, positions, number in [
        (CLIP, [1, 3, 6, 9], 0),  # kept are 1 3 6 8
        (replace(CLIP, height=20), [1, 3, 6, 8], 0),
        (CLIP, [1, 3, 6, 8], 4),
    ]:
        positions = np.array(positions)
        assert reading.frames.read(videos[number], positions, (18, 18) if clip == CLIP else (23, 23)) is None
        assert torch.equal(
            read_clip(videos[number], positions, clip, reading), read_clip(videos[number], positions, clip, Reading())
        )
    kept = np.array([8, 1, 1])
    assert reading.frames.read(videos[0], kept, (18, 18)).shape == (3, 18, 18, 3)
    shutil.rmtree(tmp_path / "videos")
    with pytest.raises(DecodeError, match="no such file"):
        read_clip(videos[4], kept, CLIP, reading)


def test_a_clip_can_be_changed_and_the_cache_not(videos, tmp_path):
    reading = Reading(frames=build(videos, tmp_path / "cache").cache)
    positions = np.array([1, 3, 6, 8])
    once = read_clip(videos[0], positions, CLIP, reading)
    before = once.clone()
    once.zero_()
    assert torch.equal(read_clip(videos[0], positions, CLIP, reading), before)


def test_damaged_frames_are_decoded(videos, tmp_path):
    built = build(videos, tmp_path / "cache")
    decoded = clips_of(videos, CLIP, STANDARD, Reading(), 0)
    for file in built.cache.store.folder.glob("*.data"):
        content = bytearray(file.read_bytes())
        content[100] ^= 255
        file.write_bytes(content)
    kept = clips_of(videos, CLIP, STANDARD, Reading(frames=built.cache), 0)
    assert all(torch.equal(one, other) for one, other in zip(decoded, kept, strict=True))
    assert len(built.cache.store) == 5
    assert len(build(videos, tmp_path / "cache").cache.store) == 6


def test_files_that_cannot_be_read_are_told_once(videos, tmp_path, caplog):
    cache = build(videos, tmp_path / "cache").cache
    assert len(cache.store) == 6
    for file in cache.store.folder.glob("*.data"):
        file.unlink()
        file.mkdir()
    decoded, kept = (clips_of(videos, CLIP, STANDARD, reading, 0) for reading in (Reading(), Reading(frames=cache)))
    assert all(torch.equal(one, other) for one, other in zip(decoded, kept, strict=True))
    assert caplog.text.count("kept frames cannot be read, videos are decoded instead: [Errno 21] Is a directory") == 1


def memory(kind: str) -> int:
    """Returns the bytes of this process's memory that are its own (`Anon`) or mapped from files (`File`)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"Rss{kind}:"))


def read_all(cache: FrameCache, videos: list[Video], pipe: Connection) -> None:
    """Reads all frames of all videos twice, and sends by how much the memory has grown."""
    before = memory("Anon"), memory("File")
    for video in [*videos, *videos]:
        assert cache.read(video, np.arange(10), (256, 256)) is not None
    pipe.send((memory("Anon") - before[0], memory("File") - before[1]))


def test_a_worker_maps_the_frames_and_keeps_none(bars, tmp_path):
    videos = videos_of(bars)
    cache = build(videos, tmp_path, replace(CLIP, sampling="segments", height=224, width=224)).cache
    total = 24 * 10 * 256 * 256 * 3
    here, there = FORKED.Pipe()
    process = FORKED.Process(target=read_all, args=(cache, videos, there))
    process.start()
    own, mapped = here.recv()
    process.join()
    assert mapped > 0.9 * total
    assert own < total / 4
    assert len(pickle.dumps(cache)) < 2000
