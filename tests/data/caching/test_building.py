"""Building a frame cache: what it takes is said before, what is there is never made again, whoever made it."""

import itertools
import logging
import multiprocessing
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import av
import pytest
import torch

from tests.data.caching.clips import no_progress
from tests.data.caching.frames import CLIP, STANDARD, build, clips_of, videos_of
from videoseq.data.augment_options import AugmentOptions
from videoseq.data.caching.building import FrameBuilder
from videoseq.data.caching.feature_keys import content_names
from videoseq.data.caching.shards import Shard
from videoseq.data.dataset import EvalClips, Reading
from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.types import ClipSpec, VideoRecord

LARGE = replace(CLIP, height=224, width=224, sampling="segments")
"""Ten frames of 256 x 256 x 3 bytes of each video of `bars`: four or five videos are a group of 8 MiB."""


def find_problem(videos: list[Video], folder: Path, limit_gb: float, clip: ClipSpec = CLIP) -> str | None:
    return FrameBuilder(videos, clip, STANDARD, Reading(), folder).find_problem(limit_gb)


def num_written(folder: Path) -> int:
    return sum(len(Shard(file).numbers) for file in folder.rglob("*.index"))


def test_the_estimate_is_what_is_written(bars, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    builder = FrameBuilder(videos_of(bars), CLIP, STANDARD, Reading(), tmp_path)
    assert builder.find_problem(1.0) is None
    assert re.search(
        r"data\.cache=frames: 96 frames of 24 videos \(those of one clip of each\) need 95\.6 kB; .*frames takes \S+ bytes of "
        r"the 1 GB of data\.cache_limit_gb, and its disk has \S+ [GM]B free",
        caplog.text,
    )
    built = builder.build(1, no_progress)
    # 4 frames of 18 x 18 x 3 bytes, filled up to a multiple of 64, and a row of 80 each.
    assert 24 * (3904 + 80) == 95616
    description = (built.cache.store.folder / "description.json").stat().st_size
    assert built.num_bytes == 95616 + description
    assert (built.num_items, num_written(tmp_path)) == (24, 24)
    assert find_problem(videos_of(bars), tmp_path, 1e-9) is None
    assert f"data.cache=frames: all frames of 24 videos are in {built.cache.store.folder}" in caplog.text


@pytest.mark.parametrize(
    ("clip", "needed", "fewer"),
    [
        (CLIP, "96 frames of 24 videos (those of one clip of each) need 95.6 kB", ""),
        (
            replace(CLIP, sampling="segments"),
            "240 frames of 24 videos (all that a clip may ask for) need 235 kB",
            "take clip.sampling=uniform without augment.temporal, which needs the frames of one clip alone, ",
        ),
    ],
)
def test_what_exceeds_the_limit_is_refused_before_anything_is_decoded(bars, tmp_path, clip, needed, fewer):
    message = find_problem(videos_of(bars), tmp_path, 0.00009, clip)
    assert message.startswith(f"data.cache=frames: {needed}, more than ")
    assert "more than data.cache_limit_gb=9e-05 allows. Fix: raise data.cache_limit_gb, delete there " in message
    assert message.endswith(f"make clip.height and clip.width smaller, {fewer}or data.cache=none")
    assert num_written(tmp_path) == 0


def test_the_limit_holds_for_the_frames_of_all_options_together(bars, tmp_path):
    videos = videos_of(bars)
    assert find_problem(videos, tmp_path, 0.00015) is None
    build(videos, tmp_path)
    fewer = replace(CLIP, num_frames=3)
    problem = find_problem(videos, tmp_path, 0.00015, fewer)
    assert re.search(r"beside the 95.* kB that '.*frames' takes, more than data\.cache_limit_gb=0\.00015", problem)
    shutil.rmtree(tmp_path / "frames")
    assert find_problem(videos, tmp_path, 0.00015, fewer) is None


def test_a_folder_that_cannot_be_written_is_told(bars, tmp_path):
    (tmp_path / "frames").write_text("a file")
    with pytest.raises(
        DataError, match=r"the frames cannot be kept in '.*frames': .*Fix: name a folder .* paths\.cache=DIR, or"
    ):
        find_problem(videos_of(bars), tmp_path, 1.0)


def test_folds_seeds_names_and_augmentations_share_the_frames(bars, tmp_path):
    videos = videos_of(bars)
    build(videos[:20], tmp_path)
    assert num_written(tmp_path) == 20
    renamed = shutil.copytree(bars, tmp_path / "renamed")
    others = list(reversed(videos_of(renamed)))
    assert build(others, tmp_path, augment=AugmentOptions(preset="strong")).num_items == 24
    assert num_written(tmp_path) == 24
    build(videos, tmp_path, replace(CLIP, padding="loop"))
    assert num_written(tmp_path) == 24


@pytest.mark.parametrize(
    ("clip", "reading"),
    [
        (replace(CLIP, num_frames=5), Reading()),
        (replace(CLIP, height=20), Reading()),
        (replace(CLIP, crop_fraction=1.0), Reading()),
        (replace(CLIP, sampling="segments"), Reading()),
        (CLIP, Reading(decoder="pyav")),
        (CLIP, Reading(skip_loop_filter=True)),
    ],
)
def test_other_frames_are_made_anew(bars, tmp_path, clip, reading):
    videos = videos_of(bars)[:2]
    first = build(videos, tmp_path)
    second = build(videos, tmp_path, clip, reading=reading)
    assert second.cache.store.folder != first.cache.store.folder
    assert num_written(tmp_path) == 4
    assert len(first.cache.store) == 2


def test_another_part_of_a_video_has_frames_of_its_own(bars, tmp_path):
    build(videos_of(bars)[:2], tmp_path)
    built = build(videos_of(bars, end_seconds=0.5)[:2], tmp_path)
    assert built.num_items == 4


def test_the_same_packets_with_other_colours_are_decoded_anew(bars, tmp_path):
    videos = []
    for name in ("plain", "full_range"):
        (tmp_path / name / "left").mkdir(parents=True)
        copy = tmp_path / name / "left" / "0.mp4"
        if name == "plain":
            shutil.copy(bars / "left" / "0.mp4", copy)
        else:
            filter_packets(bars / "left" / "0.mp4", copy, "h264_metadata=video_full_range_flag=1:matrix_coefficients=9")
        videos += videos_of(tmp_path / name)
    plain, other = videos
    assert other.identity == plain.identity
    built = build([plain], tmp_path / "cache")
    assert build([other], tmp_path / "cache").num_items == 2
    kept, decoded = (clips_of([other], CLIP, STANDARD, reading, 0) for reading in (Reading(frames=built.cache), Reading()))
    assert all(torch.equal(one, other) for one, other in zip(kept, decoded, strict=True))
    assert not torch.equal(decoded[2], clips_of([plain], CLIP, STANDARD, Reading(), 0)[2])
    first, second = content_names(videos)
    assert first != second


def filter_packets(source: Path, target: Path, bitstream_filter: str) -> None:
    """Copies a video's packets through a filter of FFmpeg's, as `ffmpeg -c copy -bsf:v` does."""
    with av.open(str(source)) as original, av.open(str(target), "w") as copy:
        stream = original.streams.video[0]
        out = copy.add_stream_from_template(stream)
        filters = av.bitstream.BitStreamFilterContext(bitstream_filter, stream, out)
        for packet in original.demux(stream):
            for filtered in filters.filter(packet if packet.size else None):
                filtered.stream = out
                copy.mux(filtered)


def test_a_changed_video_is_decoded_anew(bars, tmp_path):
    folder = tmp_path / "left"
    folder.mkdir()
    shutil.copy(bars / "left" / "0.mp4", folder / "0.mp4")
    build(videos_of(tmp_path), tmp_path / "cache")
    shutil.copy(bars / "left" / "1.mp4", folder / "0.mp4")
    videos = videos_of(tmp_path)
    built = build(videos, tmp_path / "cache")
    assert built.num_items == 2
    kept, decoded = (clips_of(videos, CLIP, STANDARD, reading, 0) for reading in (Reading(frames=built.cache), Reading()))
    assert all(torch.equal(one, other) for one, other in zip(kept, decoded, strict=True))


def test_bad_videos_are_failures_as_without_a_cache(bars, tmp_path, caplog):
    (tmp_path / "left").mkdir()
    for number in range(3):
        shutil.copy(bars / "left" / f"{number}.mp4", tmp_path / "left")
    videos = videos_of(tmp_path)
    torn = tmp_path / "left" / "1.mp4"
    torn.write_bytes(torn.read_bytes()[:400])
    empty = replace(videos[2], record=VideoRecord(videos[2].record.path, "left", start_seconds=50.0, end_seconds=60.0))
    built = build([*videos, empty], tmp_path / "cache")
    assert built.num_items == 2
    assert "1 of 3 items could not be decoded and are not kept; the first: cannot read" in caplog.text
    for reading in (Reading(), Reading(frames=built.cache)):
        samples = [EvalClips([*videos, empty], CLIP, reading)[item] for item in range(4)]
        assert [sample.frames is None for sample in samples] == [False, True, False, True]
        assert samples[1].error.startswith(f"cannot read '{torn}'")
        assert "no frame from 50 s to 60 s" in samples[3].error


FORKED = multiprocessing.get_context("fork")


def build_apart(videos: list[Video], folder: Path, start: Barrier, steps: int) -> None:
    """Builds in a process of its own, which is killed after some steps."""

    @contextmanager
    def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
        yield lambda: os.kill(os.getpid(), signal.SIGKILL) if next(countdown) == 0 else None

    countdown = itertools.count(steps - 1, -1)
    start.wait(60)
    assert build(videos, folder, LARGE, progress=progress).num_items == 24


def test_a_killed_build_goes_on_where_it_was(bars, tmp_path):
    videos = videos_of(bars)
    process = FORKED.Process(target=build_apart, args=(videos, tmp_path, FORKED.Barrier(1), 10))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    num_before = num_written(tmp_path)
    assert 10 <= num_before < 24
    totals = []
    built = build(videos, tmp_path, LARGE, progress=lambda what, total: nullcontext(lambda: totals.append(total)))
    assert built.num_items == 24
    assert num_written(tmp_path) == 24
    assert 0 < len(totals) <= 24 - num_before
    assert set(totals) == {len(totals)}


def test_two_builders_share_the_work(bars, tmp_path):
    start = FORKED.Barrier(2)
    processes = [FORKED.Process(target=build_apart, args=(videos_of(bars), tmp_path, start, -1)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert num_written(tmp_path) == 24


def kill_a_worker(videos: list[Video], folder: Path, said: Connection) -> None:
    """Builds with a worker that is killed after the first array, and sends the error."""

    @contextmanager
    def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
        yield lambda: [os.kill(worker.pid, signal.SIGKILL) for worker in multiprocessing.active_children()] and None

    try:
        build(videos, folder, LARGE, progress=progress)
    except DataError as error:
        said.send(str(error))


def test_a_killed_worker_is_told_and_what_it_has_finished_stays(bars, tmp_path):
    videos = videos_of(bars)
    here, there = FORKED.Pipe()
    process = FORKED.Process(target=kill_a_worker, args=(videos, tmp_path, there))
    process.start()
    assert here.poll(60)
    assert here.recv().startswith(
        "a process that decodes videos was killed, most often because the memory is full. Fix: smaller data.num_workers or "
    )
    process.join()
    assert 4 <= num_written(tmp_path) < 24
    assert build(videos, tmp_path, LARGE).num_items == 24


def test_without_workers_this_process_decodes(bars, tmp_path):
    children = []

    def progress(what: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        return nullcontext(lambda: children.append(len(multiprocessing.active_children())))

    assert build(videos_of(bars)[:2], tmp_path, num_workers=0, progress=progress).num_items == 2
    assert children == [0, 0]
