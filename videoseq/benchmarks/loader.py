"""How fast the loader gives clips, beside bare decord on the same files, frames and size."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch

from videoseq.data.dataset import EvalClips, Reading
from videoseq.data.loading import evaluation_loader
from videoseq.data.sampling import sample_clip
from videoseq.data.scanning import scan_videos
from videoseq.data.transforms import decode_size
from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.types import ClipSpec, Limits, VideoRecord

Pass = Callable[[], int]


def measure_loader(paths: Sequence[Path], spec: ClipSpec, repeats: int) -> dict[str, Any]:
    """Returns clips per second of the loader and of bare decord, one thread each, medians of interleaved repeats.

    Bare decord opens a file, decodes the clip's frames at the size from which the loader cuts its crop, and throws them
    away. The loader also checks, crops, converts and collates. Seconds are those of the process on all cores.

    Args:
        paths: Videos that decord reads exactly.
        spec: The clip.
        repeats: How often each side passes over all videos.

    Raises:
        DataError: None of the videos is safe for decord.
    """
    # More threads would wait for each other and be counted for it.
    torch.set_num_threads(1)
    infos = scan_videos(paths, cache_file=None, limits=Limits(), num_workers=1)
    videos = [Video(VideoRecord(path, ""), info) for path, info in infos.items() if info.decord_safe]
    if not videos:
        raise DataError(f"none of {len(paths)} videos can be read by decord: name other videos with input=DIR")
    passes: dict[str, Pass] = {
        "bare_decord": lambda: _bare_decord(videos, spec),
        "loader_decord": lambda: _loader(videos, spec, "decord"),
        "loader_pyav": lambda: _loader(videos, spec, "pyav"),
    }
    rates: dict[str, list[float]] = {name: [] for name in passes}
    for turn in range(repeats + 1):
        for name, run in passes.items():
            started = time.process_time()
            clips = run()
            if turn:  # the first pass fills the file cache
                rates[name].append(clips / (time.process_time() - started))
    summary = {name: median(values) for name, values in rates.items()}
    ratios = {
        name: median(own / bare for own, bare in zip(rates[name], rates["bare_decord"], strict=True))
        for name in ("loader_decord", "loader_pyav")
    }
    return {
        "num_videos": len(videos),
        "num_frames": spec.num_frames,
        "height": spec.height,
        "width": spec.width,
        "repeats": repeats,
        "clips_per_cpu_second": summary,
        "ratio_to_bare_decord": ratios,
    }


def _bare_decord(videos: Sequence[Video], spec: ClipSpec) -> int:
    import decord

    for video in videos:
        height, width = decode_size(video.info.height, video.info.width, spec)
        reader = decord.VideoReader(str(video.info.path), ctx=decord.cpu(0), width=width, height=height, num_threads=1)
        reader.get_batch(sample_clip(len(reader), spec, rng=None)).asnumpy()
    return len(videos)


def _loader(videos: Sequence[Video], spec: ClipSpec, decoder: str) -> int:
    clips = EvalClips(videos, spec, Reading(decoder, bad_videos="error"))
    return sum(len(batch) for batch in evaluation_loader(clips, batch_size=16, num_workers=0))
