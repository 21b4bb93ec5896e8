import logging
import os
import resource
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from videoseq.data.decoding.demux import scan_video
from videoseq.data.infos import Infos
from videoseq.data.scan_cache import ScanCache
from videoseq.data.scanning import scan_videos
from videoseq.errors import DecodeError
from videoseq.types import Limits, VideoInfo

GOOD = ("h264.mp4", "vp9.webm", "variable.mp4", "rotated90.mp4")


def same(first: VideoInfo, second: VideoInfo) -> bool:
    return all(np.array_equal(value, vars(second)[name]) for name, value in vars(first).items())


def known_to(cache, path, like=None):
    """Returns what a cache knows of a video that is as the file `like`, or itself, is now."""
    status = (like or path).stat()
    (row,) = cache.find([os.fsencode(path)], np.array([[status.st_size, status.st_mtime_ns]]), Limits())
    return None if row < 0 else Infos.without_errors(cache.table)[int(row)]


def scan(paths, cache=None, limits=Limits(), num_workers=2, on_done=None):  # noqa: B008
    return scan_videos(paths, cache_file=cache, limits=limits, num_workers=num_workers, on_done=on_done)


def processes_page_faults():
    """Grows with every process that was started and has ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt


def kill_once(killed):
    """Gives a function that kills the process that scans, when it is called for the first time."""

    def kill():
        if not killed:
            children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
            # Others are children of earlier tests, such as the resource tracker of multiprocessing.
            killed.extend(int(child) for child in children if b"scan_worker" in Path(f"/proc/{child}/cmdline").read_bytes())
            for child in killed:
                os.kill(child, signal.SIGKILL)

    return kill


@pytest.fixture
def folder(encoded, tmp_path):
    """Four good videos and three bad ones."""
    for name in GOOD:
        (tmp_path / name).write_bytes(encoded(name)[0].read_bytes())
    (tmp_path / "text.mp4").write_text("this is no video")
    (tmp_path / "cut.mp4").write_bytes(encoded("h264.mp4")[0].read_bytes()[:300])
    return tmp_path


@pytest.fixture
def paths(folder):
    return [*sorted(folder.iterdir()), folder / "absent.mp4"]


@pytest.fixture(scope="module")
def slow(encoded, tmp_path_factory):
    """A transport stream whose scan takes seconds."""
    path = tmp_path_factory.mktemp("slow") / "slow.ts"
    path.write_bytes(encoded("h264.ts")[0].read_bytes() * 6000)
    return path


def test_scanning_in_processes_finds_what_scanning_here_finds(paths):
    done = []
    found = scan(paths, on_done=lambda: done.append(1))
    assert list(found) == paths
    assert len(done) == len(paths)
    errors = {path.name: info.error for path, info in found.items() if info.error}
    assert set(errors) == {"text.mp4", "cut.mp4", "absent.mp4"}
    assert "not a known video container" in errors["text.mp4"]
    assert "not a readable mp4 file" in errors["cut.mp4"]
    assert "there is no such file" in errors["absent.mp4"]
    for path, info in found.items():
        if info.error:
            with pytest.raises(DecodeError) as caught:
                scan_video(path)
            assert caught.value.cause == info.error
        else:
            assert same(info, scan_video(path))


@pytest.mark.parametrize("num_workers", [0, 1, 3, 50])
def test_any_number_of_processes(folder, num_workers):
    found = scan([folder / "h264.mp4", folder / "vp9.webm"], num_workers=num_workers)
    assert [info.num_frames for info in found.values()] == [40, 40]


def test_nothing_to_scan(tmp_path):
    assert scan([], tmp_path / "cache.arrow") == {}


def test_the_name_may_hold_anything(folder):
    names = ["clip (1).mp4", "it's.mp4", "a,b.mp4", "视频.mp4", "line\nbreak.mp4", os.fsdecode(b"latin\xe9.mp4")]
    for name in names:
        (folder / name).write_bytes((folder / "h264.mp4").read_bytes())
    for _ in range(2):
        found = scan([folder / name for name in names], folder / "cache.arrow")
        assert [info.num_frames for info in found.values()] == [40] * len(names)


def test_a_relative_path_and_a_repeated_one_are_the_same_file(folder, monkeypatch):
    monkeypatch.chdir(folder)
    relative, absolute, done = Path("h264.mp4"), folder / "h264.mp4", []
    found = scan([relative, absolute, relative], on_done=lambda: done.append(1))
    assert list(found) == [relative, absolute]
    assert found[relative].path == found[absolute].path == absolute
    assert len(done) == 3


def test_the_second_scan_opens_no_good_file_and_starts_no_process(folder, tmp_path):
    paths = [folder / name for name in GOOD]
    cache = tmp_path / "made" / "cache.arrow"
    first = scan(paths, cache)
    for path in paths:
        # Whoever opened it now would find no video.
        status = path.stat()
        path.write_bytes(b"x" * status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    before, done = processes_page_faults(), []
    second = scan(paths, cache, on_done=lambda: done.append(1))
    assert processes_page_faults() == before
    assert len(done) == len(paths)
    assert list(second) == paths
    assert all(same(first[path], second[path]) for path in paths)


def test_a_new_size_or_time_is_scanned_again(folder, encoded):
    path, cache = folder / "h264.mp4", folder / "cache.arrow"
    assert scan([path], cache)[path].codec == "h264"
    status = path.stat()
    other = encoded("mpeg4.mp4")[0].read_bytes()
    path.write_bytes(other)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert status.st_size != len(other)
    assert scan([path], cache)[path].codec == "mpeg4"
    path.write_bytes(encoded("h264_intra_refresh.mp4")[0].read_bytes().ljust(len(other), b"\0")[: len(other)])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert scan([path], cache)[path].codec != "mpeg4"


def test_a_bad_file_that_was_repaired_is_scanned_again(folder, encoded):
    path, cache = folder / "text.mp4", folder / "cache.arrow"
    assert scan([path], cache)[path].error
    path.write_bytes(encoded("h264.mp4")[0].read_bytes())
    assert scan([path], cache)[path].error is None


def test_an_error_that_passes_is_not_remembered(folder):
    first, last, cache = folder / "h264.mp4", folder / "vp9.webm", folder / "cache.arrow"

    found = scan([first, last], cache, num_workers=1, on_done=kill_once([]))
    assert "the scan crashed (SIGKILL)" in found[last].error
    assert scan([first, last], cache)[last].error is None


def test_a_cache_that_cannot_be_written_is_a_warning(folder, caplog):
    (folder / "file").write_text("no folder")
    with caplog.at_level(logging.WARNING):
        assert scan([folder / "h264.mp4"], folder / "file" / "cache.arrow")[folder / "h264.mp4"].num_frames == 40
    assert "the scan results cannot be kept in " in caplog.text
    assert "name a folder that can be written with paths.cache=DIR" in caplog.text


def test_a_cache_that_cannot_be_written_leaves_the_interrupt(folder):
    (folder / "file").write_text("no folder")

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan([folder / "h264.mp4"], folder / "file" / "cache.arrow", on_done=interrupt)


def test_other_limits_hold_for_remembered_results(folder):
    path, cache = folder / "h264.mp4", folder / "cache.arrow"
    assert scan([path], cache)[path].error is None
    assert "max_frames=39" in scan([path], cache, Limits(max_frames=39))[path].error
    assert "max_pixels=100" in scan([path], cache, Limits(max_pixels=100))[path].error
    assert "max_bytes=10" in scan([path], cache, Limits(max_bytes=10))[path].error
    assert scan([path], cache)[path].error is None


def test_a_good_result_counts_under_limits_that_it_keeps(folder):
    path, cache = folder / "h264.mp4", folder / "cache.arrow"
    scan([path], cache)
    before = processes_page_faults()
    assert scan([path], cache, Limits(max_frames=40, max_seconds=1.0))[path].num_frames == 40
    assert processes_page_faults() == before


@pytest.mark.parametrize("damage", [lambda data: b"no arrow file", lambda data: data[: len(data) // 2], lambda data: b""])
def test_a_damaged_cache_is_made_anew_with_a_warning(folder, caplog, damage):
    path, cache = folder / "h264.mp4", folder / "cache.arrow"
    scan([path], cache)
    cache.write_bytes(damage(cache.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert scan([path], cache)[path].num_frames == 40
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "is damaged" in caplog.text
    assert "every video is scanned again" in caplog.text
    caplog.clear()
    before = processes_page_faults()
    scan([path], cache)
    assert (caplog.text, processes_page_faults()) == ("", before)


def test_a_cache_of_another_version_is_made_anew(folder, caplog):
    import pyarrow as pa

    path, cache = folder / "h264.mp4", folder / "cache.arrow"
    scan([path], cache)
    with cache.open("rb") as source:
        table = pa.ipc.open_file(source).read_all()
    other = table.replace_schema_metadata({b"videoseq_scan": b"0"})
    with cache.open("wb") as sink, pa.ipc.new_file(sink, other.schema) as writer:
        writer.write_table(other)
    with caplog.at_level(logging.WARNING):
        assert scan([path], cache)[path].num_frames == 40
    assert "is of another version" in caplog.text


def test_writers_at_the_same_time_leave_a_whole_cache(folder, caplog):
    cache = folder / "cache.arrow"
    info = scan_video(folder / "h264.mp4")
    copies = [replace(info, path=folder / f"{number}.mp4") for number in range(4)]

    def write(copy):
        for _ in range(20):
            ScanCache(cache).add([copy])

    threads = [threading.Thread(target=write, args=(copy,)) for copy in copies]
    with caplog.at_level(logging.DEBUG):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        read = ScanCache(cache)
    assert caplog.text == ""
    known = [known_to(read, copy.path, info.path) for copy in copies]
    assert any(found is not None and found.num_frames == 40 for found in known)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_new_results_are_added_to_the_old_ones(folder):
    cache = folder / "cache.arrow"
    for name in ("h264.mp4", "vp9.webm", "h264.mp4"):
        scan([folder / name], cache)
    read = ScanCache(cache)
    for name in ("h264.mp4", "vp9.webm"):
        assert same(known_to(read, folder / name), scan_video(folder / name))


def test_a_file_that_takes_too_long_is_killed_and_stops_no_other(folder, slow):
    good = [folder / "h264.mp4", folder / "vp9.webm", folder / "variable.mp4"]
    found = scan([good[0], slow, *good[1:]], limits=Limits(max_seconds=1.0), num_workers=1)
    assert "took longer than 1 seconds and was killed" in found[slow].error
    assert "raise data.limits.max_seconds" in found[slow].error
    assert [found[path].error for path in good] == [None] * 3


def test_a_file_on_which_the_process_dies_stops_no_other(folder, slow):
    first, last = folder / "h264.mp4", folder / "vp9.webm"

    killed: list[int] = []
    found = scan([first, slow, last], num_workers=1, on_done=kill_once(killed))
    assert len(killed) == 1
    assert (found[first].error, found[last].error) == (None, None)
    assert found[slow].error == "the scan crashed (SIGKILL); as where memory runs out: use fewer data.num_workers"


def test_what_was_found_is_kept_when_the_scan_is_interrupted(folder):
    paths, cache = [folder / "h264.mp4", folder / "vp9.webm"], folder / "cache.arrow"

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan(paths, cache, num_workers=1, on_done=interrupt)
    assert known_to(ScanCache(cache), paths[0]) is not None
