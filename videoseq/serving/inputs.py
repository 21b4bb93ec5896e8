"""Which files an input names."""

import glob
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from videoseq.data.frame_folders import is_folder
from videoseq.data.local_files import Listing, holds_frames, is_video_name, list_folder
from videoseq.errors import DataError
from videoseq.types import FrameFolder


def find_videos(text: str, frames: FrameFolder | None = None) -> list[Path]:
    """Returns the absolute paths that a file, a folder or a glob pattern names, sorted.

    A file is taken whatever its name, also where the name reads like a pattern; folders are searched to the bottom for the
    names of videos as those of a data set are: hidden files and folders are skipped, links to folders are followed.

    Args:
        text: What the user gave.
        frames: How frames lie in the folders that are videos; None: only files are videos.

    Raises:
        DataError: Nothing is there, or a folder cannot be listed or holds both frames and folders.
    """
    if not text or "\0" in text or "://" in text:
        raise DataError(f"input={text!r}: expected a local file, a folder or a glob pattern such as 'clips/*.mp4'")
    path = Path(text).expanduser()
    if path.is_dir():
        below = (folder / name for folder, listing in _walk(path, frozenset(), frames) for name in listing.videos)
        found = [path] if _is_video(path, frames) else sorted(below)
    elif os.path.lexists(path):
        found = [path]
    else:
        found = sorted(match for match in map(Path, glob.glob(str(path), recursive=True)) if _is_video(match, frames))  # noqa: PTH207 - absolute patterns too
    image = _first_image(path) if not found else None
    if not found and frames is not None:
        got = "" if image is None else f", got {str(image)!r}"
        raise DataError(
            f"input={text!r}: no videos found: no folder in it holds images with a name as frame_folders.pattern="
            f"{frames.pattern!r} says{got}. Fix: correct the pattern or the input"
        )
    if image is not None:
        raise DataError(
            f"input={text!r}: no videos found, but images, the first is {str(image)!r}. Fix: give the videos; or, to classify "
            "folders of frames, say how their images are named with frame_folders.pattern, such as frame_%06d.jpg"
        )
    if not found:
        raise DataError(f"input={text!r}: no videos found; expected a file, a folder or a glob pattern such as 'clips/*.mp4'")
    return [match.absolute() for match in found]


def input_root(text: str) -> Path:
    """Returns the absolute folder below which all that `find_videos` finds lies: of a pattern the part before its signs."""
    path = Path(text).expanduser()
    if path.is_dir():
        return path.absolute()
    if os.path.lexists(path):
        return path.parent.absolute()
    fixed = itertools.takewhile(lambda part: not glob.has_magic(part), path.parent.parts)
    return Path(*fixed).absolute()


def _is_video(path: Path, frames: FrameFolder | None) -> bool:
    if is_folder(path):
        return frames is not None and holds_frames(path, frames)
    return is_video_name(path.name)


def _first_image(path: Path) -> Path | None:
    """Returns an image below a folder."""
    listings = _walk(path, frozenset(), None) if path.is_dir() else ()
    return next((folder / listing.image for folder, listing in listings if listing.image), None)


def _walk(folder: Path, above: frozenset[Path], frames: FrameFolder | None) -> Iterator[tuple[Path, Listing]]:
    """Yields what lies in a folder and in those below it, through links to folders as well, but never in a circle."""
    target = folder.resolve()
    if target in above:
        return
    listing = list_folder(folder, frames)
    yield folder, listing
    for name in listing.folders:
        yield from _walk(folder / name, above | {target}, frames)
