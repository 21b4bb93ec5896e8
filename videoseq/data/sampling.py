"""Which frames make a clip: pure integer arithmetic, no decoding.

A video's *timeline* is the list of its source frames that may be used at all: those between `start_seconds` and
`end_seconds`, resampled to `target_fps` where that is set. A clip is a list of positions on that timeline.

`f` is a frame that is taken, `x` one that is skipped; T = `num_frames`, n = frames of the timeline.

    uniform      T=4, n=12:               xfxxfxxfxxfx     the middle of each of T equal segments
    segments     T=4, n=12, in training:  fxxxxfxfxxxf     one frame drawn from each segment
    random_clip  T=3, frame_stride=3:     xxfxxfxxfxxx     clip_span = 7: fxxfxxf
    all          frame_stride=3, n=12:    fxxfxxfxxfxx     as many as there are, at most max_frames
"""

import numpy as np
from numpy.typing import NDArray

from videoseq.errors import ConfigError, DataError
from videoseq.types import ClipSpec, VideoInfo

_TOLERANCE_TICKS = 1e-3
"""Seconds are decimals, timestamps are whole ticks: the rounding between both must not move a frame over a border."""


def available_frames(
    info: VideoInfo, *, start_seconds: float | None, end_seconds: float | None, target_fps: float | None
) -> NDArray[np.int64]:
    """Returns the timeline: the source frames between two times, resampled to a frame rate.

    A frame belongs to the range where `start_seconds <= its time < end_seconds`. With `target_fps` the timeline holds
    the frame on display at each k / target_fps seconds after the range's first frame: the last one that is not later.
    Timestamps decide, so a variable frame rate is resampled correctly.

        source at 30 fps, target_fps=10:  fxxfxxfxxf
        source at 5 fps, target_fps=10:   ff ff ff ff      (each frame twice)

    Args:
        info: The scanned video.
        start_seconds: Start of the range; None is the start of the video.
        end_seconds: End of the range, exclusive; None is the end of the video.
        target_fps: Frames per second of the timeline; None keeps every source frame.

    Returns:
        Indices of source frames, (n,) int64, ascending, n >= 1; doubled where `target_fps` exceeds the source's.

    Raises:
        DataError: No frame lies in the range.
    """
    tick = float(info.time_base)
    ticks = info.pts - info.first_pts  # (num_frames,)
    bounds = (np.array([np.nan if seconds is None else seconds]) for seconds in (start_seconds, end_seconds))
    first, stop = (int(index[0]) for index in part_bounds(info, *bounds))
    if first >= stop:
        last = f", the last frame at {ticks[-1] * tick:.3f} s" if len(ticks) else ""
        until = "the end" if end_seconds is None else f"{end_seconds:g} s"
        raise DataError(
            f"{str(info.path)!r}: no frame from {start_seconds or 0:g} s to {until}: the video has {info.num_frames} "
            f"frames{last}. "
            "Fix: correct start_seconds and end_seconds of this video"
        )
    if target_fps is None:
        return np.arange(first, stop, dtype=np.int64)
    high = np.inf if end_seconds is None else end_seconds / tick - _TOLERANCE_TICKS
    end = min(high, info.duration_seconds / tick) if stop == len(ticks) else high
    step = 1 / (target_fps * tick)  # ticks from one frame of the timeline to the next
    count = max(1, int(np.ceil((end - _TOLERANCE_TICKS - ticks[first]) / step)))
    times = ticks[first] + step * np.arange(count)  # (n,)
    shown = np.searchsorted(ticks, times + _TOLERANCE_TICKS, side="right") - 1
    timeline: NDArray[np.int64] = np.minimum(shown, stop - 1).astype(np.int64)
    return timeline


def part_bounds(
    info: VideoInfo, starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the first frame of each of many parts of a video, and the first behind it; a part without frames has these equal.

    Args:
        info: The scanned video.
        starts: Start of each part, (n,) seconds, NaN where that is the start of the video.
        ends: End of each part, exclusive, (n,) seconds, NaN where that is the end of the video.

    Returns:
        Two arrays (n,) int64 of indices of source frames.
    """
    tick = float(info.time_base)
    ticks = info.pts - info.first_pts  # (num_frames,)
    low = np.where(np.isnan(starts), 0.0, starts / tick - _TOLERANCE_TICKS)
    high = np.where(np.isnan(ends), np.inf, ends / tick - _TOLERANCE_TICKS)
    return np.searchsorted(ticks, low), np.searchsorted(ticks, high)


def sample_clip(
    num_available: int, spec: ClipSpec, *, rng: np.random.Generator | None, view: int = 0, num_views: int = 1
) -> NDArray[np.int64]:
    """Returns the positions of one clip on a timeline of `num_available` frames.

    With n = num_available, T = spec.num_frames, v = view and V = num_views:

    - `uniform`: position k is `floor((k + (v + 0.5) / V) * n / T)`; `rng` is never used.
    - `segments`: the same without `rng`; with it a random frame of each segment `[k * n // T, (k + 1) * n // T)`.
    - `random_clip`: T frames `frame_stride` apart. With `rng` the start is drawn; without it the V starts are spread
      evenly over the legal range, both ends included, and V = 1 takes the middle.
    - `all`: every `frame_stride`-th frame; where that is more than `max_frames`, a run of `max_frames` of them which
      starts as a `random_clip` does.

    A timeline shorter than the clip (n < T for `uniform` and `segments`, n < clip_span for `random_clip`) is extended
    by `spec.padding`: `loop` 0 1 2 0 1 2, `repeat_last` 0 1 2 2 2 2, `mask` 0 1 2 (fewer positions; batching pads).

    Args:
        num_available: n, frames of the timeline.
        spec: What a clip is.
        rng: Source of random numbers in training; None is deterministic, for validation, test and prediction.
        view: v, which of the evenly spread clips.
        num_views: V, how many of them there are.

    Returns:
        Positions in `[0, num_available)`, int64, ascending but for `loop`: (T,); fewer for `mask` on a short timeline;
        for `all` any number from 1 to `max_frames`.

    Raises:
        DataError: There is no frame.
        ConfigError: `view` is not in `[0, num_views)`, or the sampling is unknown.
    """
    if num_available < 1:
        raise DataError(f"a clip needs at least one frame, got {num_available}. Fix: remove the empty video")
    if not 0 <= view < num_views:
        raise ConfigError(f"view must lie in [0, num_views), got view={view} and num_views={num_views}")
    n, count = num_available, spec.num_frames
    steps = np.arange(count, dtype=np.int64)  # (T,)
    if spec.sampling in ("uniform", "segments"):
        if n < count:
            return _pad(steps, n, spec)
        if rng is None or spec.sampling == "uniform":
            # Whole numbers only: ((2Vk + 2v + 1) * n) // (2VT) is the formula above without its rounding errors.
            return (2 * num_views * steps + 2 * view + 1) * n // (2 * num_views * count)
        return rng.integers(steps * n // count, (steps + 1) * n // count)
    if spec.sampling == "random_clip":
        if n < spec.clip_span:
            return _pad(steps * spec.frame_stride, n, spec)
        return _start(n - spec.clip_span, rng, view, num_views) + steps * spec.frame_stride
    if spec.sampling == "all":
        run = np.arange(0, n, spec.frame_stride, dtype=np.int64)
        if len(run) <= spec.max_frames:
            return run
        run = run[: spec.max_frames]
        return _start(n - 1 - int(run[-1]), rng, view, num_views) + run
    raise ConfigError(f"unknown sampling {spec.sampling!r}. Known: all, random_clip, segments, uniform")


def _pad(wanted: NDArray[np.int64], n: int, spec: ClipSpec) -> NDArray[np.int64]:
    """Brings positions that run over the end of a short timeline back into it."""
    if spec.padding == "loop":
        return wanted % n
    if spec.padding == "repeat_last":
        return np.minimum(wanted, n - 1)
    return wanted[wanted < n]


def _start(last: int, rng: np.random.Generator | None, view: int, num_views: int) -> int:
    """Returns a start in `[0, last]`."""
    if rng is not None:
        return int(rng.integers(0, last + 1))
    return last // 2 if num_views == 1 else view * last // (num_views - 1)
