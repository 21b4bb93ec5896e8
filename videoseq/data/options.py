"""Options of the data room, free of torch so that a configuration is checked before it is imported."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from videoseq.data.annotation_format import AnnotationFormat
from videoseq.data.caching.choosing import CacheOption
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.split_options import SplitOptions
from videoseq.data.synthetic_options import SYNTHETIC_SETS, SyntheticOptions
from videoseq.errors import ConfigError
from videoseq.types import ClipSpec, Limits, TaskSpec


@dataclass(frozen=True)
class DataOptions:
    """Which videos, how they are split and read.

    Attributes:
        root: Folder of the data set: `class_name/*.mp4`, `train|val|test/class_name/*.mp4`, or what a CSV's paths start from.
        annotations: CSV file `path,label[,split,group,start_seconds,end_seconds]`; `annotations.csv` in the root is found.
            Other tasks have `labels`, names with `|` in between, or `value` in place of `label`. Labels of frames are
            `path,start_seconds,end_seconds,label[,split,group]`, found as `segments.csv`, or for values
            `path,time_seconds,value[,split,group]`, found as `values.csv`. For other formats their list, or the folder of
            their lists, where these are not at their usual place in the root.
        format: `auto`: the CSV where there is one, else class folders. `list`: `train.txt`, `val.txt`, `test.txt` with
            `path label` in every line. The others are the data sets as their authors hand them out.
        class_names: File that names the classes of a `list` whose labels are integers: a line per class, or `id name`;
            `classInd.txt`, `labels.txt` or `classes.txt` beside the list is found.
        frame_folders: Folders of extracted frames as videos.
        allow_outside_root: Whether annotations may name files outside the root.
        decoder: Which reader: `auto` is PyAV for files, the fastest exact one; folders of frames have their own. `decord`
            refuses files that it would read wrongly. `torchcodec` and `torchcodec_cuda` need the extra `torchcodec` and a
            system FFmpeg; the latter decodes on a CUDA GPU, in this process alone (`num_workers=0`), and its pixels are not
            quite the others'.
        skip_loop_filter: Whether PyAV leaves out the filter that smooths the edges of blocks: decoding takes about an eighth
            less time and is no longer exact, by about 1 of 255 on average. Files in H.264, HEVC and VP8 have that filter, for
            others it changes nothing.
        batch_size: Clips of a batch on each device; a step of training takes as many from every device.
        num_workers: Processes that decode for each device; null is one per core, at most 8.
        sampler: Which videos an epoch of training visits: `shuffled`: each once; `balanced`: as many in all, but every class
            equally often, so videos of rare classes come several times, each time augmented anew; for videos of one class each.
        bucketing: `length`: the clips of a training batch are of similar length, so that less of it is padding; which of them
            share a batch is another in every epoch. `auto`: where clips differ in length (`clip.sampling=all` or
            `clip.padding=mask`). `none`: batches are taken from the order as it comes.
        bad_videos: `skip` leaves videos that cannot be read out, counts and lists them in `bad_videos.csv`; `error` stops.
        max_bad_fraction: Share of bad videos above which the run stops all the same.
        limits: What one file may ask of the machine.
        cache: What is kept on disk below `paths.cache`, so that no epoch and no later run makes it again. `features`: what a
            frozen encoder makes of every clip; training then decodes nothing and runs no CNN. `frames`: decoded frames, for an
            encoder that is trained. `auto`: `features` where the encoder stays frozen, no clips are mixed, and labels of
            frames, if there are any, are trained on in whole videos (`training.tbptt_frames`), else `none`.
        cache_variants: Augmented variants of every training video that `cache=features` keeps, at most one for each epoch;
            epoch after epoch shows another one of them.
        cache_limit_gb: The most that `features`, or `frames`, may take on disk below `paths.cache`, those of other options and
            data sets included, in 10^9 bytes; a run that needs more stops before it makes any.
        split: How train, val and test are made.
        synthetic: A data set to be written first, below `root`, where it is not there yet.
    """

    root: str | None = None
    annotations: str | None = None
    format: AnnotationFormat = "auto"
    class_names: str | None = None
    frame_folders: FrameFolderOptions = field(default_factory=FrameFolderOptions)
    allow_outside_root: bool = False
    decoder: Literal["auto", "decord", "pyav", "torchcodec", "torchcodec_cuda"] = "auto"
    skip_loop_filter: bool = False
    batch_size: int = 16
    num_workers: int | None = None
    sampler: Literal["shuffled", "balanced"] = "shuffled"
    bucketing: Literal["auto", "length", "none"] = "auto"
    bad_videos: Literal["skip", "error"] = "skip"
    max_bad_fraction: float = 0.05
    limits: Limits = field(default_factory=Limits)
    cache: CacheOption = "auto"
    cache_variants: int = 4
    cache_limit_gb: float = 50.0
    split: SplitOptions = field(default_factory=SplitOptions)
    synthetic: SyntheticOptions | None = field(default=None, metadata={"family": SYNTHETIC_SETS.get, "names": SYNTHETIC_SETS})

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ConfigError(f"batch_size must be at least 1, got {self.batch_size}")
        if self.num_workers is not None and self.num_workers < 0:
            raise ConfigError(f"num_workers must be 0, more, or null, got {self.num_workers}")
        if self.cache_variants < 1:
            raise ConfigError(f"cache_variants must be at least 1, got {self.cache_variants}")
        if not self.cache_limit_gb > 0:
            raise ConfigError(f"cache_limit_gb must be positive, got {self.cache_limit_gb}")
        if self.skip_loop_filter and self.decoder not in ("auto", "pyav"):
            raise ConfigError(
                f"skip_loop_filter=true is for PyAV, got decoder={self.decoder}: use data.decoder=auto or data.decoder=pyav"
            )
        if self.decoder == "torchcodec_cuda" and self.num_workers != 0:
            raise ConfigError(
                f"decoder=torchcodec_cuda decodes on the GPU in the training process, got num_workers={self.num_workers}: "
                "use data.num_workers=0"
            )
        if not 0 <= self.max_bad_fraction <= 1:
            raise ConfigError(f"max_bad_fraction must lie in [0, 1], got {self.max_bad_fraction}")

    def check_effect(self, clip: ClipSpec) -> None:
        """Refuses to sort clips by a length that all of them have.

        Raises:
            ConfigError: `bucketing` changes nothing.
        """
        if self.bucketing == "length" and not clip.varies_in_length:
            raise ConfigError(
                f"data.bucketing=length changes nothing: with clip.sampling={clip.sampling} and clip.padding={clip.padding} "
                f"all clips have {clip.num_frames} frames; leave it out, or set clip.sampling=all or clip.padding=mask"
            )

    def check_task(self, task: TaskSpec) -> None:
        """Refuses what only videos of one class each can have.

        Raises:
            ConfigError: `sampler` is `balanced`, and the task another.
        """
        if self.sampler == "balanced" and task.name != "classification":
            raise ConfigError(
                "data.sampler=balanced shows videos of every class equally often, which is for videos of one class each, got "
                f"task.name={task.name}. Fix: leave it out"
            )

    @property
    def workers(self) -> int:
        """Processes that decode for the one device: `num_workers`, or one per core that this process may use, at most 8."""
        return self.workers_of(1)

    def workers_of(self, devices: int) -> int:
        """Returns the processes that decode for each of several devices that share the machine's cores."""
        return most_workers(devices) if self.num_workers is None else self.num_workers

    def is_bucketed(self, clip: ClipSpec) -> bool:
        """Says whether the clips of a training batch are of similar length, because `bucketing` asks for it and they differ."""
        return self.bucketing != "none" and clip.varies_in_length

    def with_absolute_paths(self) -> "DataOptions":
        """Returns options that mean the same files from any working folder."""
        root, annotations, class_names = (
            None if path is None else str(Path(path).expanduser().absolute())
            for path in (self.root, self.annotations, self.class_names)
        )
        return replace(self, root=root, annotations=annotations, class_names=class_names)


def most_workers(devices: int) -> int:
    """Returns the processes that decode for each of several devices: one per core that this process may use, at most 8."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min(cores // devices, 8), 1)
