"""Options of the data room, free of torch so that a configuration is checked before it is imported."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from videoseq.data.annotations import AnnotationFormat
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.splits import SplitOptions
from videoseq.errors import ConfigError
from videoseq.types import Limits


@dataclass(frozen=True)
class SyntheticOptions:
    """A data set that the program writes itself, below `data.root`, where it is not there yet.

    Attributes:
        name: `moving_shapes`: a shape on a random background in one of eight motions, which no single frame gives away.
            `coloured_shapes`: one of eight shapes in any colour on a noisy background, which every frame shows.
        num_train: Videos of the training split, a multiple of the eight classes.
        num_val: Videos of the validation split, likewise.
        num_test: Videos of the test split, likewise.
        size: Height and width in pixels.
        num_frames: Frames of a video.
        seed: Seed of everything drawn.
    """

    name: Literal["moving_shapes", "coloured_shapes"] = "moving_shapes"
    num_train: int = 1000
    num_val: int = 200
    num_test: int = 200
    size: int = 64
    num_frames: int = 28
    seed: int = 0


@dataclass(frozen=True)
class DataOptions:
    """Which videos, how they are split and read.

    Attributes:
        root: Folder of the data set: `class_name/*.mp4`, `train|val|test/class_name/*.mp4`, or what a CSV's paths start from.
        annotations: CSV file `path,label[,split,group,start_seconds,end_seconds]`; `annotations.csv` in the root is found. For
            other formats their list, or the folder of their lists, where these are not at their usual place in the root.
        format: `auto`: the CSV where there is one, else class folders. `list`: `train.txt`, `val.txt`, `test.txt` with
            `path label` in every line. The others are the data sets as their authors hand them out.
        class_names: File that names the classes of a `list` whose labels are integers: a line per class, or `id name`;
            `classInd.txt`, `labels.txt` or `classes.txt` beside the list is found.
        frame_folders: Folders of extracted frames as videos.
        allow_outside_root: Whether annotations may name files outside the root.
        decoder: Which reader: `auto` is decord where it is exact for the file, else PyAV; folders of frames have their own.
        batch_size: Clips of a batch on each device; a step of training takes as many from every device.
        num_workers: Processes that decode for each device; null is one per core, at most 8.
        sampler: Which videos an epoch of training visits: `shuffled`: each once; `balanced`: as many in all, but every class
            equally often, so videos of rare classes come several times, each time augmented anew.
        bad_videos: `skip` leaves videos that cannot be read out, counts and lists them in `bad_videos.csv`; `error` stops.
        max_bad_fraction: Share of bad videos above which the run stops all the same.
        limits: What one file may ask of the machine.
        split: How train, val and test are made.
        synthetic: A data set to be written first.
    """

    root: str | None = None
    annotations: str | None = None
    format: AnnotationFormat = "auto"
    class_names: str | None = None
    frame_folders: FrameFolderOptions = field(default_factory=FrameFolderOptions)
    allow_outside_root: bool = False
    decoder: Literal["auto", "decord", "pyav"] = "auto"
    batch_size: int = 16
    num_workers: int | None = None
    sampler: Literal["shuffled", "balanced"] = "shuffled"
    bad_videos: Literal["skip", "error"] = "skip"
    max_bad_fraction: float = 0.05
    limits: Limits = field(default_factory=Limits)
    split: SplitOptions = field(default_factory=SplitOptions)
    synthetic: SyntheticOptions | None = None

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ConfigError(f"batch_size must be at least 1, got {self.batch_size}")
        if self.num_workers is not None and self.num_workers < 0:
            raise ConfigError(f"num_workers must be 0, more, or null, got {self.num_workers}")
        if not 0 <= self.max_bad_fraction <= 1:
            raise ConfigError(f"max_bad_fraction must lie in [0, 1], got {self.max_bad_fraction}")

    @property
    def workers(self) -> int:
        """Processes that decode for the one device: `num_workers`, or one per core that this process may use, at most 8."""
        return self.workers_of(1)

    def workers_of(self, devices: int) -> int:
        """Returns the processes that decode for each of several devices that share the machine's cores."""
        if self.num_workers is not None:
            return self.num_workers
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return max(min(cores // devices, 8), 1)

    def with_absolute_paths(self) -> "DataOptions":
        """Returns options that mean the same files from any working folder."""
        root, annotations, class_names = (
            None if path is None else str(Path(path).expanduser().absolute())
            for path in (self.root, self.annotations, self.class_names)
        )
        return replace(self, root=root, annotations=annotations, class_names=class_names)
