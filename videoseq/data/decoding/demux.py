"""The demux pass: everything that is known about a video without decoding a frame of it."""

import hashlib
import struct
from dataclasses import dataclass, field
from pathlib import Path

import av
import av.container
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from videoseq.data.decoding.bitstream import PacketFacts, inspector
from videoseq.data.decoding.decord_reader import DECORD_CODECS, DECORD_CONTAINERS, DECORD_PIXEL_FORMATS, miscopied_width
from videoseq.data.decoding.files import check_file, open_video
from videoseq.data.decoding.orientation import read_rotation
from videoseq.data.decoding.reordering import are_times_plausible, declared_reordering
from videoseq.errors import DecodeError
from videoseq.types import Limits, VideoInfo

# AVI stores no presentation times: those of codecs that reorder or hide frames are guessed by the demuxer.
_INTRA_CODECS = {"mjpeg", "png", "prores", "dnxhd", "ffv1", "huffyuv", "rawvideo"}


@dataclass
class _Packets:
    """What the pass collects, in decode order."""

    pts: list[int] = field(default_factory=list)
    shown: list[bool] = field(default_factory=list)
    starts: list[bool] = field(default_factory=list)
    skippable: list[bool | None] = field(default_factory=list)
    flagged: list[bool] = field(default_factory=list)
    num_discarded: int = 0
    changes: bool = False
    reasons: list[str] = field(default_factory=list)
    content_hash: str = ""

    def doubt(self, reason: str) -> None:
        """Adds a reason why decord cannot be trusted, once."""
        if reason and reason not in self.reasons:
            self.reasons.append(reason)


def find_video_stream(container: av.container.InputContainer, path: Path) -> VideoStream:
    """Returns the first video stream that is no cover picture.

    Raises:
        DecodeError: There is none.
    """
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "no streams at all"
    raise DecodeError(path, "open", "pyav", f"no video stream; the file holds {kinds}; expected a file with pictures")


def scan_video(path: Path, limits: Limits = Limits()) -> VideoInfo:  # noqa: B008
    """Scans one file in this process: reads every packet of its video stream and decodes none.

    Args:
        path: The file.
        limits: What the file may ask for; `max_seconds` is not watched here, only by `scan_videos`.

    Returns:
        Every field filled, `error` None.

    Raises:
        DecodeError: The file cannot be used at all: not a local video file, no video stream, no frames, over the
            limits, frames without a time, a start in the middle of a group of pictures, a mirrored display.
    """
    name = check_file(path, limits)
    path = path.absolute()
    try:
        status = path.stat()
        with open_video(path, name) as container:
            stream = find_video_stream(container, path)
            context = stream.codec_context
            width, height, codec, pixel_format = (
                context.width,
                context.height,
                context.codec.canonical_name,
                context.pix_fmt,
            )
            if width * height > limits.max_pixels:
                raise _refused(
                    path,
                    f"a frame has {width}x{height} = {width * height} pixels, more than "
                    f"max_pixels={limits.max_pixels}; "
                    "raise data.limits.max_pixels, or scale it: ffmpeg -i x -vf scale=640:-2 out.mp4",
                )
            shown_as = _shown_as(context)
            packets = _read_packets(container, stream, path, limits)
            header_frames, time_base, stream_id = stream.frames, stream.time_base, stream.id
            extradata = context.extradata or b""
            if sum(not other.disposition & av.stream.Disposition.attached_pic for other in container.streams.video) > 1:
                packets.doubt("several video streams")
        rotation = read_rotation(path, name, stream_id)
    # PyAV raises IndexError for the packets of streams that a damaged file seems to have.
    except (av.FFmpegError, OSError, ValueError, IndexError, struct.error) as error:
        raise DecodeError(path, "scan", "pyav", f"damaged or cut off ({error}); try ffmpeg -i x out.mp4") from error
    if width < 1 or height < 1 or time_base is None:
        raise _refused(path, f"the size of a frame is unknown (got {width}x{height}); try ffmpeg -i x out.mp4")

    decode_pts, shown = np.array(packets.pts, np.int64), np.array(packets.shown, bool)
    pts = np.sort(decode_pts[shown])
    is_guessed = name == "avi" and codec not in _INTRA_CODECS
    can_skip = (
        not is_guessed
        and True in packets.skippable
        and None not in packets.skippable
        and not packets.changes
        and are_times_plausible(declared_reordering(codec, extradata), packets.pts, packets.skippable)
    )
    keyframes = _exact_keyframes(decode_pts, shown, np.array(packets.starts, bool), pts, is_guessed)
    _doubt_order(packets, decode_pts, pts)
    num_packets = len(decode_pts)
    if header_frames not in (0, num_packets):
        packets.doubt(f"the header claims {header_frames} frames, the file has {num_packets} packets")
    for is_unknown, reason in (
        (name not in DECORD_CONTAINERS, f"container {name}"),
        (codec not in DECORD_CODECS, f"codec {codec}"),
        (is_guessed and codec != "mpeg4", f"{codec} in AVI has no presentation times"),
        (pixel_format not in DECORD_PIXEL_FORMATS, f"pixel format {pixel_format}"),
        (rotation != 0, f"rotated by {rotation} degrees"),
        (miscopied_width(width), f"width {width}"),
    ):
        packets.doubt(reason if is_unknown else "")

    steps = np.diff(pts)
    is_regular = len(steps) == 0 or bool(steps[0] > 0 and (steps == steps[0]).all())
    return VideoInfo(
        path=path,
        size_bytes=status.st_size,
        fingerprint=status.st_mtime_ns,
        container=name,
        codec=codec,
        width=height if rotation % 180 else width,
        height=width if rotation % 180 else height,
        rotation=rotation,
        num_frames=len(pts),
        time_base=time_base,
        first_pts=int(pts[0]),
        pts_step=int(steps[0]) if is_regular and len(steps) else 0,
        irregular_pts=None if is_regular else pts,
        keyframes=keyframes,
        marks_exact=not is_guessed and not packets.num_discarded and len(keyframes) == sum(packets.flagged),
        can_skip=can_skip,
        content_hash=packets.content_hash,
        shown_as=shown_as,
        decord_safe=not packets.reasons,
        unsafe_reason="; ".join(packets.reasons),
    )


def _shown_as(context: av.VideoCodecContext) -> str:
    """Returns the digest of what decides how packets become pixels and does not stand in them."""
    facts = (
        context.codec.canonical_name,
        context.width,
        context.height,
        context.pix_fmt,
        *map(int, (context.color_range, context.colorspace, context.color_primaries, context.color_trc)),
    )
    return hashlib.blake2b(str(facts).encode() + (context.extradata or b""), digest_size=8).hexdigest()


def has_guessed_times(info: VideoInfo) -> bool:
    """Whether the frames' times are the demuxer's guess, so that frames can only be told apart by counting."""
    return info.container == "avi" and info.codec not in _INTRA_CODECS


def _read_packets(container: av.container.InputContainer, stream: VideoStream, path: Path, limits: Limits) -> _Packets:
    """Reads every packet of a stream.

    Raises:
        DecodeError: No frames, too many, a frame without a time, or a start that is no keyframe.
    """
    found = _Packets()
    context = stream.codec_context
    inspect = inspector(context.codec.canonical_name, context.extradata or b"")
    hasher = hashlib.blake2b(digest_size=16)
    parameters = b""
    for packet in container.demux(stream):
        if not packet.size:
            continue
        data = bytes(packet)
        hasher.update(data)
        facts = inspect(data, packet.is_keyframe) if inspect else PacketFacts(starts=False)
        if packet.pts is None:
            raise _refused(
                path,
                f"packet {len(found.pts)} has no presentation time, so its frame cannot be told from others; "
                "give it times: ffmpeg -fflags +genpts -i x -c:v libx264 out.mp4",
            )
        if not found.pts and not packet.is_keyframe:
            raise _refused(
                path,
                "the first packet is no keyframe, so the first frames cannot be decoded; "
                "cut it at a keyframe: ffmpeg -i x -c:v libx264 out.mp4",
            )
        found.pts.append(packet.pts)
        found.shown.append(facts.shown and not packet.is_discard)
        found.starts.append(facts.starts)
        found.skippable.append(facts.skippable)
        found.flagged.append(packet.is_keyframe)
        found.num_discarded += packet.is_discard
        found.doubt(facts.reason)
        if packet.is_corrupt:
            found.doubt("the container marks a packet as corrupt")
        if packet.has_sidedata("new_extradata") or (parameters and facts.parameters not in (b"", parameters)):
            found.changes = True
            found.doubt("size or format change in the middle")
        parameters = facts.parameters or parameters
        if len(found.pts) > limits.max_frames:
            raise _refused(
                path, f"more than max_frames={limits.max_frames} frames; raise data.limits.max_frames, or cut the video"
            )
    if not any(found.shown):
        raise _refused(path, "no frames in the video stream; expected at least one; the file may be cut off")
    found.content_hash = hasher.hexdigest()
    return found


def _exact_keyframes(
    decode_pts: NDArray[np.int64],
    shown: NDArray[np.bool_],
    starts: NDArray[np.bool_],
    pts: NDArray[np.int64],
    is_guessed: bool,
) -> NDArray[np.int64]:
    """Returns the indices of the frames that decoding can start at with no frame lost, wrong or out of order.

    Such a packet is shown after all that were decoded before it and before all that are decoded after it::

        decode order  I0 P3 B1 B2 I4 P7 B5 B6   I4 starts a closed group
        decode order  I0 P3 B1 B2 I6 B4 B5 P7   I6 does not: B4 and B5 come later, are shown earlier, and need P3

    The first frame is always one: the file's beginning.
    """
    beginning = np.zeros(1, np.int64)
    if is_guessed or (np.diff(pts) <= 0).any():
        return beginning
    latest_before = np.concatenate([[np.iinfo(np.int64).min], np.maximum.accumulate(decode_pts)[:-1]])
    earliest_after = np.concatenate([np.minimum.accumulate(decode_pts[::-1])[::-1][1:], [np.iinfo(np.int64).max]])
    is_exact = starts & shown & (decode_pts > latest_before) & (decode_pts < earliest_after)
    return np.union1d(beginning, np.searchsorted(pts, decode_pts[is_exact])).astype(np.int64)


def _doubt_order(packets: _Packets, decode_pts: NDArray[np.int64], pts: NDArray[np.int64]) -> None:
    """Adds the reasons against decord that lie in the order and the times of the packets."""
    if packets.num_discarded:
        packets.doubt(f"an edit list discards {packets.num_discarded} packets")
    if (np.diff(pts) <= 0).any():
        packets.doubt("two frames have the same presentation time")
    rank = np.empty(len(decode_pts), np.int64)
    rank[np.argsort(decode_pts, kind="stable")] = np.arange(len(decode_pts))
    if (rank != np.arange(len(decode_pts)))[np.array(packets.flagged, bool)].any():
        packets.doubt("open groups of pictures: a keyframe is not shown in the order of decoding")


def _refused(path: Path, cause: str) -> DecodeError:
    return DecodeError(path, "scan", "pyav", cause)
