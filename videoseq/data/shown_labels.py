"""Whether the frames that a training shows have labels at all: told before the first of them is decoded."""

import numpy as np
from numpy.typing import NDArray

from videoseq.data.augment_options import TemporalOptions
from videoseq.data.chunks import shown_frames
from videoseq.data.dataset import timeline
from videoseq.data.manifest import Manifest
from videoseq.data.tracks import Track
from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.types import IGNORED, ClipSpec, Split, TaskSpec

_LOST: dict[Split, str] = {"train": "there is nothing to learn from", "val": "no checkpoint can be chosen"}


def check_shown_labels(manifest: Manifest, clip: ClipSpec, temporal: TemporalOptions) -> None:
    """Checks that training and validation each show a frame that has a label, where frames have labels of their own.

    That some source frame has one is known already: see `parts.check_labelled`.

    Args:
        manifest: The videos, of which only those are looked at that come before the first with such a frame.
        clip: How clips are cut.
        temporal: How training clips are varied in time.

    Raises:
        DataError: All frames that are shown lie where nothing is labelled.
    """
    if not manifest.task.per_frame:
        return
    for split, lost in _LOST.items():
        videos = manifest.videos[split]
        frames = (_shown(video, clip, None if split == "val" else temporal) for video in videos)
        labelled = (_has_label(video, shown, manifest.task) for video, shown in zip(videos, frames, strict=True))
        if len(videos) and not any(labelled):
            raise DataError(
                f"none of the frames that the {len(videos)} videos of the split {split} show has a label, so {lost}. Fix: "
                "correct the times in the annotations, or show other frames: clip.frame_stride, clip.target_fps"
            )


def _shown(video: Video, clip: ClipSpec, temporal: TemporalOptions | None) -> NDArray[np.int64]:
    """Returns all source frames of a video that can be shown at some time; None is for a whole video that nothing varies."""
    shown = shown_frames(video, clip)
    is_fixed = clip.sampling == "all" and len(shown) <= clip.max_frames and temporal == TemporalOptions()
    return shown if temporal is None or is_fixed else timeline(video, clip)


def _has_label(video: Video, frames: NDArray[np.int64], task: TaskSpec) -> bool:
    assert isinstance(video.target, Track)
    targets = video.target.at(video.info.frame_seconds[frames])
    return bool((targets != IGNORED if task.has_classes else ~np.isnan(targets)).any())
