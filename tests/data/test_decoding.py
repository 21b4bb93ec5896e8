import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videoseq.data.decoding import choose_reader, read_frames
from videoseq.data.decoding.demux import scan_video
from videoseq.data.transforms import decode_size
from videoseq.errors import ConfigError, DecodeError
from videoseq.types import ClipSpec, Limits

# torchcodec, which need not be installed, has tests of its own.
FILE_READERS = ("decord", "pyav")

# Name -> why decord may not read it; None where it may, and then agrees to the pixel.
FILES = {
    "h264.mp4": None,
    "h264.mkv": None,
    "h264.ts": "container mpegts",
    "h264_b.avi": "h264 in AVI has no presentation times",
    "h264_open_gop.mp4": "recovery point",
    "h264_intra_refresh.mp4": "recovery point",
    "h264_long_gop.mp4": None,
    "h264_10bit.mp4": "pixel format yuv420p10le",
    "h264_odd.mp4": None,
    "hevc.mp4": None,
    "vp9.webm": None,
    "mpeg4.avi": None,
    "mpeg4.mp4": None,
    "mpeg4_b.mp4": "open groups of pictures",
    "av1.mp4": "codec av1",
    "variable.mp4": None,
    "rotated90.mp4": "rotated by 90 degrees",
    "rotated180.mp4": "rotated by 180 degrees",
    "rotated270.mp4": "rotated by 270 degrees",
    "rotated90.mkv": "rotated by 90 degrees",
}


def number_of(image):
    """Reads the number off a frame of `numbered_frames`."""
    bands = np.array_split(image[: image.shape[0] // 2 - 1].mean(axis=(0, 2)), 6)
    return sum((np.median(band) > 125) << bit for bit, band in enumerate(bands))


@pytest.mark.parametrize("name", FILES)
def test_every_reader_gives_the_golden_frames(encoded, name):
    path, golden = encoded(name)
    info = scan_video(path)
    assert info.num_frames == len(golden)
    assert (info.height, info.width) == golden.shape[1:3]
    for reader in ["pyav", "auto"] if FILES[name] else ["pyav", "decord", "auto"]:
        assert np.array_equal(read_frames(info, range(len(golden)), reader=reader), golden), reader
        rng = np.random.default_rng(0)
        for count in (1, 1, 1, 2, 3, 8):
            indices = rng.integers(0, len(golden), count)
            assert np.array_equal(read_frames(info, indices, reader=reader), golden[indices]), (reader, indices)


@pytest.mark.parametrize("name", [name for name, reason in FILES.items() if reason])
def test_decord_refuses_what_it_would_read_wrongly(encoded, name):
    path, _ = encoded(name)
    info = scan_video(path)
    assert not info.decord_safe
    assert FILES[name] in info.unsafe_reason
    assert choose_reader(info) == "pyav"
    for video in (info, path):
        with pytest.raises(DecodeError, match=r"decord reads it wrongly \(.*use reader auto or pyav") as caught:
            read_frames(video, [0], reader="decord")
        assert FILES[name] in str(caught.value)


@pytest.mark.parametrize("size", [(24, 40), (37, 53), (112, 112), (24, 48)])
@pytest.mark.parametrize("name", ["h264.mp4", "hevc.mp4", "vp9.webm", "mpeg4.avi", "variable.mp4"])
def test_both_readers_scale_alike(encoded, name, size):
    path, golden = encoded(name)
    info = scan_video(path)
    indices = [0, 7, len(golden) - 1]
    small = read_frames(info, indices, size=size, reader="pyav")
    assert small.shape == (3, *size, 3)
    assert [number_of(image) for image in small] == indices
    assert np.array_equal(read_frames(info, indices, size=size, reader="auto"), small)
    if size[1] != 48:
        assert np.array_equal(read_frames(info, indices, size=size, reader="decord"), small)


def test_decord_says_which_width_it_cannot_return(encoded):
    path, _ = encoded("h264.mp4")
    with pytest.raises(DecodeError, match="cannot return frames of width 48; use reader auto or pyav"):
        read_frames(path, [0], size=(24, 48), reader="decord")


@pytest.mark.parametrize("name", ["rotated90.mp4", "rotated270.mp4", "rotated90.mkv"])
def test_size_counts_as_displayed(encoded, name):
    path, golden = encoded(name)
    assert golden.shape[1:3] == (64, 48)
    small = read_frames(path, [3], size=(32, 24))
    assert small.shape == (1, 32, 24, 3)
    # Halving by averaging differs from the scaler at edges only.
    halved = golden[3].reshape(32, 2, 24, 2, 3).mean((1, 3))
    assert np.abs(halved - small[0]).mean() < 6
    assert np.abs(halved[::-1] - small[0]).mean() > 30


def test_indices_repeat_and_come_in_any_order(encoded):
    path, golden = encoded("h264.mp4")
    for reader in FILE_READERS:
        frames = read_frames(path, np.array([30, 2, 2, 39, 0]), reader=reader)
        assert np.array_equal(frames, golden[[30, 2, 2, 39, 0]])
    assert read_frames(path, []).shape == (0, 48, 64, 3)
    assert read_frames(path, [], size=(10, 20)).shape == (0, 10, 20, 3)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(indices=st.lists(st.integers(0, 59), min_size=1, max_size=6), reader=st.sampled_from(["pyav", "decord"]))
def test_random_indices_of_a_long_group_of_pictures(encoded, indices, reader):
    path, golden = encoded("h264_long_gop.mp4")
    assert np.array_equal(read_frames(path, indices, reader=reader), golden[indices])


def test_readers_start_at_the_keyframe_and_hear_of_damage(encoded, damaged_copy, tmp_path):
    path, golden = encoded("h264.mp4")
    damaged = damaged_copy(path, tmp_path / "damaged.mp4", range(13, 16))
    # Frames 12..23 are damaged: what comes after is exact because decoding does not begin before frame 24.
    for reader in ("pyav", "decord", "auto"):
        assert np.array_equal(read_frames(damaged, [0, 30, 39], reader=reader), golden[[0, 30, 39]])
        for index in (15, 20, 23):
            with pytest.raises(DecodeError, match="damaged"):
                read_frames(damaged, [index], reader=reader)


@pytest.mark.parametrize("indices", [[40], [0, -1], [1000]])
def test_an_index_out_of_range_names_the_number_of_frames(encoded, indices):
    with pytest.raises(DecodeError, match=r"indices -?\d+\.\.\d+ out of range; the video has 40 frames, from 0"):
        read_frames(encoded("h264.mp4")[0], indices)


def test_an_unknown_reader_is_refused_with_the_nearest_name(encoded):
    with pytest.raises(ConfigError, match="unknown reader 'decor'; did you mean 'decord'"):
        read_frames(encoded("h264.mp4")[0], [0], reader="decor")


def test_a_size_that_is_none_is_refused(encoded):
    with pytest.raises(ConfigError, match=r"size must be \(height, width\) in pixels, each at least 1, got \(0, 5\)"):
        read_frames(encoded("h264.mp4")[0], [0], size=(0, 5))


def test_limits_hold_with_and_without_a_manifest(encoded):
    path, _ = encoded("h264.mp4")
    for video in (path, scan_video(path)):
        with pytest.raises(DecodeError, match=r"max_pixels=100; raise data.limits.max_pixels"):
            read_frames(video, [0], limits=Limits(max_pixels=100))
        with pytest.raises(DecodeError, match="max_frames=39"):
            read_frames(video, [0], limits=Limits(max_frames=39))
        with pytest.raises(DecodeError, match="max_bytes=10"):
            read_frames(video, [0], limits=Limits(max_bytes=10))


@pytest.mark.parametrize("reader", ["auto", *FILE_READERS])
def test_a_narrow_video_is_not_enlarged_beyond_the_limit(encoded, reader):
    size = decode_size(2, 16384, ClipSpec(height=112, width=112))
    assert size == (128, 1048576)
    message = r"frames of 1048576x128 = 134217728 pixels asked for, expected at most max_pixels=9437184; the video is 64x48"
    path, _ = encoded("h264.mp4")
    for video in (path, scan_video(path)):
        with pytest.raises(DecodeError, match=message):
            read_frames(video, [0], size=size, reader=reader)
    assert read_frames(path, [0], size=(100, 100), limits=Limits(max_pixels=10000)).shape == (1, 100, 100, 3)


def test_a_file_that_changed_since_the_scan_is_refused(encoded, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(encoded("h264.mp4")[0].read_bytes())
    info = scan_video(path)
    path.write_bytes(encoded("mpeg4.mp4")[0].read_bytes())
    with pytest.raises(DecodeError, match="changed since it was scanned"):
        read_frames(info, [0])
