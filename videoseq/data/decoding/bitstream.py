"""What a packet's first bits tell: whether decoding can start there exactly, and whether it shows a frame at all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

_VOP = b"\0\0\1\xb6"
_PICTURE = b"\0\0\1\0"
_SEQUENCE = b"\0\0\1\xb3"
_GROUP = b"\0\0\1\xb8"
# What a packet may hold that is left out: slices, enhancement information, delimiters and filler, but no parameters.
_H264_SKIPPABLE = frozenset({1, 2, 3, 4, 5, 6, 9, 12})
_HEVC_SKIPPABLE = frozenset({35, 38, 39, 40})


@dataclass(frozen=True)
class PacketFacts:
    """What is known about one packet from its own bytes.

    Attributes:
        starts: Decoding can start here: nothing decoded later refers to what came before.
        shown: The packet makes a frame that is shown; codecs with hidden reference frames have others.
        parameters: The bytes that set size and format of the stream from here on, empty where there are none.
        skippable: A decoder that is never given the packet decodes every other frame as before, for none refers to this one;
            None where no packet of the stream may be left out.
        reason: Why decord cannot be trusted with this packet; empty where it can.
    """

    starts: bool = True
    shown: bool = True
    parameters: bytes = b""
    skippable: bool | None = False
    reason: str = ""


Inspector = Callable[[bytes, bool], PacketFacts]


class Bits:
    """Reads numbers off a NAL unit, from the highest bit of its first byte on.

    Args:
        data: Bytes as they stand in the unit, without the unit's header.
    """

    def __init__(self, data: bytes) -> None:
        # Behind two zero bytes stands a 3 where a start code would arise otherwise.
        data = data.replace(b"\0\0\3", b"\0\0")
        self.bits = "".join(f"{byte:08b}" for byte in data)
        self.position = 0

    def fixed(self, count: int) -> int:
        """Returns the next `count` bits as a number.

        Raises:
            ValueError: There are not as many.
        """
        end = self.position + count
        if end > len(self.bits):
            raise ValueError("the header ends too early")
        taken, self.position = self.bits[self.position : end], end
        return int(taken, 2)

    def golomb(self) -> int:
        """Returns the next number of variable length (unsigned exp-Golomb code), from 0.

        Raises:
            ValueError: It does not end.
        """
        zeros = self.bits.find("1", self.position) - self.position
        if zeros < 0:
            raise ValueError("the header ends too early")
        return self.fixed(2 * zeros + 1) - 1


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
        "mpeg1video": _mpeg12,
        "mpeg2video": _mpeg12,
        "mjpeg": _flag_only,
        "png": _flag_only,
        "prores": _flag_only,
        "dnxhd": _flag_only,
    }.get(codec)


def _flag_only(data: bytes, flagged: bool) -> PacketFacts:
    return PacketFacts(starts=flagged)


def _mpeg12(data: bytes, flagged: bool) -> PacketFacts:
    kinds = []
    position = data.find(_PICTURE)
    while 0 <= position < len(data) - 5:
        kinds.append(data[position + 5] >> 3 & 7)
        position = data.find(_PICTURE, position + 4)
    return PacketFacts(
        starts=flagged,
        parameters=data.partition(_PICTURE)[0].partition(_GROUP)[0] if data.startswith(_SEQUENCE) else b"",
        skippable=data.startswith(_PICTURE) and set(kinds) == {3},
    )


def nal_units(data: bytes, length_bytes: int) -> Iterator[bytes]:
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
    parameters, slices, has_others, are_b = b"", [], False, True
    for unit in nal_units(data, length_bytes):
        kind = unit[0] & 31 if unit else 0
        if 1 <= kind <= 5:
            slices.append(unit[0])
            are_b &= _is_b_slice(unit)
        elif kind == 7 and not slices:
            parameters += unit.rstrip(b"\0")
        has_others |= kind not in _H264_SKIPPABLE
    if flagged and not slices:
        return PacketFacts(starts=False, parameters=parameters, reason="a keyframe holds no picture")
    is_idr = bool(slices) and slices[0] & 31 == 5
    referenced = {bool(header & 0x60) for header in slices}
    return PacketFacts(
        starts=flagged and is_idr,
        parameters=parameters if flagged else b"",
        # Of two fields in a packet, one may be referred to and the other not. A P picture that claims to be referred to by
        # none is more often damaged than true.
        skippable=None if len(referenced) > 1 else referenced == {False} and are_b and not has_others,
        reason="a keyframe is a recovery point, no IDR picture" if flagged and not is_idr else "",
    )


def _is_b_slice(unit: bytes) -> bool:
    """Whether an H.264 slice is of type B, which the second number of its header says."""
    bits = Bits(unit[1:9])
    try:
        bits.golomb()
        return bits.golomb() in (1, 6)
    except ValueError:
        return False


def _hevc(data: bytes, flagged: bool, length_bytes: int) -> PacketFacts:
    parameters, slices, has_others, is_layered = b"", [], False, False
    for unit in nal_units(data, length_bytes):
        kind = unit[0] >> 1 & 63 if unit else 63
        if kind < 32:
            slices.append(kind)
            # Layer 0 and temporal layer 0: in a stream of several, pictures that no other of their own layer refers to
            # may be needed by a higher one.
            is_layered |= len(unit) < 2 or bool(unit[0] & 1) or unit[1] != 1
        elif kind == 33 and not slices:
            parameters += unit.rstrip(b"\0")
        has_others |= kind >= 32 and kind not in _HEVC_SKIPPABLE
    if flagged and not slices:
        return PacketFacts(starts=False, parameters=parameters, reason="a keyframe holds no picture")
    is_random_access = bool(slices) and 16 <= slices[0] <= 21
    # Even types below 16 are the pictures that none of their layer refers to.
    is_unreferenced = bool(slices) and all(kind < 16 and kind % 2 == 0 for kind in slices)
    return PacketFacts(
        starts=flagged and is_random_access,
        parameters=parameters if flagged else b"",
        skippable=None if is_layered else is_unreferenced and not has_others,
        reason="a keyframe is no random access picture" if flagged and not is_random_access else "",
    )


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
        # Type 2 is a B picture. A packed one is shown by the packet after its own.
        skippable=None if is_packed else data[first + 4] >> 6 == 2 and first == 0,
        reason="several pictures in one packet (packed B-frames)" if is_packed else "",
    )
