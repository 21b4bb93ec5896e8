"""How fast the loader gives batches of clips, beside PyTorch's loader over bare decord calls."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from videoseq.benchmarks.comparison import Clock, Comparison, Contender, rate
from videoseq.benchmarks.videos import scanned
from videoseq.data.dataset import EvalClips, Reading
from videoseq.data.loading import evaluation_loader
from videoseq.data.videos import Video
from videoseq.types import ClipSpec, VideoRecord


def compare_loaders(paths: Sequence[Path], spec: ClipSpec, batch_size: int, num_workers: int, repeats: int) -> Comparison:
    """Compares passes over all videos: ours with its readers, and the same frames at the same size with bare decord.

    Ours also checks every file, so that no wrong frame comes through, and reports what cannot be read.

    Args:
        paths: Videos; those that decord does not read exactly are left out.
        spec: The clip.
        batch_size: Clips of a batch.
        num_workers: Processes that decode for each side; without any, CPU seconds are counted, of one thread.
        repeats: Turns of each.

    Raises:
        DataError: decord reads none of the videos exactly.
    """
    from videoseq.benchmarks.peers.decord_loader import decord_clips, decord_loader

    torch.set_num_threads(1)  # more would wait for each other and be counted for it
    infos = scanned(paths)
    videos = [Video(VideoRecord(info.path, ""), info) for info in infos]

    def ours(decoder: str) -> Callable[[], float]:
        clips = EvalClips(videos, spec, Reading(decoder, bad_videos="error"))
        loader = evaluation_loader(clips, batch_size, num_workers)
        return rate(lambda: sum(len(batch) for batch in loader), clock)

    clock: Clock = "wall" if num_workers else "CPU"
    peer = decord_loader(decord_clips(videos, spec), batch_size, num_workers)
    contenders = [
        *(Contender(f"videoseq, {decoder}", ours(decoder), is_ours=True) for decoder in ("auto", "decord", "pyav")),
        Contender("DataLoader of bare decord", rate(lambda: sum(len(clips) for clips, _ in peer), clock), aim=0.95),
    ]
    unit = f"clips per second, {num_workers} workers" if num_workers else "clips per CPU second"
    title = f"batches of {batch_size}, {len(infos)} clips, {spec.num_frames} frames at {spec.height}x{spec.width}"
    return Comparison(title, unit, contenders).run(repeats)
