"""Filling a feature cache: once, by any number of processes, also after a kill."""

import multiprocessing
import os
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.data.caching.clips import SPEC, mean_colours, no_progress, variants_of, videos_of, views_of
from videoseq.data.augment_options import AugmentOptions
from videoseq.data.caching.encoding import encode_missing, num_clips, wanted_jobs
from videoseq.data.caching.store import ArrayStore
from videoseq.data.dataset import Reading
from videoseq.errors import DataError

ENDLESS = 10**9


@pytest.fixture(scope="module")
def videos(bars):
    return videos_of(bars)


class Encoder:
    """Counts the clips that it has seen; after some it kills its process, and it may take its time."""

    def __init__(self, dies_after: int = ENDLESS, seconds: float = 0.0) -> None:
        self.num_clips = 0
        self.dies_after = dies_after
        self.seconds = seconds

    def __call__(self, batch):
        time.sleep(self.seconds)
        self.num_clips += len(batch)
        if self.num_clips > self.dies_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return mean_colours(batch)


def fill(parts, store, encode, batch_size=3, num_workers=0, progress=no_progress):
    """Makes what is missing; returns what could not be read."""
    jobs = wanted_jobs(parts, store)
    return encode_missing(jobs, store, encode, num_workers=num_workers, batch_size=batch_size, progress=progress)


def names_of(*parts) -> list[str]:
    return [
        clips.name(index, variant)
        for clips in parts
        for index in range(len(clips.videos))
        for variant in range(clips.num_variants)
    ]


@pytest.mark.parametrize("workers", [0, 2])
def test_every_clip_is_encoded_once(tmp_path, videos, workers):
    train, val = variants_of(videos[:4]), views_of(videos[4:])
    store, encoder = ArrayStore.open(tmp_path, {}), Encoder()
    assert num_clips(wanted_jobs([val, train], store)) == 14
    assert fill([val, train], store, encoder, num_workers=workers) == {}
    assert encoder.num_clips == len(store) == 14
    assert fill([val, train], store, encoder) == {}
    assert encoder.num_clips == 14
    assert store.missing(names_of(train, val)) == []


def test_features_are_those_of_the_clips(tmp_path, videos):
    train, val = variants_of(videos[:4]), views_of(videos[4:])
    store = ArrayStore.open(tmp_path, {})
    fill([val, train], store, mean_colours)
    for clips in (train, val):
        for index in range(len(clips.videos)):
            for variant in range(clips.num_variants):
                (sample,) = clips.samples(index, [variant])
                expected = sample.frames[0].float().mean((2, 3))  # (T, 3)
                found = store[clips.name(index, variant)]
                assert found.dtype == np.float32
                assert torch.equal(torch.from_numpy(found.copy()), expected)
    assert len({store[name].tobytes() for name in names_of(train, val)}) == 14


def test_frames_behind_a_clips_length_are_not_kept(tmp_path, videos):
    spec = replace(SPEC, num_frames=12, padding="mask")
    long = replace(videos[0], record=replace(videos[0].record, end_seconds=0.35))
    clips, store = views_of([videos[1], long], spec), ArrayStore.open(tmp_path, {})
    fill([clips], store, mean_colours)
    assert [store[clips.name(index, 0)].shape for index in range(2)] == [(10, 3), (4, 3)]


def test_progress_counts_clips(tmp_path, videos):
    shown = []

    @contextmanager
    def progress(description, total):
        shown.append((description, total))
        yield lambda: shown.append("clip")

    fill([variants_of(videos[:3])], ArrayStore.open(tmp_path, {}), mean_colours, progress=progress)
    assert shown == [("encoding clips", 9), *["clip"] * 9]


def test_what_is_kept_does_not_depend_on_seed_order_or_split(tmp_path, videos):
    store, encoder = ArrayStore.open(tmp_path, {}), Encoder()
    fill([variants_of(videos[:4])], store, encoder)
    assert encoder.num_clips == 12
    fill([variants_of(videos[3::-1], seed=7)], store, encoder)
    assert encoder.num_clips == 12
    fill([variants_of(videos[2:], seed=8)], store, encoder)  # another fold: two videos are known
    assert encoder.num_clips == 18
    again = variants_of(videos[3::-1], seed=7)
    (sample,) = again.samples(0, [1])
    assert torch.equal(torch.from_numpy(store[again.name(0, 1)].copy()), sample.frames[0].float().mean((2, 3)))


def test_other_augmentation_and_more_variants_are_made_beside(tmp_path, videos):
    store, encoder = ArrayStore.open(tmp_path, {}), Encoder()
    fill([variants_of(videos[:2], 1)], store, encoder)
    fill([variants_of(videos[:2], 3)], store, encoder)
    assert encoder.num_clips == 6
    fill([variants_of(videos[:2], 3, AugmentOptions("light"))], store, encoder)
    assert encoder.num_clips == 12


def test_what_two_splits_or_videos_share_is_made_once(tmp_path, videos):
    store = ArrayStore.open(tmp_path, {})
    assert num_clips(wanted_jobs([views_of([videos[0], videos[1], videos[0]]), views_of([videos[1]])], store)) == 2


def test_a_video_that_cannot_be_read_is_a_failure_and_not_kept(tmp_path, bars):
    videos = [replace(video) for video in videos_of(bars, 4)]
    copy = tmp_path / "torn.mp4"
    copy.write_bytes(videos[1].record.path.read_bytes()[:400])
    videos[1] = replace(videos[1], record=replace(videos[1].record, path=copy), info=replace(videos[1].info, path=copy))
    clips, store = variants_of(videos, 2), ArrayStore.open(tmp_path / "store", {})
    failures = fill([clips], store, mean_colours)
    assert failures.keys() == {clips.name(1, 0), clips.name(1, 1)}
    assert all(str(copy) in reason for reason in failures.values())
    assert len(store) == 6
    strict = variants_of(videos, 2, reading=Reading(bad_videos="error"))
    with pytest.raises(DataError, match=r"torn\.mp4.*; to leave such videos out: data\.bad_videos=skip"):
        fill([strict], store, mean_colours)


def in_a_process(target, *arguments) -> multiprocessing.Process:
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    return process


def test_what_a_killed_process_has_finished_stays(tmp_path, videos):
    parts = [variants_of(videos)]
    killed = in_a_process(fill, parts, ArrayStore.open(tmp_path, {}), Encoder(dies_after=9))
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    store, encoder = ArrayStore.open(tmp_path, {}), Encoder()
    assert len(store) == 9
    fill(parts, store, encoder)
    assert encoder.num_clips == 9
    assert len(store) == 18


def fill_and_tell(folder: Path, parts, number: int) -> None:
    encoder = Encoder(seconds=0.02)
    fill(parts, ArrayStore.open(folder, {}), encoder)
    (folder / f"{number}.txt").write_text(str(encoder.num_clips))


def test_two_processes_share_the_work_and_end_when_all_is_there(tmp_path, videos):
    parts = [variants_of(videos), views_of(videos)]
    both = [in_a_process(fill_and_tell, tmp_path, parts, number) for number in range(2)]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    shares = [int((tmp_path / f"{number}.txt").read_text()) for number in range(2)]
    assert sum(shares) == len(ArrayStore.open(tmp_path, {})) == 24
    assert min(shares) > 0
