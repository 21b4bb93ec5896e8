"""Preparing a whole data set: every video once, its lists, and a look at the result as training will see it."""

import os
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from videoseq.data.annotations import UNFINISHED_MARK
from videoseq.data.decoding.frame_folder import folder_state
from videoseq.data.manifest import BadVideo, Progress, refuse_bad, refuse_lost_class, scan_file
from videoseq.data.options import DataOptions
from videoseq.data.preparing.checking import BAD_VIDEOS, check_apart, check_bad_videos, check_same, check_texts
from videoseq.data.preparing.copying import UNFINISHED, Copy, delete
from videoseq.data.preparing.journal import Entry, Journal
from videoseq.data.preparing.lists import DELIMITERS, copy_list, find_lists, located, places
from videoseq.data.preparing.settings import Settings
from videoseq.data.preparing.sources import DataSet
from videoseq.data.records import join_records
from videoseq.data.scan_rows import to_row
from videoseq.data.scanning import scan_videos
from videoseq.data.worker_pool import Work, run_in_processes
from videoseq.errors import DataError
from videoseq.types import FrameFolder, TaskSpec, VideoInfo, VideoRecord, plain_dict

_FRAMES_IN_MAX_SECONDS = 20
"""Frames whose copy may take `data.limits.max_seconds`: many times what it takes, but a process that hangs ends."""


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


def data_sets(options: DataOptions, output: Path, task: TaskSpec = TaskSpec()) -> tuple[DataSet, DataSet]:  # noqa: B008
    """Returns a data set and its copy in a folder, which need not be there.

    Args:
        options: Which data set.
        output: The folder of the copy, absolute.
        task: What its labels are.

    Raises:
        ConfigError: The options name no data set, or the copy would lie in it or around it.
    """
    source = DataSet.of(options, task)
    copy = source.moved_to(output)
    check_apart(source, copy)
    return source, copy


def prepare_data_set(
    source: DataSet,
    copy: DataSet,
    settings: Settings,
    cache: Path,
    progress: Progress,
    list_bad: Callable[[Path, Sequence[BadVideo]], None],
) -> Prepared:
    """Writes a copy of a data set, or what is missing of one; until all is there it is not read as a data set.

    Args:
        source: The data set; its options say how many processes work on it.
        copy: Where it goes: a folder that is new, empty, or holds a part of this copy.
        settings: How videos are encoded.
        cache: Folder for the scan's results.
        progress: Makes the progress bars.
        list_bad: Writes the videos that were left out into a file.

    Raises:
        ConfigError: The output holds something else, or copies with other settings.
        DataError: The annotations are wrong, too many videos are bad or all of a class, or the copy does not say the same.
        OSError: The copy cannot be written.
    """
    options, output = source.options, copy.root
    readings = source.read()
    records = join_records([*readings.values()])
    place_of = source.places(records)  # by code of the path
    # The first record of every video, by the video's place below the root.
    firsts: dict[str, VideoRecord] = {}
    codes, positions = np.unique(records.paths.codes, return_index=True)
    for code, position in zip(codes.tolist(), positions.tolist(), strict=True):
        firsts.setdefault(place_of[code], records[position])
    pairs = list(_list_pairs(source, copy, {video.path for video in firsts.values()}))
    infos = _scan(source, firsts, cache, progress)
    reasons = {place: info.error for place, info in infos.items() if info.error is not None}
    _refuse(firsts, reasons, source)
    output.mkdir(parents=True, exist_ok=True)
    journal = Journal(output, source.identity(), settings)

    def copy_lists(target: DataSet) -> None:
        bad = [code for code, place in place_of.items() if place in reasons]
        rows = records.places(np.flatnonzero(np.isin(records.paths.codes, bad)))
        dropped = located(places(rows), source.root, source.annotations)
        for path, name in pairs:
            copy_list(path, target.root / name, dropped.get(path, ()), source.names, DELIMITERS.get(options.format))

    waiting = [place for place in firsts if place not in reasons and not _is_done(journal, output, place, infos[place])]
    if waiting:
        check_texts(source, copy, readings, reasons, copy_lists)
    (output / UNFINISHED_MARK).touch()
    _delete_unfinished(output)
    _delete_others(output, journal, firsts.keys() - reasons.keys(), [name for _, name in pairs])
    num_good = len(firsts) - len(reasons)
    try:
        with (
            progress("preparing", len(waiting)) as advance,
            closing(_copies(_work(infos, output, settings, options), waiting, options.workers, source.root, advance)) as copies,
        ):
            for place, outcome in copies:
                if isinstance(outcome, Copy):
                    journal.add(Entry.of(place, infos[place], outcome))
                else:
                    reasons[place] = outcome
    finally:
        _delete_unfinished(output)
    if len(reasons) > len(firsts) - num_good:
        _refuse(firsts, reasons, source)
    _delete_others(output, journal, firsts.keys() - reasons.keys(), journal.lists)
    copy_lists(copy)
    check_same(source, copy, readings, reasons)
    bad = [BadVideo(firsts[place], reason) for place, reason in reasons.items()]
    list_bad(output / BAD_VIDEOS, bad)
    (output / UNFINISHED_MARK).unlink()
    return Prepared(copy, journal.entries, len(waiting) - sum(place in reasons for place in waiting), bad)


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


def _refuse(firsts: Mapping[str, VideoRecord], reasons: Mapping[str, str], source: DataSet) -> None:
    """Refuses too many bad videos, and classes of which none is left."""
    bad = [BadVideo(firsts[place], reason) for place, reason in reasons.items()]
    refuse_bad(bad, len(firsts), source.options)
    refuse_lost_class({record.label for place, record in firsts.items() if place not in reasons}, bad, source.task)


def _is_done(journal: Journal, output: Path, place: str, info: VideoInfo) -> bool:
    """Returns whether the copy of a video is there, whole, and of what the source is now."""
    entry = journal.entries.get(place)
    if entry is None or not entry.is_of(info):
        return False
    try:
        target = output / place
        if not info.frame_pattern:
            return target.is_file() and target.stat().st_size == entry.copy.bytes
        state = folder_state(target, FrameFolder(info.frame_pattern, float(1 / info.time_base)))
        return (len(state.numbers), state.size_bytes) == (entry.copy.frames, entry.copy.bytes)
    except (OSError, DataError):
        return False


def _work(infos: Mapping[str, VideoInfo], output: Path, settings: Settings, options: DataOptions) -> Work:
    fixed = {"settings": asdict(settings), "limits": plain_dict(options.limits)}

    def request(place: Path) -> dict[str, object]:
        return {"source": to_row(infos[place.as_posix()]), "target": str(output / place), **fixed}

    def max_seconds(place: Path) -> float:
        return options.limits.max_seconds * (1 + infos[place.as_posix()].num_frames / _FRAMES_IN_MAX_SECONDS)

    return Work("videoseq.data.preparing.worker", "copying", max_seconds, request)


def _copies(
    work: Work, waiting: Sequence[str], num_workers: int, root: Path, on_done: Callable[[], None]
) -> Generator[tuple[str, Copy | str]]:
    """Yields the place of every video as it is done, with its copy, or the reason why there is none."""
    for answer in run_in_processes(work, [Path(place) for place in waiting], max(num_workers, 1)):
        row = answer.row
        if row is not None and "errno" in row:
            raise OSError(row["errno"], os.strerror(row["errno"]), row["place"])
        if row is not None and "refusal" in row:
            raise DataError(row["refusal"])
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
                delete(Path(folder) / name)
        inner[:] = [name for name in inner if not name.startswith(UNFINISHED)]


def _delete_others(output: Path, journal: Journal, wanted: Collection[str], lists: Sequence[str]) -> None:
    """Deletes copies of videos and lists that the source no longer has, or of videos that cannot be read any more."""
    for name in journal.lists:
        if name not in lists and name not in wanted:
            delete(output / name)
    journal.lists = [*lists]
    for place in [place for place in journal.entries if place not in wanted]:
        delete(output / place)
        del journal.entries[place]
    journal.write()


def _list_pairs(source: DataSet, copy: DataSet, videos: Collection[Path]) -> Iterator[tuple[Path, str]]:
    """Yields every list of the data set, and the place of its copy."""
    found: dict[Path, Path] = {}
    allow_outside = source.options.allow_outside_root
    for path in find_lists(source.root, videos, allow_outside=allow_outside):
        found[source.root / path] = path
    for named, copied in ((source.annotations, copy.annotations), (source.class_names, copy.class_names)):
        if named is not None and copied is not None:
            inner = find_lists(named, (), allow_outside=allow_outside) if named.is_dir() else [Path()]
            found |= {named / name: copied.relative_to(copy.root) / name for name in inner}
    for path, name in found.items():
        if name == Path(BAD_VIDEOS):
            check_bad_videos(path)
        else:
            yield path, name.as_posix()
