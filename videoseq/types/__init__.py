"""Value objects that the rooms hand to each other, each validated at birth."""

from videoseq.types.clips import ClipSpec
from videoseq.types.plain import plain_dict
from videoseq.types.seeds import derive_seed
from videoseq.types.tasks import IGNORED, LESS_IS_BETTER, TaskName, TaskSpec
from videoseq.types.videos import (
    IMAGE_SUFFIXES,
    LONE_FRAME_SECONDS,
    SPLITS,
    FrameFolder,
    Limits,
    Split,
    VideoInfo,
    VideoRecord,
)

__all__ = [
    "IGNORED",
    "IMAGE_SUFFIXES",
    "LESS_IS_BETTER",
    "LONE_FRAME_SECONDS",
    "SPLITS",
    "ClipSpec",
    "FrameFolder",
    "Limits",
    "Split",
    "TaskName",
    "TaskSpec",
    "VideoInfo",
    "VideoRecord",
    "derive_seed",
    "plain_dict",
]
