"""Files whose frames are reordered: how far they say so, and whether the times of their packets can be true."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import av
import numpy as np
import pytest

from tests.data.packets import write_packets
from videoseq.data.decoding import read_frames, stream_frames
from videoseq.data.decoding.demux import scan_video
from videoseq.data.decoding.reordering import are_times_plausible, declared_reordering
from videoseq.data.writing import write_video
from videoseq.errors import DecodeError

PYRAMID = {"g": "24", "bf": "5", "x264-params": "b-adapt=0:b-pyramid=normal:ref=6:scenecut=0"}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}
CONTAINERS = [("mkv", {}), ("ts", {}), ("flv", {}), ("mp4", FRAGMENTED)]


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory, numbered, golden):
    """The path and the golden frames of a file with B pictures that others refer to."""
    path = tmp_path_factory.mktemp("pyramid") / "a.mp4"
    write_video(path, numbered(40), options=PYRAMID)
    return path, golden(path)


def exp_golomb(number):
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits


def without_depth(parameters):
    """Returns x264's sequence parameters with the last part of them, which tells how far frames are reordered, left out."""
    bits = "".join(f"{byte:08b}" for byte in parameters).rstrip("0")
    tails = (
        "1111" + 2 * exp_golomb(motion) + exp_golomb(2) + exp_golomb(kept) + "1" for motion in range(17) for kept in range(17)
    )
    tail = next(tail for tail in tails if bits.endswith(tail))
    shorter = (bits.removesuffix(tail) + "01").ljust(8 * len(parameters), "0")
    return int(shorter, 2).to_bytes(len(parameters), "big")


@pytest.mark.parametrize(("suffix", "options"), CONTAINERS)
def test_frames_are_right_where_the_stream_says_how_far_they_are_reordered(pyramid, tmp_path, suffix, options):
    path, golden = pyramid
    info = scan_video(write_packets(tmp_path / f"x.{suffix}", path, **options))
    assert info.can_skip
    for wanted in combinations(range(0, 24, 3), 2):
        assert np.array_equal(read_frames(info, wanted), golden[list(wanted)]), wanted


@pytest.mark.parametrize(("suffix", "options"), CONTAINERS)
def test_frames_are_right_where_it_does_not(pyramid, tmp_path, suffix, options):
    path, golden = pyramid
    with av.open(str(path)) as container:
        header = container.streams.video[0].codec_context.extradata
    parameters = header[8 : 8 + int.from_bytes(header[6:8], "big")]
    silent = write_packets(tmp_path / f"x.{suffix}", path, **options)
    silent.write_bytes(silent.read_bytes().replace(parameters, without_depth(parameters)))
    info = scan_video(silent)
    assert not info.can_skip
    # A decoder that learns of it by and by gives frames too early; neither such frames nor gaps may come through.
    for found in (info, replace(info, can_skip=True)):
        for wanted in [*combinations(range(0, 16, 2), 2), range(40)]:
            wanted = list(wanted)
            assert np.array_equal(read_frames(found, wanted), golden[wanted]), wanted
            assert np.array_equal(list(stream_frames(found, wanted)), golden[wanted]), wanted


@pytest.mark.parametrize(
    ("number", "frames"),
    # In decode order: 0 6 3 1 2 4 5 12 9 7 8 10 11 …: the third picture is referred to, those behind it by none.
    [(3, 1.5), (4, 1.5), (5, 1.5), (6, 1.5), (6, 3.5), (9, 30)],
)
def test_a_wrong_time_of_a_packet_that_is_left_out_moves_no_frame(pyramid, tmp_path, number, frames):
    def change(position, packet):
        if position == number:
            packet.pts += round(frames * Fraction(1, 25) / packet.time_base)
        return packet

    info = scan_video(write_packets(tmp_path / "x.mkv", pyramid[0], change))
    assert not info.can_skip
    with pytest.raises(DecodeError, match=r"frame \d+ has pts \d+, expected \d+: frames are missing or out of order"):
        read_frames(info, [15])


def test_frames_before_a_change_of_colours_do_not_depend_on_what_else_is_wanted(numbered, golden, tmp_path):
    parts = []
    for place, colours in enumerate(("bt709", "smpte170m")):
        path = tmp_path / f"{colours}.ts"
        options = PYRAMID | {"x264-params": f"{PYRAMID['x264-params']}:colormatrix={colours}"}
        write_video(path, numbered(20), options=options, pts=range(20 * place, 20 * place + 20), time_base=Fraction(1, 25))
        parts.append(path.read_bytes())
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(parts))
    info = scan_video(joined)
    assert (info.num_frames, info.can_skip) == (40, False)
    expected = golden(joined)
    for index in (10, 16, 17, 18):
        assert np.array_equal(read_frames(info, [index])[0], expected[index])


@pytest.mark.parametrize(
    ("codec", "options", "expected"),
    [
        ("libx264", PYRAMID, 2),
        (
            "libx264",
            {"bf": "3", "x264-params": "b-adapt=0:b-pyramid=none:scenecut=0:nal-hrd=vbr:vbv-maxrate=99:vbv-bufsize=99"},
            1,
        ),
        ("libx264", {"bf": "0", "x264-params": "sar=4/3:videoformat=pal:colormatrix=bt709:chromaloc=1:overscan=show"}, 0),
        ("libx265", {"x265-params": "log-level=none:pools=none:frame-threads=1:bframes=4:b-pyramid=1"}, 2),
        ("libx265", {"x265-params": "log-level=none:pools=none:frame-threads=1:bframes=0"}, 0),
        ("mpeg4", {"bf": "2"}, 1),
        ("libvpx-vp9", {}, None),
    ],
)
@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts"])
def test_what_the_header_declares(numbered, tmp_path, codec, options, expected, suffix):
    if suffix == "ts" and codec == "libvpx-vp9":
        pytest.skip("a transport stream holds no VP9")
    path = tmp_path / f"a.{suffix}"
    write_video(path, numbered(8, 34, 50), codec=codec, options=options)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert declared_reordering(context.codec.canonical_name, context.extradata or b"") == expected


@pytest.mark.parametrize("header", [b"", b"\1", b"\1" + 40 * b"\0", b"\0\0\1\x67"])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_broken_header_declares_nothing(codec, header):
    assert declared_reordering(codec, header) is None


@pytest.mark.parametrize(
    ("most", "times", "expected"),
    [
        (1, [0, 4, 1, 2, 3, 8, 5, 6, 7], True),
        (2, [0, 4, 1, 2, 3, 8, 5, 6, 7], True),
        (0, [0, 4, 1, 2, 3, 8, 5, 6, 7], False),
        (None, [0, 4, 1, 2, 3, 8, 5, 6, 7], False),
        # Shown too late by a frame and a half, and beyond the picture that it lies before.
        (1, [0, 4, 2.5, 2, 3, 8, 5, 6, 7], False),
        (2, [0, 4, 1, 2, 4.6, 8, 5, 6, 7], False),
        # Nothing but the steps tells.
        (2, [0, 4, 1, 2, 3, 8, 6.4, 6, 7], False),
        (1, [0, 4, 1, 2, 2, 8, 5, 6, 7], False),
        (1, [0], False),
    ],
)
def test_which_times_can_be_true(most, times, expected):
    is_b = [number % 4 != 1 for number in range(len(times))]
    is_b[0] = False
    assert are_times_plausible(most, times, is_b) == expected
