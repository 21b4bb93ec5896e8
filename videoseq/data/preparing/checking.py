"""Whether a copy of a data set has a place, and says what its source says."""

import logging
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from videoseq.data.preparing.sources import DataSet
from videoseq.data.records import Records
from videoseq.errors import ConfigError, DataError

BAD_VIDEOS = "bad_videos.csv"
"""Name of the list of videos that were left out, in the copy."""

_ITS_HEADER = b"path,row,split,reason\n"


def check_apart(source: DataSet, copy: DataSet) -> None:
    """Refuses a copy inside its source or around it, and lists that have the place of another.

    Raises:
        ConfigError: The message names what is in the way.
    """
    inside, around = Path(os.path.realpath(source.root)), Path(os.path.realpath(copy.root))
    if inside.is_relative_to(around) or around.is_relative_to(inside):
        raise ConfigError(
            f"output={str(copy.root)!r} and the data set {str(source.root)!r} lie in each other: name a folder beside it"
        )
    taken: dict[Path, Path] = {}
    for path, copied in ((source.annotations, copy.annotations), (source.class_names, copy.class_names)):
        if path is None or copied is None or path.is_relative_to(source.root):
            continue
        below = source.root / path.name
        other = below if below.exists() else taken.setdefault(copied, path)
        if other != path:
            raise ConfigError(
                f"{str(path)!r} would be copied to {str(copied)!r}, which is the place of {str(other)!r}: rename one of them"
            )


def check_bad_videos(path: Path) -> None:
    """Refuses a list of a user's whose place in the copy the list of the videos that are left out takes.

    Raises:
        ConfigError: It is none that an earlier copy left.
    """
    if not path.read_bytes().startswith(_ITS_HEADER):
        raise ConfigError(
            f"{str(path)!r} has the name of the list of the videos that are left out of the copy: rename it, and correct what "
            "names it"
        )


def check_texts(
    source: DataSet,
    copy: DataSet,
    readings: Mapping[int | None, Records],
    reasons: Collection[str],
    copy_lists: Callable[[DataSet], None],
) -> None:
    """Refuses lists that would not say of the copy what they say of the source, before any video is copied.

    Args:
        source: The data set.
        copy: Where its copy goes.
        readings: What the data set says under every official split.
        reasons: The places of bad videos.
        copy_lists: Copies the lists into the folder of a data set.

    Raises:
        DataError: They would not.
    """
    # Links stand for the copies of the videos.
    with tempfile.TemporaryDirectory(prefix="videoseq-") as folder:
        tried = source.moved_to(Path(folder))
        tried = replace(tried, options=replace(tried.options, allow_outside_root=True))
        for records in readings.values():
            texts = records.paths.names.to_list()
            for code, place in source.places(records).items():
                link = tried.root / place
                if place not in reasons and not link.is_symlink():
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(texts[code])
        copy_lists(tried)
        try:
            check_same(source, tried, readings, reasons)
        except DataError as error:
            raise DataError(str(error).replace(folder, str(copy.root))) from None


def check_same(source: DataSet, copy: DataSet, readings: Mapping[int | None, Records], reasons: Collection[str]) -> None:
    """Reads a copy as training will, and refuses it unless it says what the source says of every video that was copied.

    Raises:
        DataError: It cannot be read, or says something else.
    """
    fix = "Fix: write paths in the lists relative to data.root"
    try:
        with _quiet():  # what there is to say was said of the source
            copied = {index: copy.rows(records) for index, records in copy.read(unfinished=True).items()}
    except (ConfigError, DataError) as error:
        raise DataError(f"the copy {str(copy.root)!r} cannot be read as {str(source.root)!r} is: {error}. {fix}") from None
    for index, records in readings.items():
        expected = {row for row in source.rows(records) if row[0] not in reasons}
        got = set(copied.get(index, ()))
        if got != expected:
            differing = sorted(map(str, got ^ expected))
            raise DataError(
                f"the annotations of the copy {str(copy.root)!r} do not say what those of {str(source.root)!r} say: "
                f"{len(differing)} records differ, the first: {differing[0]}. {fix}"
            )


@contextmanager
def _quiet() -> Iterator[None]:
    log = logging.getLogger("videoseq.data")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
