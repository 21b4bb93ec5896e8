"""Options of the data room, free of torch so that a configuration is checked before it is imported."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from videoseq.data.splits import SplitOptions
from videoseq.errors import ConfigError
from videoseq.types import Limits


@dataclass(frozen=True)
class SyntheticOptions:
    """A data set that the program writes itself, below `data.root`, where it is not there yet.

    Attributes:
        name: `moving_shapes`: a shape on a random background in one of eight motions.
        num_train: Videos of the training split, a multiple of the eight motions.
        num_val: Videos of the validation split, likewise.
        num_test: Videos of the test split, likewise.
        size: Height and width in pixels.
        num_frames: Frames of a video.
        seed: Seed of everything drawn.
    """

    name: Literal["moving_shapes"] = "moving_shapes"
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
        annotations: CSV file `path,label[,split,group,start_seconds,end_seconds]`; `annotations.csv` in the root is found.
        format: `auto`: the CSV where there is one, else class folders.
        allow_outside_root: Whether annotations may name files outside the root.
        decoder: Which reader: `auto` is decord where it is exact for the file, else PyAV.
        batch_size: Clips of a batch.
        num_workers: Processes that decode; null is one per core, at most 8.
        bad_videos: `skip` leaves videos that cannot be read out, counts and lists them in `bad_videos.csv`; `error` stops.
        max_bad_fraction: Share of bad videos above which the run stops all the same.
        limits: What one file may ask of the machine.
        split: How train, val and test are made.
        synthetic: A data set to be written first.
    """

    root: str | None = None
    annotations: str | None = None
    format: Literal["auto", "folders", "csv"] = "auto"
    allow_outside_root: bool = False
    decoder: Literal["auto", "decord", "pyav"] = "auto"
    batch_size: int = 16
    num_workers: int | None = None
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
        """Processes that decode: `num_workers`, or one per core that this process may use, at most 8."""
        if self.num_workers is not None:
            return self.num_workers
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cores, 8)

    def with_absolute_paths(self) -> "DataOptions":
        """Returns options that mean the same files from any working folder."""
        root, annotations = (
            None if path is None else str(Path(path).expanduser().absolute()) for path in (self.root, self.annotations)
        )
        return replace(self, root=root, annotations=annotations)
