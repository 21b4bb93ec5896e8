"""Scanning folders of frames in processes, and what the cache remembers of them."""

import os
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.data.formats.small import write_clip, write_frames
from videoseq.data.decoding.frame_folder import scan_frame_folder
from videoseq.data.scanning import scan_videos
from videoseq.errors import DataError
from videoseq.types import FrameFolder, Limits, VideoInfo

JPEGS = FrameFolder("%05d.jpg", 25.0)


def scan(
    paths: list[Path], cache: Path | None, frames: FrameFolder = JPEGS, limits: Limits | None = None
) -> dict[Path, VideoInfo]:
    how = {path: frames for path in paths if path.is_dir()}
    return scan_videos(paths, cache_file=cache, limits=limits or Limits(), num_workers=1, frames=how)


def children_faults() -> int:
    """Grows with every process that was started and has ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_frames(tmp_path / "a", 1)
    return tmp_path / "a"


def test_folders_and_files_are_scanned_together(folder: Path, tmp_path: Path) -> None:
    write_clip(tmp_path / "b.mp4", 2)
    (tmp_path / "text").mkdir()
    write_frames(tmp_path / "text", 3, count=2)
    (tmp_path / "text" / "00001.jpg").write_text("no image")
    found = scan([folder, tmp_path / "b.mp4", tmp_path / "text"], tmp_path / "cache.arrow")
    assert (found[folder].num_frames, found[tmp_path / "b.mp4"].num_frames) == (6, 6)
    assert "the image '00001.jpg': cannot identify image file" in str(found[tmp_path / "text"].error)
    here = scan_frame_folder(folder, JPEGS)
    assert all(np.array_equal(value, vars(found[folder])[name]) for name, value in vars(here).items())


def test_a_folder_that_has_not_changed_is_not_opened_again(folder: Path, tmp_path: Path) -> None:
    first = scan([folder], tmp_path / "cache.arrow")[folder]
    before = children_faults()
    second = scan([folder], tmp_path / "cache.arrow")[folder]
    assert children_faults() == before
    assert all(np.array_equal(value, vars(second)[name]) for name, value in vars(first).items())


def overwrite(folder: Path) -> None:
    """Writes another image of the same number of bytes into a file, the folder itself untouched."""
    path = folder / "00002.jpg"
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def exchange(folder: Path) -> None:
    """Exchanges two images: the same files, sizes and times under other names."""
    (folder / "00002.jpg").rename(folder / "x")
    (folder / "00003.jpg").rename(folder / "00002.jpg")
    (folder / "x").rename(folder / "00003.jpg")


def append(folder: Path) -> None:
    shutil.copy2(folder / "00001.jpg", folder / "00007.jpg")


@pytest.mark.parametrize("change", [overwrite, exchange, append, lambda folder: (folder / "00006.jpg").unlink()])
def test_a_folder_whose_files_changed_is_scanned_again(folder: Path, tmp_path: Path, change) -> None:
    first = scan([folder], tmp_path / "cache.arrow")[folder]
    change(folder)
    second = scan([folder], tmp_path / "cache.arrow")[folder]
    assert second.content_hash == scan_frame_folder(folder, JPEGS).content_hash != first.content_hash


def test_another_pattern_or_rate_is_scanned_again(folder: Path, tmp_path: Path) -> None:
    write_frames(folder, 2, "img_%d.png", first=0, count=3)
    cache = tmp_path / "cache.arrow"
    for frames, count, fps in (
        (JPEGS, 6, 25),
        (FrameFolder("img_%d.png", 25.0), 3, 25),
        (FrameFolder("%05d.jpg", 10.0), 6, 10),
        (JPEGS, 6, 25),
    ):
        info = scan([folder], cache, frames)[folder]
        assert (info.num_frames, info.fps, info.frame_pattern) == (count, pytest.approx(fps), frames.pattern)


def test_other_limits_hold_for_remembered_results(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.arrow"
    assert scan([folder], cache)[folder].error is None
    assert "6 exceeds max_frames=5" in str(scan([folder], cache, limits=Limits(max_frames=5))[folder].error)
    assert "max_bytes=100" in str(scan([folder], cache, limits=Limits(max_bytes=100))[folder].error)


def test_a_gap_stops_the_scan_also_where_the_folder_was_known(folder: Path, tmp_path: Path) -> None:
    write_frames(tmp_path / "b", 2)
    scan([folder, tmp_path / "b"], tmp_path / "cache.arrow")
    (folder / "00003.jpg").unlink()
    message = r"1 of 2 folders of frames have gaps; the first: '.*a' holds the frames 1 to 6 without 3 \(1 missing\)"
    with pytest.raises(DataError, match=message):
        scan([folder, tmp_path / "b"], tmp_path / "cache.arrow")
