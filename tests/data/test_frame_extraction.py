"""Which frames are taken out of a video, and what stands in their files."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videoseq.data.decoding import read_frames, stream_frames
from videoseq.data.decoding.demux import scan_video
from videoseq.data.frame_extraction import (
    FrameChoice,
    ImageFormat,
    choose_frames,
    frame_name,
    output_folders,
    write_frames,
)
from videoseq.errors import DataError, DecodeError
from videoseq.types import Limits, VideoInfo

TEN = VideoInfo(Path("ten.mp4"), width=64, height=48, num_frames=10, time_base=Fraction(1, 10), pts_step=1)


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.mode == "RGB"
        return np.asarray(image)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (FrameChoice(), list(range(10))),
        (FrameChoice(num_frames=1), [5]),
        (FrameChoice(num_frames=2), [2, 7]),
        (FrameChoice(num_frames=4), [1, 3, 6, 8]),
        (FrameChoice(num_frames=10), list(range(10))),
        (FrameChoice(num_frames=99), list(range(10))),
        (FrameChoice(fps=10), list(range(10))),
        (FrameChoice(fps=5), [0, 2, 4, 6, 8]),
        (FrameChoice(fps=1), [0]),
        (FrameChoice(fps=4), [0, 2, 5, 7]),
        (FrameChoice(fps=40), list(range(10))),
        (FrameChoice(indices=(7, 0, 7, 9)), [0, 7, 9]),
    ],
)
def test_these_frames_are_taken(choice, expected):
    found = choose_frames(TEN, choice)
    assert found.dtype == np.int64
    assert found.tolist() == expected


@pytest.mark.parametrize("index", [10, 1000, -1])
def test_a_frame_that_is_not_there_is_refused_and_none_beside_it_taken(index):
    with pytest.raises(DataError, match=rf"'ten\.mp4' has 10 frames, 0 to 9: there is no frame {index}"):
        choose_frames(TEN, FrameChoice(indices=(0, index)))


def test_frames_per_second_follow_the_timestamps(encoded):
    info = scan_video(encoded("variable.mp4")[0])
    found = choose_frames(info, FrameChoice(fps=10)).tolist()
    shown = [max(i for i in range(30) if info.frame_seconds[i] <= k / 10 + 1e-6) for k in range(len(found))]
    assert found == shown
    assert len(found) == 13  # the last frame is shown from 1.19 s to 1.23 s


def test_images_keep_every_pixel_of_the_reader_and_are_named_by_their_frame(encoded, tmp_path):
    path, golden = encoded("h264.mp4")
    info = scan_video(path)
    write_frames(info, np.array([0, 11, 12, 39]), tmp_path, Path("new/a"), ImageFormat(), Limits())
    assert sorted(file.name for file in (tmp_path / "new" / "a").iterdir()) == [
        "frame_000000.png", "frame_000011.png", "frame_000012.png", "frame_000039.png",
    ]  # fmt: skip
    for index in (0, 11, 12, 39):
        found = pixels_of(tmp_path / "new" / "a" / frame_name(index, ImageFormat()))
        assert np.array_equal(found, golden[index])
        assert np.array_equal(found, read_frames(info, [index])[0])


@pytest.mark.parametrize("name", ["h264_open_gop.mp4", "h264_b.avi", "rotated90.mp4", "vp9.webm", "h264_odd.mp4"])
def test_odd_files_are_written_as_they_are_shown(encoded, tmp_path, name):
    path, golden = encoded(name)
    indices = np.arange(0, len(golden), 7)
    write_frames(scan_video(path), indices, tmp_path, Path("a"), ImageFormat(), Limits())
    for index in indices.tolist():
        assert np.array_equal(pixels_of(tmp_path / "a" / f"frame_{index:06d}.png"), golden[index])


def test_jpeg_keeps_the_colours_and_its_quality_its_size(tmp_path, encoded):
    path, golden = encoded("h264.mp4")
    sizes = []
    for quality in (30, 95):
        image = ImageFormat("jpg", quality)
        write_frames(scan_video(path), np.array([5]), tmp_path, Path(str(quality)), image, Limits())
        (file,) = (tmp_path / str(quality)).iterdir()
        assert file.name == "frame_000005.jpg"
        with Image.open(file) as written:
            assert written.format == "JPEG"
        error = np.abs(pixels_of(file).astype(int) - golden[5]).mean(axis=(0, 1))
        assert (error < 12).all()
        sizes.append(file.stat().st_size)
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("short_side", "height", "width"), [(24, 24, 32), (96, 96, 128), (48, 48, 64), (1, 1, 1), (25, 25, 33)]
)
def test_images_are_scaled_as_the_readers_scale(encoded, tmp_path, short_side, height, width):
    info = scan_video(encoded("h264.mp4")[0])  # 64x48
    write_frames(info, np.array([3]), tmp_path, Path("a"), ImageFormat(short_side=short_side), Limits())
    found = pixels_of(tmp_path / "a" / "frame_000003.png")
    assert found.shape == (height, width, 3)
    assert np.array_equal(found, read_frames(info, [3], size=(height, width))[0])


def test_a_video_that_tears_leaves_nothing(encoded, tmp_path):
    path, _ = encoded("h264.mp4")
    torn = tmp_path / "torn.mp4"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = b"\xff" * 400
    torn.write_bytes(content)
    counted = []
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(DecodeError, match=r"torn\.mp4"):
        write_frames(scan_video(torn), np.arange(40), out, Path("a/torn"), ImageFormat(), Limits(), lambda: counted.append(1))
    assert 0 < len(counted) < 40, "the tear must come after some frames, or this shows nothing"
    assert list(out.iterdir()) == []


def test_frames_of_an_earlier_extraction_go_and_other_files_stay(encoded, tmp_path):
    info = scan_video(encoded("h264.mp4")[0])
    folder = tmp_path / "a"
    write_frames(info, np.array([1, 2]), tmp_path, Path("a"), ImageFormat("jpg"), Limits())
    (folder / "notes.txt").write_text("mine")
    (folder / "frame_x.png").write_text("mine")
    write_frames(info, np.array([2, 3]), tmp_path, Path("a"), ImageFormat(), Limits())
    assert sorted(file.name for file in folder.iterdir()) == [
        "frame_000002.png",
        "frame_000003.png",
        "frame_x.png",
        "notes.txt",
    ]


def test_a_stream_is_what_a_read_is_and_checks_before_its_first_frame(encoded):
    path, golden = encoded("h264.mp4")
    info = scan_video(path)
    for frame, index in zip(stream_frames(info, [0, 20, 39]), (0, 20, 39), strict=True):
        assert np.array_equal(frame, golden[index])
    with pytest.raises(DecodeError, match=r"indices 40\.\.40 out of range; the video has 40 frames"):
        stream_frames(info, [40])
    with pytest.raises(DecodeError, match="the file has changed since it was scanned"):
        stream_frames(replace(info, size_bytes=1), [0])


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (["a.mp4"], ["a"]),
        (["a.mp4", "b/a.mp4"], ["a", "b/a"]),
        (["a.mp4", "a.avi", "b.mp4"], ["a.mp4", "a.avi", "b"]),
        (["a.mp4", "a.avi", "a.mp4.mkv"], ["a.mp4", "a.avi", "a.mp4.mkv"]),
        (["v.1.mp4", "v.2.mp4", "v"], ["v.1", "v.2", "v"]),
        (["a.mp4", "a/b.mp4", "a/b/c.mp4"], ["a.mp4", "a/b.mp4", "a/b/c"]),
        (["a.mp4", "a.mkv.mp4", "a.mkv/b.mp4", "c/a.mp4"], ["a", "a.mkv.mp4", "a.mkv/b", "c/a"]),
        (["视频 (1).mp4"], ["视频 (1)"]),
    ],
)
def test_every_video_has_a_folder_of_its_own(names, folders):
    root = Path("/videos")
    found = output_folders([root / name for name in names], root)
    assert found == {root / name: Path(folder) for name, folder in zip(names, folders, strict=True)}
