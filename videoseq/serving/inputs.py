"""Which files an input names."""

import glob
import os
from pathlib import Path

from videoseq.data.local_files import is_video_name
from videoseq.errors import DataError


def find_videos(text: str) -> list[Path]:
    """Returns the absolute paths that a file, a folder or a glob pattern names, sorted.

    A file is taken whatever its name, also where the name reads like a pattern; folders are searched to the bottom for the
    names of videos.

    Raises:
        DataError: Nothing is there.
    """
    if not text or "\0" in text or "://" in text:
        raise DataError(f"input={text!r}: expected a local file, a folder or a glob pattern such as 'clips/*.mp4'")
    path = Path(text).expanduser()
    if path.is_dir():
        found = sorted(Path(folder) / name for folder, _, names in os.walk(path) for name in names if is_video_name(name))
    elif os.path.lexists(path):
        found = [path]
    else:
        found = sorted(match for match in map(Path, glob.glob(str(path), recursive=True)) if is_video_name(match.name))  # noqa: PTH207 - absolute patterns too
    if not found:
        raise DataError(f"input={text!r}: no videos found; expected a file, a folder or a glob pattern such as 'clips/*.mp4'")
    return [match.absolute() for match in found]
