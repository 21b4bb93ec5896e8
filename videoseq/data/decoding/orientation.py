"""How far a video must be turned for display, read from the container without decoding a frame."""

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from videoseq.errors import DecodeError

_MP4_PARENTS = {b"moov", b"trak"}
_MKV_SEGMENT, _MKV_TRACKS, _MKV_TRACK, _MKV_CLUSTER = 0x18538067, 0x1654AE6B, 0xAE, 0x1F43B675
_MKV_VIDEO, _MKV_PROJECTION = 0xE0, 0x7670
_MKV_TRACK_TYPE, _MKV_YAW, _MKV_PITCH, _MKV_ROLL = 0x83, 0x7673, 0x7674, 0x7675
_MKV_PARENTS = {_MKV_SEGMENT, _MKV_TRACKS, _MKV_TRACK, _MKV_VIDEO, _MKV_PROJECTION}


def read_rotation(path: Path, container: str, stream_id: int) -> int:
    """Returns the degrees counter-clockwise by which every decoded frame must be turned for display.

    Args:
        path: The file.
        container: Its container, as `check_file` names it; only `mp4` and `matroska` can hold a rotation.
        stream_id: The container's own number of the video track (mp4).

    Returns:
        0, 90, 180 or 270.

    Raises:
        DecodeError: The frames are to be mirrored or turned by another angle, which no reader here does.
    """
    with path.open("rb") as file:
        if container == "mp4":
            degrees = _from_matrix(_mp4_matrix(file, stream_id))
        elif container == "matroska":
            degrees = _matroska_degrees(file)
        else:
            return 0
    if degrees is None or min(abs(degrees - k) for k in (0, 90, 180, 270, 360)) > 0.5:
        found = "mirrored" if degrees is None else f"turned by {degrees:.0f} degrees"
        raise DecodeError(
            path, "scan", "file", f"the frames are to be shown {found}; expected 0, 90, 180 or 270; ffmpeg -i x out.mp4"
        )
    return round(degrees / 90) % 4 * 90


def _from_matrix(matrix: NDArray[np.float64] | None) -> float | None:
    """Returns the counter-clockwise angle in [0, 360) of a (2, 2) display matrix; None for a mirroring one."""
    if matrix is None or not matrix.any():
        return 0.0
    if np.linalg.det(matrix) <= 0:
        return None
    (a, b), (c, _) = matrix
    # The first column's and second column's lengths differ where pixels are not square.
    scale_x, scale_y = math.hypot(a, c), math.hypot(b, matrix[1, 1])
    return -math.degrees(math.atan2(b / scale_y, a / scale_x)) % 360


def _mp4_matrix(file: BinaryIO, track_id: int) -> NDArray[np.float64] | None:
    """Returns the (2, 2) display matrix of a track of an MP4 file: the track's times the movie's."""
    movie, track = np.eye(2), None
    for kind, body in _mp4_boxes(file, 0, file.seek(0, 2)):
        if kind == b"mvhd":
            values = struct.unpack_from(">9i", body, 48 if body[0] == 1 else 36)
            movie = np.array(values, np.float64).reshape(3, 3)[:2, :2] / 65536
        elif kind == b"tkhd":
            (number,) = struct.unpack_from(">I", body, 20 if body[0] == 1 else 12)
            if number == track_id:
                values = struct.unpack_from(">9i", body, 52 if body[0] == 1 else 40)
                track = np.array(values, np.float64).reshape(3, 3)[:2, :2] / 65536
    return None if track is None else track @ movie


def _mp4_boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    """Yields type and body of the `mvhd` and `tkhd` boxes between two offsets of a file."""
    while start + 8 <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:
            if start + 16 > end:
                return
            (size,), header = struct.unpack(">Q", file.read(8)), 16
        stop = end if size == 0 else min(start + size, end)
        if size != 0 and size < header:
            return
        if kind in _MP4_PARENTS:
            yield from _mp4_boxes(file, start + header, stop)
        elif kind in (b"mvhd", b"tkhd") and stop - start - header >= 84:
            yield kind, file.read(min(stop - start - header, 128))
        start = stop


def _matroska_degrees(file: BinaryIO) -> float | None:
    """Returns the counter-clockwise angle of the first video track of a Matroska file; None for a mirroring one."""
    pose: dict[int, float] = {}
    is_video = False
    for kind, body in _matroska_elements(file, 0, file.seek(0, 2)):
        if kind == _MKV_TRACK_TYPE:
            if is_video:
                break
            is_video = body == b"\1"
        elif is_video and len(body) in (4, 8):
            (pose[kind],) = struct.unpack(">f" if len(body) == 4 else ">d", body)
    if pose.get(_MKV_YAW, 0.0) % 360 or pose.get(_MKV_PITCH, 0.0) % 360:
        return None
    return pose.get(_MKV_ROLL, 0.0) % 360


def _matroska_elements(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yields the track types and poses of the tracks between two offsets, in the order of the file."""
    while start < end:
        file.seek(start)
        head = file.read(12)
        id_bytes = _vint_length(head[:1])
        size_bytes = _vint_length(head[id_bytes : id_bytes + 1])
        if not id_bytes or not size_bytes or len(head) < id_bytes + size_bytes:
            return
        kind = int.from_bytes(head[:id_bytes], "big")
        unknown = (1 << 7 * size_bytes) - 1
        size = int.from_bytes(head[id_bytes : id_bytes + size_bytes], "big") & unknown
        body = start + id_bytes + size_bytes
        stop = end if size == unknown else min(body + size, end)
        if kind == _MKV_CLUSTER:
            return
        if kind in _MKV_PARENTS:
            yield from _matroska_elements(file, body, stop)
        elif kind in (_MKV_TRACK_TYPE, _MKV_YAW, _MKV_PITCH, _MKV_ROLL):
            file.seek(body)
            yield kind, file.read(min(stop - body, 8))
        start = stop


def _vint_length(first: bytes) -> int:
    """Returns the bytes of a Matroska number that starts with this byte; 0 for none."""
    return 9 - first[0].bit_length() if first and first[0] else 0
