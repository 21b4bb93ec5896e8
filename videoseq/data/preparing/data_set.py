"""Preparing a whole data set: every video once, its lists, and a look at the result as training will see it."""

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from videoseq.data.annotations import UNFINISHED_MARK
from videoseq.data.manifest import BadVideo, Progress, refuse_bad, refuse_lost_class, scan_file
from videoseq.data.options import DataOptions
from videoseq.data.preparing.copying import UNFINISHED, Copy
from videoseq.data.preparing.journal import Entry, Journal
from videoseq.data.preparing.lists import copy_list, find_lists, places
from videoseq.data.preparing.settings import Settings
from videoseq.data.preparing.sources import DataSet
from videoseq.data.scan_rows import to_row
from videoseq.data.scanning import scan_videos
from videoseq.data.worker_pool import Work, run_in_processes
from videoseq.errors import ConfigError, DataError
from videoseq.types import VideoInfo, VideoRecord, plain_dict


@dataclass(frozen=True)
class Prepared:
    """What preparing a data set came to.

    Attributes:
        copy: The data set that was written.
        entries: Its manifest: path below the root -> what was copied.
        num_copied: How many of these were copied now; the others were there.
        bad: The videos that were left out.
    """

    copy: DataSet
    entries: Mapping[str, Entry]
    num_copied: int
    bad: Sequence[BadVideo]


def prepare_data_set(options: DataOptions, output: Path, settings: Settings, cache: Path, progress: Progress) -> Prepared:
    """Writes a copy of a data set, or what is missing of one; until all is there it is not read as a data set.

    Args:
        options: Which data set, and how many processes work on it.
        output: Where the copy goes, absolute: a folder that is new, empty, or holds a part of this copy.
        settings: How videos are encoded.
        cache: Folder for the scan's results.
        progress: Makes the progress bars.

    Raises:
        ConfigError: The output holds something else, or copies with other settings.
        DataError: The annotations are wrong, too many videos are bad or all of a class, or the copy does not say the same.
        OSError: The copy cannot be written.
    """
    source = DataSet.of(options)
    copy = source.moved_to(output)
    _check_apart(source, copy)
    readings = source.read()
    records = [record for reading in readings.values() for record in reading]
    # The first record of every video, by the video's place below the root.
    firsts: dict[str, VideoRecord] = {}
    for record in records:
        firsts.setdefault(source.row(record)[0], record)
    infos = _scan(source, firsts, cache, progress)
    reasons = {place: info.error for place, info in infos.items() if info.error is not None}
    _refuse(firsts, reasons, options)
    output.mkdir(parents=True, exist_ok=True)
    journal = Journal(output, source.root, settings)
    (output / UNFINISHED_MARK).touch()
    _delete_unfinished(output)
    waiting = [place for place in firsts if place not in reasons and not _is_done(journal, output, place, infos[place])]
    num_good = len(firsts) - len(reasons)
    with progress("preparing", len(waiting)) as advance:
        work = _work(infos, output, settings, options)
        for place, outcome in _copies(work, waiting, options.workers, source.root, advance):
            if isinstance(outcome, Copy):
                journal.add(Entry.of(place, infos[place], outcome))
            else:
                reasons[place] = outcome
    if len(reasons) > len(firsts) - num_good:
        _refuse(firsts, reasons, options)
    _delete_others(output, journal, firsts.keys() - reasons.keys())
    journal.finish()
    _copy_lists(source, copy, [record for record in records if source.row(record)[0] in reasons], firsts.values())
    (output / UNFINISHED_MARK).unlink()
    try:
        _check_same(source, copy, readings, reasons)
    except DataError:
        (output / UNFINISHED_MARK).touch()
        raise
    bad = [BadVideo(firsts[place], reason) for place, reason in reasons.items()]
    return Prepared(copy, journal.entries, len(waiting) - sum(place in reasons for place in waiting), bad)


def _check_apart(source: DataSet, copy: DataSet) -> None:
    """Refuses a copy inside its source or around it, and a list from elsewhere that has the place of one below the root."""
    inside, around = Path(os.path.realpath(source.root)), Path(os.path.realpath(copy.root))
    if inside.is_relative_to(around) or around.is_relative_to(inside):
        raise ConfigError(
            f"output={str(copy.root)!r} and the data set {str(source.root)!r} lie in each other: name a folder beside it"
        )
    for path, copied in ((source.annotations, copy.annotations), (source.class_names, copy.class_names)):
        if path is None or copied is None or path.is_relative_to(source.root):
            continue
        if (source.root / path.name).exists():
            raise ConfigError(
                f"{str(path)!r} would be copied to {str(copied)!r}, which is the place of {str(source.root / path.name)!r}: "
                "rename one of them"
            )


def _scan(source: DataSet, firsts: Mapping[str, VideoRecord], cache: Path, progress: Progress) -> dict[str, VideoInfo]:
    """Returns what the scan found out about every video, by its place."""
    with progress("scanning", len(firsts)) as advance:
        infos = scan_videos(
            [record.path for record in firsts.values()],
            cache_file=scan_file(cache, source.root),
            limits=source.options.limits,
            num_workers=max(source.options.workers, 1),
            on_done=advance,
            frames={record.path: record.frames for record in firsts.values() if record.frames is not None},
        )
    return {place: infos[record.path] for place, record in firsts.items()}


def _refuse(firsts: Mapping[str, VideoRecord], reasons: Mapping[str, str], options: DataOptions) -> None:
    """Refuses too many bad videos, and classes of which none is left."""
    bad = [BadVideo(firsts[place], reason) for place, reason in reasons.items()]
    refuse_bad(bad, len(firsts), options)
    refuse_lost_class({record.label for place, record in firsts.items() if place not in reasons}, bad)


def _is_done(journal: Journal, output: Path, place: str, info: VideoInfo) -> bool:
    """Returns whether the copy of a video is there, whole, and of what the source is now."""
    entry = journal.entries.get(place)
    if entry is None or not entry.is_of(info):
        return False
    try:
        target = output / place
        return target.is_dir() if info.frame_pattern else target.stat().st_size == entry.copy.bytes
    except OSError:
        return False


def _work(infos: Mapping[str, VideoInfo], output: Path, settings: Settings, options: DataOptions) -> Work:
    fixed = {"settings": asdict(settings), "limits": plain_dict(options.limits)}

    def request(place: Path) -> dict[str, object]:
        return {"source": to_row(infos[place.as_posix()]), "target": str(output / place), **fixed}

    return Work("videoseq.data.preparing.worker", "copying", float("inf"), request)


def _copies(
    work: Work, waiting: Sequence[str], num_workers: int, root: Path, on_done: Callable[[], None]
) -> Iterator[tuple[str, Copy | str]]:
    """Yields the place of every video as it is done, with its copy, or the reason why there is none."""
    for answer in run_in_processes(work, [Path(place) for place in waiting], max(num_workers, 1)):
        row = answer.row
        if row is not None and "errno" in row:
            raise OSError(row["errno"], os.strerror(row["errno"]), row["place"])
        place = answer.path.as_posix()
        if row is None:
            yield place, f"cannot read {str(root / place)!r}: {answer.failure}"
        else:
            yield place, row["error"] if "error" in row else Copy(**row)
        on_done()


def _delete_unfinished(output: Path) -> None:
    """Deletes what a killed run was at."""
    for folder, inner, names in os.walk(output):
        for name in [*inner, *names]:
            if name.startswith(UNFINISHED):
                _delete(Path(folder) / name)
        inner[:] = [name for name in inner if not name.startswith(UNFINISHED)]


def _delete_others(output: Path, journal: Journal, wanted: Collection[str]) -> None:
    """Deletes copies of videos that the source no longer has, or that cannot be read any more."""
    for place in [place for place in journal.entries if place not in wanted]:
        _delete(output / place)
        del journal.entries[place]


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _copy_lists(source: DataSet, copy: DataSet, bad: Sequence[VideoRecord], videos: Collection[VideoRecord]) -> None:
    """Copies every list of the data set without the rows of bad videos."""
    dropped = places(record.row for record in bad)
    pairs = {source.root / path: copy.root / path for path in find_lists(source.root, {video.path for video in videos})}
    for path, copied in ((source.annotations, copy.annotations), (source.class_names, copy.class_names)):
        if path is not None and copied is not None:
            inner = find_lists(path, ()) if path.is_dir() else [Path()]
            pairs |= {path / name: copied / name for name in inner}
    for path, copied in pairs.items():
        copy_list(path, copied, dropped, source.root)


def _check_same(
    source: DataSet,
    copy: DataSet,
    readings: Mapping[int | None, Sequence[VideoRecord]],
    reasons: Collection[str],
) -> None:
    """Reads the copy as training will, and refuses it unless it says what the source says of every video that was copied."""
    copied = copy.read()
    for index, records in readings.items():
        expected = {row for row in map(source.row, records) if row[0] not in reasons}
        got = set(map(copy.row, copied.get(index, ())))
        if got != expected:
            differing = sorted(map(str, got ^ expected))
            raise DataError(
                f"the annotations of the copy {str(copy.root)!r} do not say what those of {str(source.root)!r} say: "
                f"{len(differing)} records differ, the first: {differing[0]}. "
                "Fix: write paths in the lists relative to data.root"
            )
