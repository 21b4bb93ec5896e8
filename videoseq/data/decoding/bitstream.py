"""What a packet's first bits tell: whether decoding can start there exactly, and whether it shows a frame at all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

_VOP = b"\0\0\1\xb6"


@dataclass(frozen=True)
class PacketFacts:
    """What is known about one packet from its own bytes.

    Attributes:
        starts: Decoding can start here: nothing decoded later refers to what came before.
        shown: The packet makes a frame that is shown; codecs with hidden reference frames have others.
        parameters: The bytes that set size and format of the stream from here on, empty where there are none.
        reason: Why decord cannot be trusted with this packet; empty where it can.
    """

    starts: bool = True
    shown: bool = True
    parameters: bytes = b""
    reason: str = ""


Inspector = Callable[[bytes, bool], PacketFacts]


def inspector(codec: str, extradata: bytes) -> Inspector | None:
    """Returns the function that inspects packets of a codec, called with the bytes and the container's keyframe flag.

    Args:
        codec: FFmpeg's name of the codec.
        extradata: The codec's global header; tells how the NAL units of H.264 and HEVC are delimited.

    Returns:
        The function; None for a codec that is not known here, whose keyframes are not trusted.
    """
    if codec == "h264":
        length = (extradata[4] & 3) + 1 if len(extradata) > 6 and extradata[0] == 1 else 0
        return lambda data, flagged: _h264(data, flagged, length)
    if codec == "hevc":
        is_hvcc = len(extradata) > 22 and extradata[:3] not in (b"\0\0\0", b"\0\0\1")
        length = (extradata[21] & 3) + 1 if is_hvcc else 0
        return lambda data, flagged: _hevc(data, flagged, length)
    return {
        "vp8": _vp8,
        "vp9": _vp9,
        "av1": _av1,
        "mpeg4": _mpeg4,
        "mpeg1video": _flag_only,
        "mpeg2video": _flag_only,
        "mjpeg": _flag_only,
        "png": _flag_only,
        "prores": _flag_only,
        "dnxhd": _flag_only,
    }.get(codec)


def _flag_only(data: bytes, flagged: bool) -> PacketFacts:
    return PacketFacts(starts=flagged)


def _nal_units(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """Yields the NAL units of an access unit; `length_bytes` 0 means that start codes delimit them."""
    if length_bytes:
        position = 0
        while position + length_bytes < len(data):
            size = int.from_bytes(data[position : position + length_bytes], "big")
            position += length_bytes
            yield data[position : position + size]
            position += size
        return
    position = data.find(b"\0\0\1")
    while position >= 0:
        following = data.find(b"\0\0\1", position + 3)
        yield data[position + 3 : following if following >= 0 else len(data)]
        position = following


def _h264(data: bytes, flagged: bool, length_bytes: int) -> PacketFacts:
    if not flagged:
        return PacketFacts(starts=False)
    parameters = b""
    for unit in _nal_units(data, length_bytes):
        kind = unit[0] & 31 if unit else 0
        if kind == 7:
            parameters += unit.rstrip(b"\0")
        if 1 <= kind <= 5:
            is_idr = kind == 5
            reason = "" if is_idr else "a keyframe is a recovery point, no IDR picture"
            return PacketFacts(starts=is_idr, parameters=parameters, reason=reason)
    return PacketFacts(starts=False, parameters=parameters, reason="a keyframe holds no picture")


def _hevc(data: bytes, flagged: bool, length_bytes: int) -> PacketFacts:
    if not flagged:
        return PacketFacts(starts=False)
    parameters = b""
    for unit in _nal_units(data, length_bytes):
        kind = unit[0] >> 1 & 63 if unit else 63
        if kind == 33:
            parameters += unit.rstrip(b"\0")
        if kind < 32:
            is_random_access = 16 <= kind <= 21
            reason = "" if is_random_access else "a keyframe is no random access picture"
            return PacketFacts(starts=is_random_access, parameters=parameters, reason=reason)
    return PacketFacts(starts=False, parameters=parameters, reason="a keyframe holds no picture")


def _vp8(data: bytes, flagged: bool) -> PacketFacts:
    shown = len(data) > 0 and bool(data[0] & 16)
    is_key = len(data) > 9 and not data[0] & 1
    return PacketFacts(
        starts=flagged and is_key,
        shown=shown,
        parameters=data[6:10] if is_key else b"",
        reason="" if shown else "hidden reference frames have packets of their own",
    )


def _vp9(data: bytes, flagged: bool) -> PacketFacts:
    if not data:
        return PacketFacts(starts=False)
    is_superframe = data[-1] & 0xE0 == 0xC0
    # From the highest bit: marker (2), profile (2; profile 3 has 1 more), show_existing, frame_type, show_frame.
    bits = data[0] << 1 if data[0] >> 4 & 3 == 3 else data[0]
    shows_existing, is_inter, is_shown = bool(bits & 8), bool(bits & 4), bool(bits & 2)
    shown = is_superframe or shows_existing or is_shown
    is_key = not shows_existing and not is_inter and len(data) > 9
    return PacketFacts(
        starts=flagged and is_key and is_shown,
        shown=shown,
        parameters=data[1:8] + bytes([data[8] & 0xF0]) if is_key else b"",
        reason="" if shown else "hidden reference frames have packets of their own",
    )


def _av1(data: bytes, flagged: bool) -> PacketFacts:
    position, parameters = 0, b""
    while position < len(data):
        kind, has_extension, has_size = data[position] >> 3 & 15, data[position] & 4, data[position] & 2
        position += 2 if has_extension else 1
        size = 0
        for shift in range(0, 56, 7):
            if not has_size or position >= len(data):
                break
            byte = data[position]
            position += 1
            size |= (byte & 127) << shift
            if byte < 128:
                break
        if not has_size:
            size = len(data) - position
        if kind == 1:
            parameters = data[position : position + size]
        if kind in (3, 6) and position < len(data):
            # show_existing_frame 0, frame_type 00 (key), show_frame 1
            return PacketFacts(starts=flagged and data[position] >> 4 == 1, parameters=parameters)
        position += size
    return PacketFacts(starts=False, parameters=parameters)


def _mpeg4(data: bytes, flagged: bool) -> PacketFacts:
    first = data.find(_VOP)
    if first < 0 or first + 4 >= len(data):
        return PacketFacts(starts=False, reason="a packet holds no picture")
    header = data[:first]
    layer = next((at for code in range(0x20, 0x30) if (at := header.find(bytes([0, 0, 1, code]))) >= 0), -1)
    end = header.find(b"\0\0\1", layer + 4)
    is_packed = data.find(_VOP, first + 4) >= 0
    return PacketFacts(
        starts=flagged and data[first + 4] >> 6 == 0,
        parameters=header[layer : end if end >= 0 else len(header)] if layer >= 0 else b"",
        reason="several pictures in one packet (packed B-frames)" if is_packed else "",
    )
