"""The copy of one video: its frames, times and turn, how close it is, and what becomes of one that fails."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from videoseq.data.decoding import read_frames
from videoseq.data.decoding.demux import scan_video
from videoseq.data.decoding.frame_folder import scan_frame_folder
from videoseq.data.preparing.copying import copy_video, measure_psnr
from videoseq.data.preparing.settings import Coding, Settings
from videoseq.data.writing import write_video
from videoseq.errors import DecodeError
from videoseq.types import FrameFolder, Limits

SETTINGS = Settings(short_side=32, quality=64, gop=8, min_psnr=30)
LIMITS = Limits()
SIZES = {
    "h264_open_gop.mp4": (32, 42),
    "h264_10bit.mp4": (32, 42),
    "h264_odd.mp4": (32, 42),
    "h264.ts": (32, 42),
    "h264_b.avi": (32, 42),
    "mpeg4_b.mp4": (32, 42),
    "vp9.webm": (32, 42),
    "variable.mp4": (32, 42),
    "rotated90.mp4": (42, 32),
    "rotated270.mp4": (42, 32),
    "rotated90.mkv": (42, 32),
}


def pixel_format(path):
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.pix_fmt


@pytest.mark.parametrize("name", SIZES)
def test_a_copy_shows_the_same_at_the_same_times(encoded, tmp_path, name):
    source = scan_video(encoded(name)[0])
    copy = copy_video(source, tmp_path / "sub" / name, SETTINGS, LIMITS)
    copied = scan_video(tmp_path / "sub" / name)
    assert (copied.container, copied.codec, pixel_format(copied.path)) == ("mp4", "h264", "yuv420p")
    assert (copied.height, copied.width, copied.rotation) == (*SIZES[name], 0)
    assert (copied.decord_safe, copied.unsafe_reason) == (True, "")
    assert copied.keyframes.tolist() == list(range(0, source.num_frames, 8))
    assert np.array_equal(copied.frame_seconds, source.frame_seconds)
    everything = range(source.num_frames)
    expected = read_frames(source, everything, size=SIZES[name]).astype(np.float64)
    got = read_frames(copied, everything)
    errors = np.square(expected - got).mean(axis=(1, 2, 3))  # (T,)
    assert copy.psnr == pytest.approx(10 * np.log10(255**2 / errors.mean()), abs=0.01)
    # Every frame is the one of its number: the next one, with another column of its number lit, is far away.
    assert errors.max() < 100 < np.square(expected[1:] - got[:-1]).mean(axis=(1, 2, 3)).min()
    assert np.array_equal(read_frames(copied, everything, reader="decord"), read_frames(copied, everything, reader="pyav"))
    assert [path.name for path in (tmp_path / "sub").iterdir()] == [name]


@pytest.mark.parametrize(
    ("short_side", "height", "width", "expected"),
    [
        (128, 240, 320, (128, 170)),
        (128, 240, 426, (128, 228)),
        (128, 426, 240, (228, 128)),
        (128, 96, 128, (96, 128)),
        (128, 49, 65, (48, 64)),
        (128, 129, 131, (128, 130)),
        (16, 2000, 2, (2000, 2)),
        (16, 1000, 1, (1000, 2)),
    ],
)
def test_the_size_keeps_the_shape_is_even_and_never_enlarged(short_side, height, width, expected):
    assert replace(SETTINGS, short_side=short_side).size(height, width) == expected


def test_what_quality_means():
    assert list(SETTINGS.codings()) == [
        Coding(18, "yuv420p", 82),
        Coding(9, "yuv420p", 91),
        Coding(0, "yuv444p", None),
    ]
    assert list(replace(SETTINGS, quality=100).codings()) == [Coding(0, "yuv444p", None)]


def test_equal_frames_give_equal_packets_at_any_times(numbered, tmp_path):
    uneven = [40 * k + 15 * (k % 3) for k in range(30)]
    for name, pts, unit in (("a", range(0, 1200, 40), 1000), ("b", range(0, 30 * 512, 512), 12800), ("c", uneven, 1000)):
        path = tmp_path / f"{name}.mp4"
        write_video(path, numbered(30), options={"qp": "0"}, pts=pts, time_base=Fraction(1, unit), container="mp4")
    for name in "abc":
        copy_video(scan_video(tmp_path / f"{name}.mp4"), tmp_path / "out" / name, SETTINGS, LIMITS)
    copies = [scan_video(tmp_path / "out" / name) for name in "abc"]
    assert len({copy.content_hash for copy in copies}) == 1
    assert copies[2].frame_seconds[:4].tolist() == [0.0, 0.055, 0.11, 0.12]


def test_a_higher_quality_is_closer_and_larger(encoded, tmp_path):
    source = scan_video(encoded("h264.mp4")[0])
    low, high = (copy_video(source, tmp_path / f"{quality}.mp4", Settings(32, quality, 8, 0), LIMITS) for quality in (40, 90))
    assert (high.psnr > low.psnr + 6, high.bytes > 2 * low.bytes) == (True, True)


def test_more_frames_between_keyframes_make_a_smaller_file(encoded, tmp_path):
    source = scan_video(encoded("h264.mp4")[0])
    copies = [copy_video(source, tmp_path / f"{gop}.mp4", Settings(32, 64, gop, 0), LIMITS) for gop in (1, 4, 20)]
    assert copies[0].bytes > copies[1].bytes > copies[2].bytes
    assert [len(scan_video(tmp_path / f"{gop}.mp4").keyframes) for gop in (1, 4, 20)] == [40, 10, 2]


def test_a_copy_below_the_floor_is_encoded_again_with_less_loss(encoded, tmp_path):
    source = scan_video(encoded("h264.mp4")[0])
    poor = copy_video(source, tmp_path / "poor.mp4", Settings(32, 30, 8, 0), LIMITS)
    floor = poor.psnr + 3
    good = copy_video(source, tmp_path / "good.mp4", Settings(32, 30, 8, floor), LIMITS)
    assert good.psnr >= floor
    assert good.bytes > poor.bytes
    assert pixel_format(tmp_path / "good.mp4") == "yuv420p"


@pytest.fixture
def coloured_noise(tmp_path):
    """A video of which every pixel has another colour: no format with one colour for four pixels comes near it."""
    frames = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    write_video(tmp_path / "noise.mp4", frames, options={"qp": "0"}, pixel_format="yuv444p")
    return scan_video(tmp_path / "noise.mp4")


def test_without_loss_at_worst(coloured_noise, tmp_path):
    copy = copy_video(coloured_noise, tmp_path / "copy.mp4", replace(SETTINGS, min_psnr=40), LIMITS)
    copied = scan_video(tmp_path / "copy.mp4")
    assert copy.psnr >= 40
    assert (pixel_format(copied.path), copied.decord_safe) == ("yuv444p", True)


def test_a_floor_that_nothing_reaches_is_an_error_and_leaves_nothing(coloured_noise, tmp_path):
    with pytest.raises(DecodeError, match=r"even without loss its copy has \d+\.\d dB, expected min_psnr=101"):
        copy_video(coloured_noise, tmp_path / "out" / "copy.mp4", replace(SETTINGS, min_psnr=101), LIMITS)
    assert list((tmp_path / "out").iterdir()) == []


def test_equal_frames_have_the_highest_figure(coloured_noise):
    assert measure_psnr(coloured_noise, coloured_noise, LIMITS) == 100


def test_what_was_there_stays_until_the_new_copy_is_whole(encoded, tmp_path):
    path = tmp_path / "damaged.mp4"
    content = bytearray(encoded("h264.mp4")[0].read_bytes())
    middle = content.index(b"mdat") + 1500
    content[middle : middle + 500] = bytes(500)
    path.write_bytes(content)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.mp4").write_bytes(b"what was there")
    with pytest.raises(DecodeError, match=r"\(pyav, decode\)"):
        copy_video(scan_video(path), tmp_path / "out" / "a.mp4", SETTINGS, LIMITS)
    assert [file.read_bytes() for file in (tmp_path / "out").iterdir()] == [b"what was there"]


@pytest.mark.parametrize(("min_psnr", "codec"), [(25, "jpeg"), (45, "png")])
def test_a_folder_of_frames_stays_one(numbered, tmp_path, min_psnr, codec):
    from PIL import Image

    frames = FrameFolder("img_%05d.jpg", 12)
    (tmp_path / "video").mkdir()
    for number, pixels in enumerate(numbered(20), 7):
        Image.fromarray(pixels).save(tmp_path / "video" / (frames.pattern % number), quality=90)
    source = scan_frame_folder(tmp_path / "video", frames)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "img_00099.jpg").write_bytes(b"of an earlier copy")
    copy = copy_video(source, tmp_path / "copy", replace(SETTINGS, min_psnr=min_psnr), LIMITS)
    copied = scan_frame_folder(tmp_path / "copy", frames)
    assert (copied.num_frames, copied.first_pts, copied.height, copied.width, copied.codec) == (20, 7, 32, 42, codec)
    assert np.array_equal(copied.frame_seconds, source.frame_seconds)
    expected = read_frames(source, range(20), size=(32, 42)).astype(np.float64)
    error = np.square(expected - read_frames(copied, range(20))).mean()
    assert copy.psnr == (100 if codec == "png" else pytest.approx(10 * np.log10(255**2 / error), abs=0.01))
    assert copy.psnr >= min_psnr
