"""How fast clips are read, beside other libraries, on one thread."""

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from videoseq.benchmarks.comparison import Comparison, Contender, rate
from videoseq.benchmarks.long_video import write_long_video
from videoseq.benchmarks.peers import DECODING_PEERS, INSTALL, ReadClip
from videoseq.benchmarks.videos import scanned
from videoseq.data.decoding import choose_reader, read_frames
from videoseq.data.sampling import sample_clip
from videoseq.errors import DataError, VideoseqError
from videoseq.types import ClipSpec, VideoInfo

UNIT = "clips per CPU second"
OURS = "videoseq, auto"
_NUM_CHECKED = 5
_ROW_STARTS = (0.3, 0.6)
_LONG_AIM = 0.95

Job = tuple[VideoInfo, NDArray[np.int64]]
Read = Callable[[VideoInfo, NDArray[np.int64]], NDArray[np.uint8]]


def compare_decoding(paths: Sequence[Path], spec: ClipSpec, repeats: int, long_seconds: float) -> list[Comparison]:
    """Reads the same frames at the same size with ours and with every peer that is installed.

    Ours reads with what its scan found, which a training makes once for all epochs and which is not timed; the peers open
    each file anew, as their users do.

    Args:
        paths: Videos; those that decord does not read exactly are left out, so that all read the same.
        spec: The clip: its frames, and its height and width as the size to read at.
        repeats: Turns of each.
        long_seconds: Length of a long video that is made from these and read in two further comparisons; 0 makes none.

    Raises:
        DataError: decord reads none of the videos exactly.
        VideoseqError: A peer cannot read a video.
    """
    infos = scanned(paths)
    whole = [(info, np.unique(sample_clip(info.num_frames, spec, rng=None))) for info in infos]
    comparisons = [_compare(f"{len(infos)} clips, {_described(spec)}", whole, spec, repeats)]
    if long_seconds:
        with tempfile.TemporaryDirectory(prefix="videoseq-benchmark-") as folder:
            (info,) = scanned([write_long_video(infos, Path(folder) / "long.mp4", long_seconds)])
            named = f"a video of {info.duration_seconds:.0f} s, {info.width}x{info.height}"
            spread = [(info, np.unique(sample_clip(info.num_frames, spec, rng=None)))]
            comparisons.append(_compare(f"{named}: {spec.num_frames} frames from all over", spread, spec, repeats, _LONG_AIM))
            last = max(info.num_frames - spec.num_frames, 0)
            row = np.arange(min(spec.num_frames, info.num_frames))
            rows = [(info, int(last * share) + row) for share in _ROW_STARTS]
            comparisons.append(_compare(f"{named}: {spec.num_frames} frames in a row", rows, spec, repeats, _LONG_AIM))
    return comparisons


def compare_prepared(pairs: Sequence[tuple[Path, Path]], spec: ClipSpec, repeats: int) -> Comparison:
    """Reads the same clips from prepared videos and from the original ones.

    Args:
        pairs: Each prepared video and its original.
        spec: The clip: its frames, and its height and width as the size to read at.
        repeats: Turns of each.

    Raises:
        DataError: decord reads none of the videos exactly.
    """
    ours = partial(read_frames, size=(spec.height, spec.width))
    found = {info.path: info for info in scanned([path for pair in pairs for path in pair])}
    both = [pair for pair in pairs if found.keys() >= set(pair)]
    sides = [
        [(found[path], np.unique(sample_clip(found[path].num_frames, spec, rng=None))) for path in side]
        for side in zip(*both, strict=True)
    ]
    if not sides:
        raise DataError("none of the prepared videos and their originals can be compared: both must be safe for decord")
    contenders = [
        Contender(f"{OURS}, prepared", _pass(sides[0], ours), is_ours=True),
        Contender(f"{OURS}, original", _pass(sides[1], ours), aim=8),
    ]
    _one_thread()
    return Comparison(f"{len(both)} prepared clips, {_described(spec)}", UNIT, contenders).run(repeats)


def _compare(title: str, jobs: Sequence[Job], spec: ClipSpec, repeats: int, aim: float | None = None) -> Comparison:
    """Compares ours with every peer; `aim`, where it is given, takes the place of theirs."""
    _one_thread()
    size = (spec.height, spec.width)
    exact, lossy = partial(read_frames, size=size), partial(read_frames, size=size, skip_loop_filter=True)
    contenders = [
        Contender(OURS, _pass(jobs, exact), is_ours=True),
        Contender("videoseq, skip_loop_filter", _pass(jobs, lossy), is_ours=True),
    ]
    differences, notes = [f"skip_loop_filter {_difference(exact, lossy, jobs):.1f}"], []
    for peer in DECODING_PEERS:
        try:
            read = peer.load()
        except ImportError as error:
            notes.append(f"{peer.name}: not installed ({error}): {INSTALL}")
            continue
        theirs = partial(_read_with_peer, peer.name, read, size)
        differences.append(f"{peer.name} {_difference(exact, theirs, jobs):.1f}")
        contenders.append(Contender(peer.name, _pass(jobs, theirs), aim=aim or peer.aim))
    readers = Counter(choose_reader(info) for info, _ in jobs)
    notes.insert(0, "auto took " + ", ".join(f"{reader} for {count}" for reader, count in readers.items()) + " reads")
    notes.insert(1, f"mean difference from the pixels of ours, of 255: {', '.join(differences)}")
    return Comparison(title, UNIT, contenders, notes=notes).run(repeats)


def _pass(jobs: Sequence[Job], read: Read) -> Callable[[], float]:
    """Returns the measurement of reading all clips."""

    def work() -> int:
        for info, indices in jobs:
            read(info, indices)
        return len(jobs)

    return rate(work, "CPU")


def _read_with_peer(
    name: str, read: ReadClip, size: tuple[int, int], info: VideoInfo, indices: NDArray[np.int64]
) -> NDArray[np.uint8]:
    try:
        return read(info.path, indices.tolist(), size)
    except Exception as error:  # each library has its own
        raise VideoseqError(f"{name} cannot read {str(info.path)!r}: {error}; name other videos with input=DIR") from error


def _difference(expected: Read, other: Read, jobs: Sequence[Job]) -> float:
    """Returns the mean difference of two ways' pixels, of 255, over the first clips."""
    pairs = [(expected(*job).astype(np.int16), other(*job)) for job in jobs[:_NUM_CHECKED]]
    return float(np.mean([np.abs(one - another).mean() for one, another in pairs]))


def _described(spec: ClipSpec) -> str:
    return f"{spec.num_frames} frames at {spec.height}x{spec.width}"


def _one_thread() -> None:
    # More threads would wait for each other and be counted for it.
    torch.set_num_threads(1)
