"""Which files and folders are videos by name, and which of them may be opened: local ones below the data set's root."""

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from videoseq.data.frame_folders import FolderContent, is_folder, look_into
from videoseq.data.resolving import Resolver
from videoseq.errors import DataError
from videoseq.types import IMAGE_SUFFIXES, FrameFolder

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".flv", ".ogv", ".wmv", ".3gp"}
)
"""What the name of a video ends with, in lower case."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
_PATTERN_HINT = "; for folders of frames say how their images are named, such as data.frame_folders.pattern=img_%05d.jpg"
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class Listing(NamedTuple):
    """What is visible in one folder; names that start with a dot are not.

    Attributes:
        folders: The names of its folders, and of links to folders, sorted; those that are videos are left out.
        videos: The names of its videos, files and folders of frames, sorted.
        frame_folders: Those of them that are folders of frames.
        num_extracted: How many video files were left out because a folder beside them holds their frames.
        num_others: How many other files it holds.
        image: The name of one of these that is an image by its suffix; empty where there is none.
    """

    folders: list[str]
    videos: list[str]
    frame_folders: frozenset[str]
    num_extracted: int
    num_others: int
    image: str


def list_folder(folder: Path, frames: FrameFolder | None = None) -> Listing:
    """Returns what is visible in a folder.

    A file whose frames lie beside it in a folder of its name without the suffix is no video of its own.

    Args:
        folder: The folder.
        frames: How frames lie in the folders that are videos; None: only files are videos.

    Raises:
        DataError: It cannot be listed, or a folder in it holds both frames and folders.
    """
    try:
        with os.scandir(folder) as entries:
            visible = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"cannot list the folder {str(folder)!r}: {error.strerror}. Fix: its permissions") from None
    folders = [name for name, is_folder in visible if is_folder]
    with_frames = frozenset(name for name in folders if frames is not None and holds_frames(folder / name, frames))
    found = [name for name, is_folder in visible if (name in with_frames if is_folder else is_video_name(name))]
    videos = [name for name in found if name in with_frames or Path(name).stem not in with_frames]
    others = [name for name, is_folder in visible if not is_folder and not is_video_name(name)]
    image = next((name for name in others if Path(name).suffix.lower() in IMAGE_SUFFIXES), "")
    inner = [name for name in folders if name not in with_frames]
    return Listing(inner, videos, with_frames, len(found) - len(videos), len(others), image)


def holds_frames(folder: Path, frames: FrameFolder) -> bool:
    """Returns whether a folder is a video: whether it holds images of the name that frames have.

    Raises:
        DataError: It cannot be listed, or it holds folders as well.
    """
    return bool(_frames_of(folder, frames).images)


def _frames_of(folder: Path, frames: FrameFolder) -> FolderContent:
    content = look_into(folder, frames.pattern)
    if content.images and content.folders:
        name = next(iter(content.images.values())).name
        raise DataError(
            f"the folder {str(folder)!r} holds both frames ({name!r}) and folders ({content.folders[0]!r}), expected either a "
            "video or a folder of videos. Fix: move the folders out of it, or correct frame_folders.pattern"
        )
    return content


def is_video_name(name: str) -> bool:
    """Returns whether a file name has the suffix of a video (any case) and is not hidden."""
    return not name.startswith(".") and Path(name).suffix.lower() in VIDEO_SUFFIXES


def check_local_file(
    text: str,
    base: Path,
    where: str,
    *,
    allow_outside_root: bool,
    resolver: Resolver,
    frames: FrameFolder | None = None,
) -> Path:
    """Returns the absolute path of a video that a data set names, once it is safe to open.

    A data set comes from strangers: a URL, a FIFO or a path such as `../../etc/passwd` must end here, not in a decoder.

    Args:
        text: The path as written, relative to `base` or absolute.
        base: The data set's root.
        where: The row or folder that names the file, for messages.
        allow_outside_root: Whether the file may lie outside `base`, also through a symbolic link.
        resolver: Follows links; one for all files.
        frames: How frames lie in the folders that are videos; the name of a file then means the folder of that name without
            the suffix where there is one, for lists outlive the extraction of the frames. None: only files are videos.

    Returns:
        The absolute path, `..` removed, symbolic links kept.

    Raises:
        DataError: The text is empty, holds NUL or is a URL; the file lies outside `base`, does not exist, cannot be
            looked at or is no regular file; the folder holds no frames, or other things than frames.
    """
    if not text:
        raise DataError(f"{where}: the path is empty, expected a video file. Fix: write the file's path or delete the row")
    if "\0" in text:
        raise DataError(f"{where}: the path {text!r} holds a NUL character, expected a file name. Fix: remove it")
    if _URL.match(text):
        raise DataError(f"{where}: {text!r} is a URL, expected a local file. Fix: download it and name the file")
    path = Path(os.path.abspath(base / text))  # noqa: PTH100 - Path.resolve would replace the links by their targets
    if frames is not None and is_video_name(path.name) and is_folder(path.with_suffix("")):
        path = path.with_suffix("")
    if not allow_outside_root:
        check_inside(path, base, where, text, resolver)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            f"{where}: there is no file {str(path)!r}. Fix: correct the path, which is read relative to {str(base)!r}"
        ) from None
    except OSError as error:
        raise DataError(
            f"{where}: cannot look at {text[:200]!r}: {error.strerror}. Fix: correct the path or the file's permissions"
        ) from None
    if frames is not None and stat.S_ISDIR(mode):
        links = _check_frames(path, where, frames)
        for name in links if not allow_outside_root else ():
            check_inside(path / name, base, where, name, resolver)
        return path
    for is_kind, kind in _KINDS:
        if is_kind(mode):
            hint = _PATTERN_HINT if stat.S_ISDIR(mode) and frames is None and list_folder(path).image else ""
            raise DataError(f"{where}: {text!r} is {kind}, expected a regular video file. Fix: name the file itself{hint}")
    return path


def _check_frames(folder: Path, where: str, frames: FrameFolder) -> list[str]:
    """Refuses a folder that holds no frames; returns the names of those that are links."""
    content = _frames_of(folder, frames)
    if not content.images:
        names = [*content.others, *content.folders]
        got = f"{names[0]!r} and {len(names) - 1} others" if len(names) > 1 else repr(names[0]) if names else "nothing"
        raise DataError(
            f"{where}: the folder {str(folder)!r} holds no image with a name as frame_folders.pattern={frames.pattern!r} "
            f"says, got {got}. Fix: correct the pattern, or extract the frames again"
        )
    return [entry.name for entry in content.images.values() if entry.is_symlink()]


def check_inside(path: Path, base: Path, where: str, text: str, resolver: Resolver) -> None:
    """Refuses a path whose file, after every symbolic link, lies outside the data set's root.

    Raises:
        DataError: It lies outside.
    """
    target, root = resolver(path), resolver(base)
    if target != root and not target.startswith(root.rstrip(os.sep) + os.sep):
        through = f" (it leads to {target!r})" if target != str(path) else ""
        raise DataError(
            f"{where}: {text!r} lies outside the data set's root {str(base)!r}{through}. "
            "Fix: move the file below the root, or set data.allow_outside_root=true"
        )
