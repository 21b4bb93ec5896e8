"""The scanned, validated table of a data set: which videos each split holds, and which are bad."""

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from videoseq.data.annotations import read_annotations
from videoseq.data.decoding import check_decoder
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.labels import LABELS, Values
from videoseq.data.options import DataOptions
from videoseq.data.parts import check_labelled, check_parts, check_tracks
from videoseq.data.records import Records
from videoseq.data.scanning import scan_table
from videoseq.data.splits import assign_splits
from videoseq.data.synthetic import write_synthetic
from videoseq.data.synthetic_options import SyntheticOptions
from videoseq.data.videos import Videos
from videoseq.errors import CheckpointError, DataError
from videoseq.types import SPLITS, FrameFolder, Split, TaskSpec, VideoRecord

logger = logging.getLogger(__name__)

Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
"""Makes a progress bar from (what is done, how many steps); entering it gives the function that advances it."""


@dataclass(frozen=True)
class BadVideo:
    """A video that was left out.

    Attributes:
        record: What the annotations say.
        reason: Why it cannot be used.
    """

    record: VideoRecord
    reason: str


@dataclass(frozen=True)
class Manifest:
    """The videos of a data set.

    Attributes:
        class_names: Class id -> name; of values `value` alone.
        videos: The usable videos of each split, in a fixed order; a split may be empty.
        bad: The videos that were left out.
        task: What the labels are.
    """

    class_names: tuple[str, ...]
    videos: Mapping[Split, Videos]
    bad: tuple[BadVideo, ...]
    task: TaskSpec = field(default_factory=TaskSpec)

    @property
    def num_videos(self) -> int:
        """Usable videos of all splits."""
        return sum(len(videos) for videos in self.videos.values())

    @property
    def class_counts(self) -> dict[str, float]:
        """Class name -> training videos that have it, or its labelled seconds where frames have classes, by class id."""
        counts = LABELS[self.task.name].counts(self.videos["train"], len(self.class_names))
        return dict(zip(self.class_names, counts.tolist(), strict=True))

    @property
    def fitted_task(self) -> TaskSpec:
        """The task, of a regression with mean and standard deviation of the values of the training videos.

        Raises:
            DataError: All of them are the same.
        """
        if self.task.has_classes:
            return self.task
        values = Values.values(self.videos["train"].targets)
        mean, std = float(values.mean()), float(values.std())
        if std == 0:
            raise DataError(
                f"all {len(values)} values of the training videos are {mean:g}; expected different ones. Fix: add videos, or "
                "another data.split.seed"
            )
        return replace(self.task, mean=mean, std=std)

    @property
    def frame_folders(self) -> FrameFolderOptions:
        """How frames lie in its folders, nothing left to a default; all null where the videos are files."""
        tables = [part.records for part in self.videos.values() if (part.records.frames >= 0).any()]
        if not tables:
            return FrameFolderOptions()
        layout = tables[0].layouts[tables[0].frames.max()]
        return FrameFolderOptions(layout.pattern, layout.fps)

    @property
    def median_seconds(self) -> float:
        """Median length of the labelled part of a training video, in seconds."""
        return float(np.median(self.videos["train"].labelled_seconds))


def build_manifest(
    options: DataOptions,
    cache: Path,
    progress: Progress,
    expected_classes: Sequence[str] | None = None,
    task: TaskSpec = TaskSpec(),  # noqa: B008
) -> Manifest:
    """Reads annotations, scans every file once, leaves the bad ones out and assigns the splits.

    Args:
        options: Which videos, and how they are split.
        cache: Folder for the scan's results.
        progress: Makes the progress bar of the scan.
        expected_classes: The classes of a checkpoint; labels outside them are an error. None takes the classes found.
        task: What the labels are.

    Raises:
        ConfigError: Options contradict each other or the data.
        DataError: The annotations or splits are wrong, frames are missing in a folder, a labelled part holds no frame, no
            training or no validation frame has a label, too many videos are bad, or all those of a class.
        CheckpointError: The data has none of the expected classes.
    """
    root = Path(options.root).expanduser() if options.root is not None else None
    annotations = Path(options.annotations).expanduser() if options.annotations is not None else None
    class_names_file = Path(options.class_names).expanduser() if options.class_names is not None else None
    if options.synthetic is not None and root is not None:
        _write_synthetic(options.synthetic, root, progress)
    records = read_annotations(
        root,
        annotations,
        options.format,
        index=options.split.index,
        class_names_file=class_names_file,
        allow_outside_root=options.allow_outside_root,
        frame_folders=options.frame_folders,
        task=task,
    )
    folders = [Path(path or "") for path in records.paths.take(np.flatnonzero(records.frames >= 0))]
    check_decoder("data.decoder", options.decoder, folders, len(records))
    labels = LABELS[task.name]
    found = labels.class_names(records, task)
    if expected_classes is None:
        labels.check_variety(records, found)
    names = found if expected_classes is None else tuple(expected_classes)
    if found and not set(names) & set(found):
        raise CheckpointError(
            f"the checkpoint knows the classes {', '.join(names)}, the data has {', '.join(found)}: "
            "name the data that it was trained on with data.root=DIR"
        )
    labels.check_known(records, names)
    paths = records.paths.names.to_list()
    with progress("scanning", len(paths)) as advance:
        infos = scan_table(
            paths,
            cache_file=scan_file(cache, root or annotations or Path()),
            limits=options.limits,
            num_workers=max(options.workers, 1),
            on_done=advance,
            frames=_layouts(records),
        )
    # Both are in the order of the paths: the number of a record's path is that of its result.
    is_bad = infos.are_bad[records.paths.codes]
    bad = tuple(
        BadVideo(records[position], infos.error(int(records.paths.codes[position])))
        for position in np.flatnonzero(is_bad).tolist()
    )
    refuse_bad(bad, len(records), options)
    good = records.take(np.flatnonzero(~is_bad))
    if expected_classes is None:
        refuse_lost_class(good.labels.used, bad, task)
    check_parts(good, infos, good.paths.codes)
    check_tracks(good, infos, good.paths.codes)
    by_class = task.name == "classification"
    trains = expected_classes is None
    splits = assign_splits(good, infos.contents.take(good.paths.codes), options.split, by_class=by_class, trains=trains)
    everything = Videos(good, infos, good.paths.codes, labels.targets(good, names, task))
    videos = {split: everything.take(np.flatnonzero(splits == code)) for code, split in enumerate(SPLITS)}
    if expected_classes is None:
        check_labelled(videos)
    manifest = Manifest(names, videos, bad, task)
    unseen = [name for name, count in manifest.class_counts.items() if count == 0] if trains else []
    if unseen:
        logger.warning("no training video shows %s, so it cannot be learnt: add videos", ", ".join(map(repr, unseen)))
    return manifest


def _layouts(records: Records) -> dict[str, FrameFolder]:
    """Returns how the frames lie in those of the videos that are folders."""
    having = np.flatnonzero(records.frames >= 0)
    _, first = np.unique(records.paths.codes[having], return_index=True)
    chosen = having[first]
    return {
        path or "": records.layouts[code]
        for path, code in zip(records.paths.take(chosen), records.frames[chosen].tolist(), strict=True)
    }


def _write_synthetic(options: SyntheticOptions, root: Path, progress: Progress) -> None:
    number = options.num_train + options.num_val + options.num_test
    with progress(f"writing {options.name.replace('_', ' ')}", number) as advance:
        write_synthetic(root, options, on_done=advance)


def scan_file(cache: Path, source: Path) -> Path:
    """Returns where the scan results of a data set are kept, in the folder `cache`."""
    return cache / "manifests" / (hashlib.sha256(os.fsencode(source.absolute())).hexdigest()[:16] + ".arrow")


def refuse_bad(bad: Sequence[BadVideo], num_records: int, options: DataOptions) -> None:
    """Says that videos are left out, or refuses it.

    Args:
        bad: The videos that cannot be read.
        num_records: Of how many.
        options: `bad_videos` and `max_bad_fraction` decide.

    Raises:
        DataError: No video, or not as many, may be left out.
    """
    if not bad:
        return
    first = f"{str(bad[0].record.path)!r}: {bad[0].reason}"
    if options.bad_videos == "error":
        raise DataError(f"cannot read {first}; to leave such videos out: data.bad_videos=skip")
    if len(bad) > options.max_bad_fraction * num_records:
        raise DataError(
            f"{len(bad)} of {num_records} videos cannot be read, more than "
            f"data.max_bad_fraction={options.max_bad_fraction}; the first: {first}. "
            "Repair or remove them, or raise data.max_bad_fraction"
        )
    logger.warning("%d of %d videos are left out; the first: %s", len(bad), num_records, first)


def refuse_lost_class(labels: Iterable[str], bad: Sequence[BadVideo], task: TaskSpec = TaskSpec()) -> None:  # noqa: B008
    """Refuses that a class is lost because none of its videos can be read.

    Args:
        labels: The labels of the videos that can be read.
        bad: The videos that cannot.
        task: What the labels are.

    Raises:
        DataError: One is.
    """
    names_in = LABELS[task.name].names_in
    found = {name for label in labels for name in names_in(label)}
    for item in bad:
        for lost in [name for name in names_in(item.record.label) if name not in found]:
            raise DataError(
                f"no video of the class {lost!r} can be read; the first: {str(item.record.path)!r}: "
                f"{item.reason}. Repair them, or remove the class from the data set"
            )
