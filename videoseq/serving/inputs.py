"""Which files an input names."""

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from videoseq.data.local_files import is_video_name, list_folder
from videoseq.errors import DataError


def find_videos(text: str) -> list[Path]:
    """Returns the absolute paths that a file, a folder or a glob pattern names, sorted.

    A file is taken whatever its name, also where the name reads like a pattern; folders are searched to the bottom for the
    names of videos as those of a data set are: hidden files and folders are skipped, links to folders are followed.

    Raises:
        DataError: Nothing is there, or a folder cannot be listed.
    """
    if not text or "\0" in text or "://" in text:
        raise DataError(f"input={text!r}: expected a local file, a folder or a glob pattern such as 'clips/*.mp4'")
    path = Path(text).expanduser()
    if path.is_dir():
        found = sorted(_walk(path, frozenset()))
    elif os.path.lexists(path):
        found = [path]
    else:
        found = sorted(match for match in map(Path, glob.glob(str(path), recursive=True)) if is_video_name(match.name))  # noqa: PTH207 - absolute patterns too
    if not found:
        raise DataError(f"input={text!r}: no videos found; expected a file, a folder or a glob pattern such as 'clips/*.mp4'")
    return [match.absolute() for match in found]


def _walk(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """Yields the videos below a folder, through links to folders as well, but never in a circle."""
    target = folder.resolve()
    if target in above:
        return
    inner, videos, _ = list_folder(folder)
    yield from (folder / name for name in videos)
    for name in inner:
        yield from _walk(folder / name, above | {target})
