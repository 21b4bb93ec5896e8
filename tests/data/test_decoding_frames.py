"""Reading folders of frames: each frame is what Pillow decodes its file to, whatever the order and the size."""

import os
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from PIL import Image

from tests.data.conftest import numbered_frames
from videoseq.data.decoding import choose_reader, read_frames
from videoseq.data.decoding.demux import scan_video
from videoseq.data.decoding.frame_folder import scan_frame_folder
from videoseq.data.writing import write_video
from videoseq.errors import DecodeError
from videoseq.types import FrameFolder, Limits, VideoInfo

JPEGS = FrameFolder("frame_%06d.jpg", 25.0)


def write(
    folder: Path, frames: FrameFolder = JPEGS, first: int = 1, count: int = 20, mode: str = "RGB", **options: object
) -> Path:
    """Writes numbered frames as images of a mode."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(numbered_frames(count), first):
        Image.fromarray(image).convert(mode).save(folder / (frames.pattern % number), **options)
    return folder


def golden(folder: Path) -> np.ndarray:
    """Returns every image decoded on its own, by the order of the names."""
    return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.iterdir())])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("frames"))


@pytest.fixture(scope="module")
def info(folder: Path) -> VideoInfo:
    return scan_frame_folder(folder, JPEGS)


def test_the_scan_counts_and_measures(info: VideoInfo, folder: Path) -> None:
    assert (info.num_frames, info.height, info.width, info.fps) == (20, 48, 64, pytest.approx(25.0))
    assert (info.container, info.codec, info.frame_pattern) == ("folder", "jpeg", "frame_%06d.jpg")
    assert info.size_bytes == sum(path.stat().st_size for path in folder.iterdir())
    assert info.frame_seconds[:3].tolist() == pytest.approx([0, 0.04, 0.08])


@pytest.mark.parametrize("reader", ["auto", "frames"])
def test_frames_are_the_images_decoded_on_their_own(info: VideoInfo, folder: Path, reader: str) -> None:
    expected = golden(folder)
    assert choose_reader(info) == "frames"
    assert np.array_equal(read_frames(info, range(20), reader=reader), expected)
    assert np.array_equal(read_frames(info, [19, 3, 3, 0], reader=reader), expected[[19, 3, 3, 0]])


@pytest.mark.parametrize("first", [0, 1, 7, 999998])
def test_the_first_number_is_frame_0(tmp_path: Path, first: int) -> None:
    write(tmp_path, first=first, count=4)
    info = scan_frame_folder(tmp_path, JPEGS)
    names = [tmp_path / f"frame_{first + index:06d}.jpg" for index in range(4)]
    expected = np.stack([np.asarray(Image.open(path)) for path in names])
    assert np.array_equal(read_frames(info, range(4)), expected)
    with pytest.raises(DecodeError, match=r"indices 4\.\.4 out of range; the video has 4 frames, from 0"):
        read_frames(info, [4])


@pytest.mark.parametrize(
    ("pattern", "mode", "options"),
    [
        ("%d.png", "RGB", {}),
        ("%d.png", "L", {}),
        ("%d.png", "LA", {}),
        ("%d.png", "P", {}),
        ("%d.png", "1", {}),
        ("%d.png", "RGBA", {}),
        ("%d.jpg", "L", {}),
        ("%d.jpg", "CMYK", {}),
        ("%d.jpeg", "RGB", {"quality": 95, "subsampling": 0, "progressive": True}),
        ("%d.webp", "RGB", {"lossless": True}),
        ("%d.bmp", "RGB", {}),
        ("%d.ppm", "RGB", {}),
    ],
)
def test_every_kind_of_image_becomes_rgb(tmp_path: Path, pattern: str, mode: str, options: dict[str, object]) -> None:
    write(tmp_path, FrameFolder(pattern, 10), count=3, mode=mode, **options)
    frames = read_frames(scan_frame_folder(tmp_path, FrameFolder(pattern, 10)), [0, 1, 2])
    assert np.array_equal(frames, golden(tmp_path))
    if mode in ("L", "LA", "1"):
        assert np.array_equal(frames[..., 0], frames[..., 2])


@pytest.mark.parametrize(("mode", "transparency"), [("P", bytes(range(200))), ("P", 3), ("L", 20), ("RGB", (20, 20, 20))])
def test_transparency_is_ignored(tmp_path: Path, mode: str, transparency: object) -> None:
    png = FrameFolder("%d.png", 10)
    write(tmp_path / "opaque", png, count=2, mode=mode)
    write(tmp_path / "clear", png, count=2, mode=mode, transparency=transparency)
    frames = read_frames(scan_frame_folder(tmp_path / "clear", png), [0, 1])
    assert np.array_equal(frames, read_frames(scan_frame_folder(tmp_path / "opaque", png), [0, 1]))
    with Image.open(tmp_path / "clear" / "1.png") as image:
        assert "transparency" in image.info


@pytest.mark.parametrize("size", [(24, 40), (37, 53), (112, 149), (48, 64)])
def test_scaling_is_that_of_the_other_readers(info: VideoInfo, folder: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    scaled = read_frames(info, range(20), size=size)
    for image, own in zip(golden(folder), scaled, strict=True):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        expected = frame.reformat(width=size[1], height=size[0], interpolation=Interpolation.BILINEAR)
        assert np.array_equal(own, expected.to_ndarray())
    write_video(tmp_path / "lossless.mkv", golden(folder), codec="libx264rgb", options={"qp": "0"}, pixel_format="rgb24")
    file = scan_video(tmp_path / "lossless.mkv")
    assert np.array_equal(read_frames(file, range(20)), golden(folder))
    assert np.abs(read_frames(file, range(20), size=size).astype(int) - scaled).max() <= 1


def test_the_orientation_in_exif_is_ignored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    write(tmp_path, count=2, exif=exif)
    info = scan_frame_folder(tmp_path, JPEGS)
    assert (info.height, info.width) == (48, 64)
    assert np.array_equal(read_frames(info, [0, 1]), golden(tmp_path))


def spoil_size(path: Path) -> None:
    Image.new("RGB", (64, 46)).save(path)


def spoil_depth(path: Path) -> None:
    Image.fromarray(np.full((48, 64), 1000, np.uint16)).save(path, format="PNG")


def spoil_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def spoil_kind(path: Path) -> None:
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n")


def spoil_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_size, r"'frame_000003\.jpg': it is 64x46, the first frame is 64x48: the size changes in the middle"),
        (spoil_depth, r"'frame_000003\.jpg': its pixels are 'I;16', expected grey, palette or colour of 8 bits"),
        (spoil_end, r"'frame_000003\.jpg': image file is truncated.*; extract the frames again"),
        (spoil_kind, r"'frame_000003\.jpg': cannot identify image file"),
        (spoil_fifo, r"'frame_000003\.jpg': it is no regular file"),
        (Path.unlink, r"'frame_000003\.jpg': No such file or directory"),
    ],
)
def test_a_spoilt_image_is_named(tmp_path: Path, spoil, message: str) -> None:
    write(tmp_path, count=6)
    info = scan_frame_folder(tmp_path, JPEGS)
    spoil(tmp_path / "frame_000003.jpg")
    with pytest.raises(DecodeError, match=rf"cannot read '{tmp_path}' \(frames, decode\): the image {message}"):
        read_frames(info, [0, 2, 4])
    assert np.array_equal(
        read_frames(info, [0, 4]), np.stack([np.asarray(Image.open(tmp_path / f"frame_00000{k}.jpg")) for k in (1, 5)])
    )


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_kind, r"\(frames, scan\): the image 'frame_000001\.jpg': cannot identify image file"),
        (spoil_fifo, r"frame_000001\.jpg' is no regular file, expected an image"),
        (
            lambda path: path.with_name("frame_000003.jpg").unlink(),
            r"1 of 1 folders of frames have gaps.*without 3 \(1 missing\)",
        ),
        (lambda path: [other.unlink() for other in path.parent.iterdir()], r"holds no image 'frame_%06d\.jpg'\. Fix: correct"),
    ],
)
def test_a_folder_that_cannot_be_scanned(tmp_path: Path, spoil, message: str) -> None:
    write(tmp_path, count=4)
    spoil(tmp_path / "frame_000001.jpg")
    with pytest.raises(DecodeError, match=message):
        scan_frame_folder(tmp_path, JPEGS)


def test_limits_hold_at_the_scan_and_at_the_read(info: VideoInfo, folder: Path) -> None:
    for limits, message in (
        (Limits(max_pixels=100), r"max_pixels=100; raise data\.limits\.max_pixels"),
        (Limits(max_frames=19), r"20 exceeds max_frames=19; raise data\.limits\.max_frames"),
        (Limits(max_bytes=1000), r"\d+ exceeds max_bytes=1000; raise data\.limits\.max_bytes"),
    ):
        with pytest.raises(DecodeError, match=message):
            scan_frame_folder(folder, JPEGS, limits)
        with pytest.raises(DecodeError, match=message):
            read_frames(info, [0], limits=limits)
    with pytest.raises(
        DecodeError, match=r"frames of 4000x4000 = 16000000 pixels asked for, expected at most max_pixels=9437184"
    ):
        read_frames(info, [0], size=(4000, 4000))


def test_readers_and_videos_that_do_not_fit(info: VideoInfo, tmp_path: Path) -> None:
    for reader in ("decord", "pyav"):
        message = rf"\({reader}, check\): the video is a folder of frames, which this reader does not read; use reader auto"
        with pytest.raises(DecodeError, match=message):
            read_frames(info, [0], reader=reader)
    write_video(tmp_path / "a.mp4", numbered_frames(2))
    with pytest.raises(
        DecodeError, match=r"\(frames, check\): the video is a file, which this reader does not read; use reader auto"
    ):
        read_frames(tmp_path / "a.mp4", [0], reader="frames")


def test_copies_share_their_hash_whatever_they_are_called(info: VideoInfo, folder: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted(folder.iterdir())):
        (tmp_path / f"{number}.jpg").write_bytes(path.read_bytes())
    copy = scan_frame_folder(tmp_path, FrameFolder("%d.jpg", 12.0))
    assert copy.content_hash == info.content_hash
    (tmp_path / "19.jpg").unlink()
    assert scan_frame_folder(tmp_path, FrameFolder("%d.jpg", 12.0)).content_hash != info.content_hash
