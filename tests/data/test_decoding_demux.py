from fractions import Fraction

import av
import numpy as np
import pytest

from tests.data.packets import write_packets
from videoseq.data.decoding import read_frames
from videoseq.data.decoding.demux import scan_video
from videoseq.data.writing import write_video
from videoseq.errors import DecodeError
from videoseq.types import Limits


@pytest.mark.parametrize(
    ("name", "container", "codec", "size", "keyframes"),
    [
        ("h264.mp4", "mp4", "h264", (64, 48), [0, 12, 24, 36]),
        ("h264.mkv", "matroska", "h264", (64, 48), [0, 12, 24, 36]),
        ("h264.ts", "mpegts", "h264", (64, 48), [0, 12, 24, 36]),
        ("h264_b.avi", "avi", "h264", (64, 48), [0]),
        ("h264_open_gop.mp4", "mp4", "h264", (64, 48), [0]),
        ("h264_intra_refresh.mp4", "mp4", "h264", (64, 48), [0]),
        ("h264_odd.mp4", "mp4", "h264", (65, 49), [0]),
        ("hevc.mp4", "mp4", "hevc", (64, 48), [0, 12, 24, 36]),
        ("vp9.webm", "matroska", "vp9", (64, 48), [0, 12, 24, 36]),
        ("mpeg4_b.mp4", "mp4", "mpeg4", (64, 48), [0]),
        ("av1.mp4", "mp4", "av1", (64, 48), [0]),
        ("rotated90.mkv", "matroska", "h264", (48, 64), [0, 8, 16]),
    ],
)
def test_what_the_pass_finds(encoded, name, container, codec, size, keyframes):
    path, golden = encoded(name)
    info = scan_video(path, Limits())
    assert (info.path, info.size_bytes, info.fingerprint) == (path, path.stat().st_size, path.stat().st_mtime_ns)
    assert (info.container, info.codec, (info.width, info.height)) == (container, codec, size)
    assert info.keyframes.tolist() == keyframes
    assert info.num_frames == len(golden)
    assert info.irregular_pts is None
    assert info.fps == pytest.approx(25, rel=0.001)
    assert info.error is None


def test_times_of_a_variable_frame_rate(encoded):
    info = scan_video(encoded("variable.mp4")[0], Limits())
    assert info.pts_step == 0
    expected = [0.040 * k + 0.015 * (k % 3) for k in range(30)]
    assert np.allclose(info.frame_seconds, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "degrees"),
    [("h264.mp4", 0), ("rotated90.mp4", 90), ("rotated180.mp4", 180), ("rotated270.mp4", 270), ("rotated90.mkv", 90)],
)
def test_rotation_is_that_of_the_decoded_frames(encoded, name, degrees):
    path, _ = encoded(name)
    assert scan_video(path, Limits()).rotation == degrees
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).rotation % 360 == degrees


@pytest.mark.parametrize(
    ("suffix", "degrees", "mirrored", "found"),
    [
        ("mp4", 0, True, "mirrored"),
        ("mp4", 90, True, "mirrored"),
        ("mp4", 30, False, "turned by 30 degrees"),
        ("mkv", 0, True, "mirrored"),
        ("mkv", 30, False, "turned by 30 degrees"),
    ],
)
def test_other_orientations_are_refused(rotated, tmp_path, suffix, degrees, mirrored, found):
    path = tmp_path / f"x.{suffix}"
    rotated(path, degrees, mirrored=mirrored)
    with pytest.raises(DecodeError, match=f"to be shown {found}; expected 0, 90, 180 or 270; ffmpeg -i x out.mp4"):
        scan_video(path, Limits())


def test_the_start_of_a_box_behind_the_end_does_no_harm(encoded, tmp_path):
    path = tmp_path / "x.mp4"
    path.write_bytes(encoded("rotated90.mp4")[0].read_bytes() + b"\0\0\0\1free")
    info = scan_video(path, Limits())
    assert (info.num_frames, info.rotation) == (20, 90)
    assert np.array_equal(read_frames(path, range(20)), encoded("rotated90.mp4")[1])


def test_a_track_header_that_is_too_short_is_damage(encoded, tmp_path):
    data = bytearray(encoded("h264.mp4")[0].read_bytes())
    data[data.index(b"tkhd") + 4] = 1  # a version whose fields are longer than this header
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    with pytest.raises(DecodeError, match=r"\(pyav, scan\): damaged or cut off \(.*; try ffmpeg -i x out\.mp4"):
        scan_video(path, Limits())


def test_the_content_hash_is_that_of_the_packets(encoded, tmp_path):
    path, _ = encoded("h264.mp4")
    remuxed = tmp_path / "remuxed.mp4"
    with av.open(str(path)) as source, av.open(str(remuxed), "w", options={"movflags": "faststart"}) as target:
        target.metadata["title"] = "another file with the same content"
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    assert remuxed.read_bytes() != path.read_bytes()
    first, second = scan_video(path, Limits()), scan_video(remuxed, Limits())
    assert first.content_hash == second.content_hash
    assert len(first.content_hash) == 32
    assert first.content_hash != scan_video(encoded("mpeg4.mp4")[0], Limits()).content_hash


def cut_without_encoding(path, target, start_seconds):
    """Does what `ffmpeg -ss START -i path -c copy target` does: the frames before START stay in, behind an edit list."""
    with av.open(str(path)) as source, av.open(str(target), "w") as output:
        stream = source.streams.video[0]
        copy = output.add_stream_from_template(stream)
        offset = round(start_seconds / stream.time_base)
        source.seek(offset, stream=stream, backward=True)
        for packet in source.demux(stream):
            if packet.size:
                packet.pts, packet.dts = packet.pts - offset, packet.dts - offset
                packet.stream = copy
                output.mux(packet)


@pytest.mark.parametrize("start_seconds", [0.2, 0.6, 0.68, 1.08])
def test_cuts_with_an_edit_list(encoded, golden, tmp_path, start_seconds):
    path, whole = encoded("h264.mp4")
    cut = tmp_path / "cut.mp4"
    cut_without_encoding(path, cut, start_seconds)
    info = scan_video(cut, Limits())
    expected = golden(cut)
    assert np.array_equal(expected, whole[-len(expected) :])
    assert info.num_frames == len(expected) == 40 - round(start_seconds * 25)
    assert "an edit list discards" in info.unsafe_reason
    assert not info.marks_exact
    assert np.array_equal(read_frames(info, range(len(expected))), expected)
    for index in (0, 3, len(expected) - 1):
        assert np.array_equal(read_frames(cut, [index])[0], expected[index])


def test_a_start_within_a_group_of_pictures_is_refused(encoded, tmp_path):
    path = tmp_path / "x.ts"
    write_packets(path, encoded("h264.ts")[0], lambda number, packet: packet if number > 2 else None)
    with pytest.raises(DecodeError, match=r"the first packet is no keyframe.*cut it at a keyframe: ffmpeg"):
        scan_video(path, Limits())


def test_doubled_times_are_unsafe_for_decord_and_leave_one_keyframe(encoded, tmp_path):
    def double(number, packet):
        if number == 38:
            packet.pts += round(Fraction(1, 25) / packet.time_base)
        return packet

    path = tmp_path / "x.mkv"
    write_packets(path, encoded("h264_intra_refresh.mp4")[0], double)
    info = scan_video(path, Limits())
    assert "two frames have the same presentation time" in info.unsafe_reason
    assert info.keyframes.tolist() == [0]
    assert info.num_frames == 40


def test_a_change_of_parameters_is_unsafe_for_decord(encoded, numbered, tmp_path):
    small, large = encoded("vp9.webm")[0], tmp_path / "large.webm"
    write_video(large, numbered(10, 96, 128), codec="libvpx-vp9", options={"cpu-used": "8"})
    joined = tmp_path / "joined.webm"
    with av.open(str(joined), "w") as output:
        copy, offset = None, 0
        for part in (small, large):
            with av.open(str(part)) as source:
                copy = copy or output.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                        packet.stream = copy
                        output.mux(packet)
            offset = 1600
    info = scan_video(joined, Limits())
    assert info.num_frames == 50
    assert info.unsafe_reason == "size or format change in the middle"
    assert np.array_equal(read_frames(info, range(40)), encoded("vp9.webm")[1])
    with pytest.raises(DecodeError, match="frame 40 is 128x96, the video is 64x48: the size changes in the middle"):
        read_frames(info, [45])


def test_a_file_without_packets_is_refused(encoded, tmp_path):
    path = tmp_path / "x.mp4"
    with av.open(str(encoded("h264.mp4")[0])) as source, av.open(str(path), "w") as output:
        output.add_stream_from_template(source.streams.video[0])
        output.start_encoding()
    with pytest.raises(DecodeError, match="no video stream; the file holds no streams at all"):
        scan_video(path, Limits())


def test_a_cut_without_frames_is_refused(encoded, tmp_path):
    path = tmp_path / "cut.mp4"
    cut_without_encoding(encoded("h264.mp4")[0], path, 3.0)
    with pytest.raises(DecodeError, match="no frames in the video stream; expected at least one"):
        scan_video(path, Limits())
