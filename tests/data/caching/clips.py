"""Clips of real videos for the tests of caches, and an encoder that anyone can check."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.batch import ClipBatch
from videoseq.data.caching.shown import AugmentedVariants, CentreViews
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.decoding.demux import scan_video
from videoseq.data.videos import Video
from videoseq.types import ClipSpec, VideoRecord

SPEC = ClipSpec(num_frames=4, height=16, width=16)
NAMES = ["left", "right"]
STANDARD = AugmentOptions("standard")


def videos_of(folder: Path, count: int = 6) -> list[Video]:
    """Returns videos of `folder/class_name/*.mp4`, as many of each class."""
    paths = [path for label in NAMES for path in sorted((folder / label).glob("*.mp4"))[: count // 2]]
    return [Video(VideoRecord(path, path.parent.name), scan_video(path), NAMES.index(path.parent.name)) for path in paths]


def variants_of(
    videos: Sequence[Video],
    num_variants: int = 3,
    augment: AugmentOptions = STANDARD,
    spec: ClipSpec = SPEC,
    reading: Reading = Reading(),  # noqa: B008
    seed: int = 0,
) -> AugmentedVariants:
    """Returns augmented clips of a training split."""
    return AugmentedVariants(TrainClips(videos, spec, augment, reading, seed, NAMES), augment.resolved(), num_variants)


def views_of(videos: Sequence[Video], spec: ClipSpec = SPEC, reading: Reading = Reading()) -> CentreViews:  # noqa: B008
    """Returns the views of a validation split."""
    return CentreViews(EvalClips(videos, spec, reading))


def mean_colours(batch: ClipBatch) -> Tensor:
    """Returns the mean colour of every frame, (B, T, 3)."""
    return batch.video.float().mean((3, 4))


@contextmanager
def no_progress(description: str, total: int) -> Iterator:
    """Shows nothing."""
    yield lambda: None
