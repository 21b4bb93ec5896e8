import pytest

from videoseq.data.decoding.bitstream import PacketFacts, inspector

AVCC = bytes([1, 100, 0, 10, 0xFF, 0xE1, 0, 4])
HVCC = bytes([1]) + bytes(20) + bytes([0xFF, 0])
RECOVERY = "a keyframe is a recovery point, no IDR picture"
PACKED = "several pictures in one packet (packed B-frames)"
HIDDEN = "hidden reference frames have packets of their own"


@pytest.mark.parametrize(
    ("codec", "extradata", "data", "expected"),
    [
        # H.264: NAL type in the low 5 bits: 7 parameters, 6 SEI, 5 IDR, 1 other slice; lengths of 4 bytes before each.
        ("h264", AVCC, "00000002 65aa", PacketFacts()),
        ("h264", AVCC, "00000002 0605 00000002 65aa", PacketFacts()),
        ("h264", AVCC, "00000003 674242 00000002 65aa", PacketFacts(parameters=bytes.fromhex("674242"))),
        ("h264", AVCC, "00000002 41aa", PacketFacts(starts=False, reason=RECOVERY)),
        ("h264", AVCC, "00000002 0605", PacketFacts(starts=False, reason="a keyframe holds no picture")),
        # … or start codes.
        ("h264", b"", "00000001 674242 000001 65aa", PacketFacts(parameters=bytes.fromhex("674242"))),
        ("h264", b"", "00000001 0605 000001 41aa", PacketFacts(starts=False, reason=RECOVERY)),
        # HEVC: type in bits 1..6 of the first byte: 33 parameters, 19 IDR, 21 CRA, 1 other slice.
        ("hevc", HVCC, "00000003 2601aa", PacketFacts()),
        ("hevc", HVCC, "00000003 420142 00000003 2a01aa", PacketFacts(parameters=bytes.fromhex("420142"))),
        ("hevc", b"", "00000001 2601aa", PacketFacts()),
        ("hevc", HVCC, "00000003 0201aa", PacketFacts(starts=False, reason="a keyframe is no random access picture")),
        # VP8: bit 0 of the first byte clear in keyframes, bit 4 set in shown frames; the size in bytes 6..9.
        ("vp8", b"", "10 0200 9d012a 40003000 aa", PacketFacts(parameters=bytes.fromhex("40003000"))),
        ("vp8", b"", "11 0200 aabbccddeeff0011", PacketFacts(starts=False)),
        ("vp8", b"", "01 0200 aabbccddeeff0011", PacketFacts(starts=False, shown=False, reason=HIDDEN)),
        # VP9: marker 10, profile 00, show_existing, inter, shown, …
        ("vp9", b"", "82 498342 0003f002 f5 00 00", PacketFacts(parameters=bytes.fromhex("498342 0003f002 f0"))),
        ("vp9", b"", "86 000000 00000000 00 00 00", PacketFacts(starts=False)),
        ("vp9", b"", "84 000000 00000000 00 00 00", PacketFacts(starts=False, shown=False, reason=HIDDEN)),
        ("vp9", b"", "84 000000 00000000 00 00 c0", PacketFacts(starts=False)),
        ("vp9", b"", "88", PacketFacts(starts=False)),
        # AV1: units 2 (delimiter), 1 (sequence), 6 (frame); a frame starts show_existing 0, type 00, shown 1.
        ("av1", b"", "1200 0a02abcd 320110", PacketFacts(parameters=bytes.fromhex("abcd"))),
        ("av1", b"", "1200 320130", PacketFacts(starts=False)),
        ("av1", b"", "1200 320100", PacketFacts(starts=False)),
        ("av1", b"", "1200", PacketFacts(starts=False)),
        # MPEG-4: picture start code 000001b6, then the type in 2 bits: 00 I, 01 P, 10 B; layer header 00000120.
        ("mpeg4", b"", "00000120c0de 000001b6 10aa", PacketFacts(parameters=bytes.fromhex("00000120c0de"))),
        ("mpeg4", b"", "000001b6 50aa", PacketFacts(starts=False)),
        ("mpeg4", b"", "000001b6 50aa 000001b6 90aa", PacketFacts(starts=False, skippable=None, reason=PACKED)),
        ("mpeg4", b"", "00", PacketFacts(starts=False, reason="a packet holds no picture")),
        # MPEG-1 and 2: a sequence header, perhaps that of a group of pictures with its time, and a picture.
        ("mpeg2video", b"", "000001b3c0de 000001b8aa 00000100 0008aa", PacketFacts(parameters=bytes.fromhex("000001b3c0de"))),
        ("mpeg1video", b"", "000001b3c0de 00000100 0008aa", PacketFacts(parameters=bytes.fromhex("000001b3c0de"))),
        ("mpeg2video", b"", "000001b8aa 00000100 0008aa", PacketFacts()),
        ("mjpeg", b"", "ffd8", PacketFacts()),
    ],
)
def test_packets_that_the_container_marks_as_keyframes(codec, extradata, data, expected):
    inspect = inspector(codec, extradata)
    assert inspect is not None
    assert inspect(bytes.fromhex(data), True) == expected


@pytest.mark.parametrize(
    ("codec", "extradata", "data", "skippable"),
    [
        # H.264: bits 5 and 6 of the header of a slice tell whether others refer to it.
        ("h264", AVCC, "00000002 01aa", True),
        ("h264", AVCC, "00000002 21aa", False),
        ("h264", AVCC, "00000002 41aa", False),
        ("h264", AVCC, "00000002 09f0 00000002 0605 00000002 01aa 00000002 0149 00000002 0cff", True),
        ("h264", AVCC, "00000002 0605", False),
        # … but only B pictures (1 and 6, the second number behind the header) are believed: 1 010, 1 00111, 1 1, 1 011.
        ("h264", AVCC, "00000003 019c00", True),
        ("h264", AVCC, "00000002 01c0", False),
        ("h264", AVCC, "00000002 01bb", False),
        ("h264", AVCC, "00000002 01aa 00000002 01bb", False),
        ("h264", AVCC, "00000001 01", False),
        # … parameters would be lost; and of two fields, the first may be referred to alone.
        ("h264", AVCC, "00000003 684242 00000002 01aa", False),
        ("h264", AVCC, "00000002 21aa 00000002 01bb", None),
        ("h264", b"", "00000001 01aa 000001 0149", True),
        ("h264", b"", "00000001 01aa 000001 41bb", None),
        # HEVC: even types below 16; several temporal layers (low 3 bits of the second byte) or layers make it unsafe.
        ("hevc", HVCC, "00000003 0001aa", True),
        ("hevc", HVCC, "00000003 0201aa", False),
        ("hevc", HVCC, "00000003 1001aa 00000003 1001bb", True),
        ("hevc", HVCC, "00000003 1001aa 00000003 1201bb", False),
        ("hevc", HVCC, "00000003 2601aa", False),
        ("hevc", HVCC, "00000003 4e01aa 00000003 0001aa", True),
        ("hevc", HVCC, "00000003 4401aa 00000003 0001aa", False),
        ("hevc", HVCC, "00000003 0002aa", None),
        ("hevc", HVCC, "00000003 0101aa", None),
        ("hevc", HVCC, "00000001 00", None),
        # MPEG-1 and 2: the type in bits 3..5 of the second byte of a picture's header, 3 a B picture.
        ("mpeg2video", b"", "00000100 0018aa", True),
        ("mpeg2video", b"", "00000100 0010aa", False),
        ("mpeg2video", b"", "00000100 0018aa 00000100 0010aa", False),
        ("mpeg1video", b"", "000001b3 1234 00000100 0018aa", False),
        ("mpeg2video", b"", "00000100", False),
        # MPEG-4: 10 in the highest bits of a picture is a B picture.
        ("mpeg4", b"", "000001b6 90aa", True),
        ("mpeg4", b"", "000001b6 50aa", False),
        ("mpeg4", b"", "00000120c0de 000001b6 90aa", False),
        # The others keep more than pictures from one packet to the next, or refer to all.
        ("vp8", b"", "11 0200 aabbccddeeff0011", False),
        ("vp9", b"", "86 000000 00000000 00 00 00", False),
        ("av1", b"", "1200 320130", False),
        ("mjpeg", b"", "ffd8", False),
    ],
)
def test_packets_that_may_be_left_out(codec, extradata, data, skippable):
    inspect = inspector(codec, extradata)
    assert inspect is not None
    assert inspect(bytes.fromhex(data), False).skippable is skippable


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "mpeg2video"])
def test_decoding_never_starts_at_a_packet_that_is_not_marked(codec):
    inspect = inspector(codec, b"")
    assert inspect is not None
    assert not inspect(bytes.fromhex("12003201100000000165aa"), False).starts


def test_an_unknown_codec_has_no_inspector():
    assert inspector("wmv2", b"") is None
