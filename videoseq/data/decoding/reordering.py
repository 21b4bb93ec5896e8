"""How far the pictures of a stream may be shown out of the order they are decoded in, and whether packets keep to it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from videoseq.data.decoding.bitstream import Bits, nal_units

# Profiles of H.264 whose parameters say more of the format of pixels.
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128})
_MPEG = frozenset({"mpeg1video", "mpeg2video", "mpeg4"})


def declared_reordering(codec: str, extradata: bytes) -> int | None:
    """Returns how many pictures may be decoded before a picture that is shown before them, as the stream declares it.

    A decoder that was told shows pictures in order from the first one on; others find out by making mistakes.

    Args:
        codec: FFmpeg's name of the codec.
        extradata: The codec's global header.

    Returns:
        The number; None where the stream does not say, or not in a way that is understood here.
    """
    if codec in _MPEG:
        return 1
    read = {"h264": _h264_reordering, "hevc": _hevc_reordering}.get(codec)
    if read is None:
        return None
    try:
        declared = [read(unit) for unit in _sequence_parameters(codec, extradata)]
    except (ValueError, IndexError):
        return None
    return declared[0] if len(set(declared)) == 1 else None


def are_times_plausible(most: int | None, decode_pts: Sequence[int], unreferenced: Sequence[bool | None]) -> bool:
    """Whether the packets' times can be the order that the pictures are shown in; where that is not known, they are not.

    The times of packets that are never decoded cannot be compared with those of their frames. One that is wrong, so that
    frames change places, shows in the others::

        decode order   I0 P4 B1 B2 B3 P8 B5 B6 B7      at most 1 packet before each is shown after it
        B1 shown at 2.5                                2 packets before B2 are shown after it
        B3 shown at 4.5                                no packet before B3 is: a B picture lies between two decoded ones
        all of them                                    the steps are halved where the frame is now, or nearly so

    Args:
        most: How many packets before another may be shown after it, as the stream declares; None where it does not.
        decode_pts: The packets' times in decode order.
        unreferenced: Of each packet, whether no other refers to it.
    """
    if most is None:
        return False
    shown: list[int] = []
    for pts, is_unreferenced in zip(decode_pts, unreferenced, strict=True):
        place = bisect_right(shown, pts)
        num_later = len(shown) - place
        if num_later > most or (is_unreferenced and num_later == 0):
            return False
        shown.insert(place, pts)
    steps = np.diff(shown)
    return len(steps) > 0 and bool(2 * steps.min() > np.median(steps))


def _sequence_parameters(codec: str, extradata: bytes) -> Iterator[bytes]:
    """Yields the sequence parameter sets of a global header."""
    if extradata[:3] in (b"\0\0\0", b"\0\0\1"):
        for unit in nal_units(extradata, 0):
            if unit and (unit[0] & 31 == 7 if codec == "h264" else unit[0] >> 1 & 63 == 33):
                yield unit
        return
    # The boxes avcC, with one list of sets, and hvcC, with a list for each type.
    position, lists = (5, 1) if codec == "h264" else (23, extradata[22])
    for _ in range(lists):
        if codec == "h264":
            is_wanted, count, position = True, extradata[position] & 31, position + 1
        else:
            is_wanted, count = extradata[position] & 63 == 33, int.from_bytes(extradata[position + 1 : position + 3], "big")
            position += 3
        for _ in range(count):
            size = int.from_bytes(extradata[position : position + 2], "big")
            position += 2 + size
            if is_wanted:
                yield extradata[position - size : position]


def _h264_reordering(unit: bytes) -> int | None:
    """Reads `max_num_reorder_frames` (H.264, 7.3.2.1.1 and E.1.1)."""
    bits = Bits(unit[1:])
    profile = bits.fixed(8)
    bits.fixed(16)
    bits.golomb()
    if profile in _HIGH_PROFILES:
        if bits.golomb() == 3:
            bits.fixed(1)
        _golombs(bits, 2)
        bits.fixed(1)
        if bits.fixed(1):
            # Scaling lists; rare, and long to read over.
            return None
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.fixed(1)
        _golombs(bits, 2)
        _golombs(bits, bits.golomb())
    bits.golomb()
    bits.fixed(1)
    _golombs(bits, 2)
    if not bits.fixed(1):
        bits.fixed(1)
    bits.fixed(1)
    if bits.fixed(1):
        _golombs(bits, 4)
    return _usability_reordering(bits) if bits.fixed(1) else None


def _usability_reordering(bits: Bits) -> int | None:
    """Reads the same number off the video usability information of H.264."""
    if bits.fixed(1) and bits.fixed(8) == 255:
        bits.fixed(32)
    if bits.fixed(1):
        bits.fixed(1)
    if bits.fixed(1):
        bits.fixed(4)
        if bits.fixed(1):
            bits.fixed(24)
    if bits.fixed(1):
        _golombs(bits, 2)
    if bits.fixed(1):
        bits.fixed(65)
    has_buffers = False
    for _ in range(2):
        if bits.fixed(1):
            has_buffers = True
            count = bits.golomb() + 1
            bits.fixed(8)
            for _ in range(count):
                _golombs(bits, 2)
                bits.fixed(1)
            bits.fixed(20)
    if has_buffers:
        bits.fixed(1)
    bits.fixed(1)
    if not bits.fixed(1):
        return None
    bits.fixed(1)
    _golombs(bits, 4)
    return bits.golomb()


def _hevc_reordering(unit: bytes) -> int | None:
    """Reads `sps_max_num_reorder_pics` of a stream of one temporal layer (HEVC, 7.3.2.2.1)."""
    bits = Bits(unit[2:])
    bits.fixed(4)
    if bits.fixed(3):
        return None
    # Nesting, then profile, tier and level.
    bits.fixed(1 + 96)
    bits.golomb()
    if bits.golomb() == 3:
        bits.fixed(1)
    _golombs(bits, 2)
    if bits.fixed(1):
        _golombs(bits, 4)
    _golombs(bits, 3)
    bits.fixed(1)
    bits.golomb()
    return bits.golomb()


def _golombs(bits: Bits, count: int) -> None:
    """Reads over numbers of variable length."""
    for _ in range(count):
        bits.golomb()
