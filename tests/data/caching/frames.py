"""Frame caches of small data sets, and the clips that loaders make of them."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from torch import Tensor

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.caching.building import BuiltFrames, FrameBuilder
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.decoding.demux import scan_video
from videoseq.data.loading import ResumableLoader, evaluation_loader
from videoseq.data.manifest import Progress
from videoseq.data.videos import Video
from videoseq.types import ClipSpec, VideoRecord

CLIP = ClipSpec(num_frames=4, height=16, width=16)
STANDARD = AugmentOptions(preset="standard")
NAMES = ["left", "right"]


def videos_of(root: Path, **record: Any) -> list[Video]:
    """Returns the videos of class folders, scanned."""
    paths = sorted(root.rglob("*.mp4"))
    return [
        Video(VideoRecord(path, path.parent.name, **record), scan_video(path), NAMES.index(path.parent.name)) for path in paths
    ]


def build(
    videos: Sequence[Video],
    folder: Path,
    clip: ClipSpec = CLIP,
    augment: AugmentOptions = STANDARD,
    reading: Reading = Reading(),  # noqa: B008
    *,
    num_workers: int = 1,
    progress: Progress = lambda what, total: nullcontext(lambda: None),
) -> BuiltFrames:
    """Returns the frame cache of some videos."""
    return FrameBuilder(videos, clip, augment, reading, folder).build(num_workers, progress)


def clips_of(videos: Sequence[Video], clip: ClipSpec, augment: AugmentOptions, reading: Reading, workers: int) -> list[Tensor]:
    """Returns the clips of two epochs of training, and of validation."""
    train = ResumableLoader(TrainClips(videos, clip, augment, reading, 0, NAMES), 4, workers)
    val = evaluation_loader(EvalClips(videos, clip, reading), 4, workers)
    return [batch.video for loader in (train, train, val) for batch in loader]
