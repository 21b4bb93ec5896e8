"""The videos that a benchmark reads."""

from collections.abc import Sequence
from pathlib import Path

from videoseq.data.scanning import scan_videos
from videoseq.errors import DataError
from videoseq.serving.inputs import find_videos, input_root
from videoseq.types import Limits, VideoInfo


def scanned(paths: Sequence[Path]) -> list[VideoInfo]:
    """Returns what the scan finds in the videos that decord reads exactly: the peers show the same frames in them.

    Raises:
        DataError: It reads none of them exactly.
    """
    infos = scan_videos(paths, cache_file=None, limits=Limits(), num_workers=1)
    safe = [info for info in infos.values() if info.decord_safe]
    if not safe:
        raise DataError(f"none of {len(paths)} videos can be read by decord: name other videos with input=DIR")
    return safe


def matched(prepared: str, original: str) -> list[tuple[Path, Path]]:
    """Returns each video of one input with that of another that lies at the same place below it; suffixes may differ.

    Raises:
        DataError: Nothing is there, or no two videos match.
    """
    originals = {path.relative_to(input_root(original)).with_suffix(""): path for path in find_videos(original)}
    places = {path: path.relative_to(input_root(prepared)).with_suffix("") for path in find_videos(prepared)}
    pairs = [(path, originals[place]) for path, place in places.items() if place in originals]
    if not pairs:
        raise DataError(
            f"no video of input={prepared!r} lies at the same place as one of against={original!r}: give the two folders "
            "of which videoseq.prepare made one from the other"
        )
    return pairs
