"""Videos longer than a piece, with a class for every frame."""

from pathlib import Path

import numpy as np

from videoseq.data.decoding.demux import scan_video
from videoseq.data.tracks import Segments
from videoseq.data.videos import Video
from videoseq.data.writing import write_video
from videoseq.types import ClipSpec, VideoRecord

CLIP = ClipSpec(height=16, width=16, sampling="all", crop_fraction=0.5)
LENGTHS = (300, 40)


def long_videos(folder: Path, lengths: tuple[int, ...] = LENGTHS) -> list[Video]:
    """Writes videos of noise at 25 frames per second, of class 1 from 0.4 s to 6 s, and returns them."""
    videos = []
    for seed, count in enumerate(lengths):
        path = folder / f"{seed}.mp4"
        noise = np.random.default_rng(seed).integers(0, 255, (count, 8, 8, 3)).astype(np.uint8)
        write_video(path, noise.repeat(4, 1).repeat(4, 2), options={"g": "30"})
        track = Segments(np.array([0.4]), np.array([6.0]), np.array([1]))
        videos.append(Video(VideoRecord(path, ""), scan_video(path), track))
    return videos
