"""Which reader `auto` takes for a scanned video: one that is exact, and of those the one expected to be the fastest."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from videoseq.data.decoding.decord_reader import miscopied_width
from videoseq.types import VideoInfo

_NUM_FRAMES = 16


@dataclass(frozen=True)
class ReadingCost:
    """What reading with one reader costs on one core, in milliseconds.

    Attributes:
        opening: Of opening a file.
        decoding: Of decoding a million pixels.
        can_skip: Whether frames that nobody wants and no other refers to are left out.
    """

    opening: float
    decoding: float
    can_skip: bool


# Fitted to the CPU time of reading 1 and 16 frames of 27 H.264 files from 64x48 to 1920x1080 pixels, of 20 to 7500 frames, with
# groups of pictures of 1 to 250, both readers in turns, on an AMD EPYC. Scaling and converting cost both about the same.
# decord (0.6.0, with FFmpeg 4.1) was not faster in any of them, nor in HEVC, VP8, VP9, MPEG-4 or MJPEG: it opens files more
# slowly, its decoders are older, and it decodes all.
COSTS = {"pyav": ReadingCost(1.9, 1.9, can_skip=True), "decord": ReadingCost(4.7, 2.5, can_skip=False)}


def frames_to_decode(num_frames: int, num_keyframes: int, skippable_fraction: float) -> float:
    """Returns how many frames are decoded for 16 that are spread over a video, on average.

    Each wanted frame needs those from its keyframe on, or from the wanted one before where that is nearer; half a group of
    pictures and itself::

        num_frames 160, num_keyframes 1    16 * 10            a wanted one every 10 frames, none saved
        num_frames 160, num_keyframes 20   16 * (8 + 1) / 2   groups of 8 frames

    Args:
        num_frames: Frames of the video.
        num_keyframes: Those that decoding can start at.
        skippable_fraction: Share of the unwanted ones that are left out, in [0, 1].
    """
    wanted = min(_NUM_FRAMES, num_frames)
    reached = wanted * min(num_frames / wanted, (num_frames / num_keyframes + 1) / 2)
    return wanted + (reached - wanted) * (1 - skippable_fraction)


def expected_milliseconds(info: VideoInfo, cost: ReadingCost) -> float:
    """Returns how long reading 16 frames that are spread over a file is expected to take.

    Args:
        info: What the scan found.
        cost: Of the reader.
    """
    skippable = info.skippable_fraction if cost.can_skip else 0.0
    decoded = frames_to_decode(info.num_frames, len(info.keyframes), skippable)
    return cost.opening + decoded * info.width * info.height / 1e6 * cost.decoding


def choose_reader(info: VideoInfo, width: int | None = None) -> tuple[str, str]:
    """Returns the reader that `auto` takes for a scanned video, and why.

    Args:
        info: What the scan found.
        width: Pixels of a row of the frames that are wanted; None is the video's own.

    Returns:
        A key of `READERS`, and the reason in a few words.
    """
    if info.frame_pattern:
        return "frames", "a folder of frames"
    if not info.decord_safe:
        return "pyav", f"decord would be wrong: {info.unsafe_reason}"
    if miscopied_width(width or info.width):
        return "pyav", f"decord would be wrong: width {width}"
    if not _has_decord():
        return "pyav", "decord is not installed"
    fastest, other = sorted(COSTS, key=lambda name: expected_milliseconds(info, COSTS[name]))
    return fastest, f"exact, and expected to be faster than {other}"


@cache
def _has_decord() -> bool:
    return find_spec("decord") is not None
