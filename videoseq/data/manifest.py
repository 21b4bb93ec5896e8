"""The scanned, validated table of a data set: which videos each split holds, and which are bad."""

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from videoseq.data.annotations import check_labels, check_two_classes, class_names, read_annotations
from videoseq.data.decoding import check_decoder, choose_reader
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.options import DataOptions, SyntheticOptions
from videoseq.data.sampling import available_frames
from videoseq.data.scanning import scan_videos
from videoseq.data.splits import assign_splits
from videoseq.data.synthetic import write_synthetic
from videoseq.data.videos import Video
from videoseq.errors import CheckpointError, DataError
from videoseq.types import SPLITS, Split, VideoInfo, VideoRecord

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
        class_names: Class id -> name.
        videos: The usable videos of each split, in a fixed order; a split may be empty.
        bad: The videos that were left out.
    """

    class_names: tuple[str, ...]
    videos: Mapping[Split, tuple[Video, ...]]
    bad: tuple[BadVideo, ...]

    @property
    def num_videos(self) -> int:
        """Usable videos of all splits."""
        return sum(len(videos) for videos in self.videos.values())

    @property
    def class_counts(self) -> dict[str, int]:
        """Class name -> training videos, in the order of the class ids."""
        counts = Counter(video.target for video in self.videos["train"])
        return {name: counts[target] for target, name in enumerate(self.class_names)}

    @property
    def frame_folders(self) -> FrameFolderOptions:
        """How frames lie in its folders, nothing left to a default; all null where the videos are files."""
        videos = (video for part in self.videos.values() for video in part)
        frames = next((video.record.frames for video in videos if video.record.frames is not None), None)
        return FrameFolderOptions() if frames is None else FrameFolderOptions(frames.pattern, frames.fps)

    @property
    def median_seconds(self) -> float:
        """Median length of the labelled part of a training video, in seconds."""
        return median(_labelled_seconds(video) for video in self.videos["train"])


def build_manifest(
    options: DataOptions, cache: Path, progress: Progress, expected_classes: Sequence[str] | None = None
) -> Manifest:
    """Reads annotations, scans every file once, leaves the bad ones out and assigns the splits.

    Args:
        options: Which videos, and how they are split.
        cache: Folder for the scan's results.
        progress: Makes the progress bar of the scan.
        expected_classes: The classes of a checkpoint; labels outside them are an error. None takes the classes found.

    Raises:
        ConfigError: Options contradict each other or the data.
        DataError: The annotations or splits are wrong, frames are missing in a folder, a labelled part holds no frame, too
            many videos are bad, or all those of a class.
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
    )
    folders = [record.path for record in records if record.frames is not None]
    check_decoder("data.decoder", options.decoder, folders, len(records))
    if expected_classes is None:
        check_two_classes(records)
    names = class_names(records) if expected_classes is None else tuple(expected_classes)
    if not set(names) & set(class_names(records)):
        raise CheckpointError(
            f"the checkpoint knows the classes {', '.join(names)}, the data has {', '.join(class_names(records))}: "
            "name the data that it was trained on with data.root=DIR"
        )
    check_labels(records, names)
    paths = sorted({record.path for record in records})
    with progress("scanning", len(paths)) as advance:
        infos = scan_videos(
            paths,
            cache_file=_manifest_file(cache, root or annotations or Path()),
            limits=options.limits,
            num_workers=max(options.workers, 1),
            on_done=advance,
            frames={record.path: record.frames for record in records if record.frames is not None},
        )
    bad = tuple(BadVideo(record, str(infos[record.path].error)) for record in records if infos[record.path].error)
    _refuse_bad(bad, len(records), options)
    good = [record for record in records if not infos[record.path].error]
    if expected_classes is None:
        _refuse_lost_class(good, bad)
    _check_parts(good, infos)
    if options.decoder == "auto":
        _tell_readers([infos[path] for path in paths if not infos[path].error])
    parts = assign_splits(good, {path: infos[path].content_hash for path in paths}, options.split)
    ids = {name: position for position, name in enumerate(names)}
    videos: dict[Split, tuple[Video, ...]] = {
        part: tuple(
            Video(record, infos[record.path], ids[record.label])
            for record, assigned in zip(good, parts, strict=True)
            if assigned == part
        )
        for part in SPLITS
    }
    return Manifest(names, videos, bad)


def _write_synthetic(options: SyntheticOptions, root: Path, progress: Progress) -> None:
    number = options.num_train + options.num_val + options.num_test
    with progress(f"writing {options.name.replace('_', ' ')}", number) as advance:
        write_synthetic(
            root,
            options.name,
            num_train=options.num_train,
            num_val=options.num_val,
            num_test=options.num_test,
            size=options.size,
            num_frames=options.num_frames,
            seed=options.seed,
            on_done=advance,
        )


def _labelled_seconds(video: Video) -> float:
    end = video.info.duration_seconds if video.record.end_seconds is None else video.record.end_seconds
    return min(end, video.info.duration_seconds) - (video.record.start_seconds or 0.0)


def _manifest_file(cache: Path, source: Path) -> Path:
    return cache / "manifests" / (hashlib.sha256(os.fsencode(source.absolute())).hexdigest()[:16] + ".arrow")


def _refuse_bad(bad: Sequence[BadVideo], num_records: int, options: DataOptions) -> None:
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


def _refuse_lost_class(good: Sequence[VideoRecord], bad: Sequence[BadVideo]) -> None:
    found = set(class_names(good))
    for item in bad:
        if item.record.label not in found:
            raise DataError(
                f"no video of the class {item.record.label!r} can be read; the first: {str(item.record.path)!r}: "
                f"{item.reason}. Repair them, or remove the class from the data set"
            )


def _check_parts(records: Sequence[VideoRecord], infos: Mapping[Path, VideoInfo]) -> None:
    for record in records:
        start, end = record.start_seconds, record.end_seconds
        if start is not None or end is not None:
            try:
                available_frames(infos[record.path], start_seconds=start, end_seconds=end, target_fps=None)
            except DataError as error:
                raise DataError(f"{record.row}: {error}") from None


def _tell_readers(infos: Sequence[VideoInfo]) -> None:
    reasons = Counter(reason for reader, reason in map(choose_reader, infos) if reader == "pyav").most_common()
    if reasons:
        listed = ", ".join(f"{count} ({reason})" for reason, count in reasons[:5]) + (", …" if len(reasons) > 5 else "")
        num_pyav = sum(count for _, count in reasons)
        logger.info("%d of %d videos are read by PyAV: %s", num_pyav, len(infos), listed)
