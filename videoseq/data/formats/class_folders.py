"""Annotations from class folders: `class_name/*.mp4` or `{train,val,test}/class_name/*.mp4`."""

import logging
from pathlib import Path
from typing import NamedTuple

from videoseq.data.formats.source import Source
from videoseq.data.local_files import VIDEO_SUFFIXES, check_inside
from videoseq.errors import DataError
from videoseq.types import Split, VideoRecord

_log = logging.getLogger(__name__)

SPLIT_NAMES: dict[str, Split] = {
    **{"train": "train", "test": "test"},
    **dict.fromkeys(("val", "valid", "validate", "validation"), "val"),
}
"""What annotations may call a split, in folders and in CSV files."""

LAYOUTS = "class_name/*.mp4 or {train,val,test}/class_name/*.mp4"
"""The two layouts of folders that are understood, for messages."""


class _Folder(NamedTuple):
    """What was found below a folder.

    Attributes:
        videos: The videos, each as the parts of its path below the folder.
        folders: The names of its own folders.
        num_ignored: How many other files there are.
        image: The path below the root of one of these that is an image; empty where there is none.
    """

    videos: list[tuple[str, ...]]
    folders: list[str]
    num_ignored: int
    image: str


def read_class_folders(source: Source) -> list[VideoRecord]:
    """Reads a data set whose folders name the classes.

    The first layout is `root/class_name/**/video`, the second `root/{train,val,test}/class_name/**/video`, where any
    subset of the three may be there and `valid`, `validate` and `validation` mean `val`. Hidden files and folders are skipped.

    Args:
        source: The data set.

    Returns:
        One record for each video, in the order of the paths.

    Raises:
        DataError: No video; both layouts at once; a video in a split folder but in no class folder; a symbolic link
            out of the root; a video that is no regular file; a folder of images of other names than frames have.
    """
    root = source.root
    folders, loose, _, _ = source.listing(root)
    above = frozenset({root.resolve()})
    found = {name: _walk(source, (name,), above) for name in folders}
    holding = [name for name in folders if found[name].videos]
    if not holding:
        _raise_no_videos(source, loose, list(found.values()))
    if loose:
        _log.warning("%s: %d videos lie in no class folder and are left out, the first is %r", root, len(loose), loose[0])

    with_splits = _has_split_folders(root, holding, found)
    records: list[VideoRecord] = []
    for name in folders:
        if with_splits and name.lower() in SPLIT_NAMES:
            known = {parts[0] for parts in found[name].videos}
            _warn_empty(root, [f"{name}/{label}" for label in found[name].folders if label not in known])
        if not found[name].videos:
            _warn_empty(root, [name])
        for parts in found[name].videos:
            relative = "/".join((name, *parts))
            label, split = (parts[0], SPLIT_NAMES[name.lower()]) if with_splits else (name, None)
            records.append(source.record(relative, label, relative, split=split))
    ignored = sum(folder.num_ignored for folder in found.values())
    if ignored:
        _log.info("%s: %d files are no videos by their suffix and were ignored", root, ignored)
    return records


def _walk(source: Source, parts: tuple[str, ...], above: frozenset[Path]) -> _Folder:
    """Finds the videos below `root/parts`, through links to folders as well, but never in a circle."""
    folder = source.root.joinpath(*parts)
    relative = "/".join(parts)
    target = folder.resolve()
    if target in above:
        return _Folder([], [], 0, "")
    check_inside(folder, source.root, relative, relative, allow_outside_root=source.allow_outside_root)
    inner, names, ignored, image = source.listing(folder)
    if source.frames is not None and image and not inner and not names:
        raise DataError(
            f"the folder {relative!r} holds no image with a name as frame_folders.pattern={source.frames.pattern!r} says, got "
            f"{image!r} and {ignored - 1} others. Fix: correct the pattern, or remove the folder"
        )
    videos: list[tuple[str, ...]] = [(name,) for name in names]
    image = image and f"{relative}/{image}"
    for name in inner:
        below = _walk(source, (*parts, name), above | {target})
        videos.extend((name, *rest) for rest in below.videos)
        ignored += below.num_ignored
        image = image or below.image
    return _Folder(sorted(videos), inner, ignored, image)


def _has_split_folders(root: Path, holding: list[str], found: dict[str, _Folder]) -> bool:
    """Decides between the two layouts by the folders that hold videos; a mixture is refused, for it would leak."""
    named = [name for name in holding if name.lower() in SPLIT_NAMES]
    others = [name for name in holding if name.lower() not in SPLIT_NAMES]
    if named and not others:
        for name in named:
            stray = next((parts for parts in found[name].videos if len(parts) == 1), None)
            if stray is not None:
                raise DataError(
                    f"{root}: the video {name + '/' + stray[0]!r} lies in a split's folder but in no class's. "
                    f"Fix: move it to {name}/<class_name>/{stray[0]}"
                )
        return True
    nested = [name for name in named if all(len(parts) > 1 for parts in found[name].videos)]
    if nested:
        raise DataError(
            f"{root}: the folder {nested[0]!r} looks like a split and {others[0]!r} like a class, expected either "
            f"{LAYOUTS}. Fix: move {others[0]!r} out of the root, or into the folders of the splits"
        )
    return False


def _warn_empty(root: Path, names: list[str]) -> None:
    for name in names:
        _log.warning("%s: the folder %r holds no video and is left out", root, name)


def _raise_no_videos(source: Source, loose: list[str], found: list[_Folder]) -> None:
    suffixes = ", ".join(sorted(VIDEO_SUFFIXES))
    num_ignored = sum(folder.num_ignored for folder in found)
    image = next((folder.image for folder in found if folder.image), "")
    if loose:
        got = f"{len(loose)} videos that lie directly in it, the first is {loose[0]!r}"
        fix = "move each video into a folder named after its class"
    elif image:
        got = f"{num_ignored} files of other suffixes, images such as {image!r} among them"
        fix = "for videos that are folders of frames say how these are named, such as data.frame_folders.pattern=frame_%06d.jpg"
    else:
        got = f"{num_ignored} files of other suffixes" if num_ignored else "no files in its folders"
        fix = "give the folder that holds the class folders as data.root, or a CSV as data.annotations"
    raise DataError(f"no videos found in {str(source.root)!r}: got {got}, expected {LAYOUTS} ({suffixes}). Fix: {fix}")
