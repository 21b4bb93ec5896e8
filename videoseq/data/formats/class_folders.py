"""Annotations from class folders: `class_name/*.mp4` or `{train,val,test}/class_name/*.mp4`."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from videoseq.data.formats.source import Source
from videoseq.data.formats.split_words import SPLIT_NAMES
from videoseq.data.local_files import VIDEO_SUFFIXES, check_inside
from videoseq.errors import DataError
from videoseq.types import VideoRecord

_log = logging.getLogger(__name__)

LAYOUTS = "class_name/*.mp4 or {train,val,test}/class_name/*.mp4"
"""The two layouts of folders that are understood, for messages."""


class _Folder(NamedTuple):
    """What was found below a folder.

    Attributes:
        videos: The videos, each as the parts of its path below the folder.
        folders: The names of its own folders.
        num_ignored: How many other files there are.
        image: The path below the root of one of these that is an image; empty where there is none.
        num_extracted: How many video files were left out because a folder beside them holds their frames.
        empty: The folders that hold neither videos nor folders, each as the parts of its path below the folder; itself is ().
    """

    videos: list[tuple[str, ...]]
    folders: list[str]
    num_ignored: int
    image: str
    num_extracted: int
    empty: list[tuple[str, ...]]


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
            out of the root; a video that is no regular file; a folder of images of other names than frames have; both files
            and folders of frames.
    """
    root = source.root
    listing = source.listing(root)
    folders, loose = listing.folders, listing.videos
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
    _check_one_kind(records)
    _tell_left_out(source, found, depth_of_videos=2 if with_splits else 1)
    return records


def _check_one_kind(records: Sequence[VideoRecord]) -> None:
    """Refuses files beside folders of frames: these were extracted from those, and would stand on both sides of a split."""
    files = [record for record in records if record.frames is None]
    folders = [record for record in records if record.frames is not None]
    if files and folders:
        raise DataError(
            f"the class folders hold {len(files)} video files, such as {files[0].row!r}, and {len(folders)} folders of frames, "
            f"such as {folders[0].row!r}: expected one kind, for frames and their file would count as two videos. Fix: move "
            "one kind out of data.root, put each folder of frames beside its file under the same name, or remove "
            "data.frame_folders.pattern to read the files"
        )


def _tell_left_out(source: Source, found: Mapping[str, _Folder], depth_of_videos: int) -> None:
    """Says in the log what lies in the class folders and is no video."""
    root = source.root
    ignored = sum(folder.num_ignored for folder in found.values())
    if ignored:
        _log.info("%s: %d files are no videos by their suffix and were ignored", root, ignored)
    extracted = sum(folder.num_extracted for folder in found.values())
    if extracted:
        _log.info("%s: %d video files are left out, for their frames lie in folders beside them", root, extracted)
    paths = ["/".join((name, *parts)) for name in found for parts in found[name].empty if len(parts) >= depth_of_videos]
    if paths and source.frames is not None:
        _log.warning("%s: %d folders hold no frames and are left out, the first is %r", root, len(paths), paths[0])


def _walk(source: Source, parts: tuple[str, ...], above: frozenset[Path]) -> _Folder:
    """Finds the videos below `root/parts`, through links to folders as well, but never in a circle."""
    folder = source.root.joinpath(*parts)
    relative = "/".join(parts)
    target = folder.resolve()
    if target in above:
        return _Folder([], [], 0, "", 0, [])
    if not source.allow_outside_root:
        check_inside(folder, source.root, relative, relative, source.resolver)
    inner, names, _, extracted, ignored, image = source.listing(folder)
    if source.frames is not None and image and not inner and not names:
        raise DataError(
            f"the folder {relative!r} holds no image with a name as frame_folders.pattern={source.frames.pattern!r} says, got "
            f"{image!r} and {ignored - 1} others. Fix: correct the pattern, or remove the folder"
        )
    videos: list[tuple[str, ...]] = [(name,) for name in names]
    image = image and f"{relative}/{image}"
    empty: list[tuple[str, ...]] = [] if inner or names else [()]
    for name in inner:
        below = _walk(source, (*parts, name), above | {target})
        videos.extend((name, *rest) for rest in below.videos)
        ignored += below.num_ignored
        extracted += below.num_extracted
        image = image or below.image
        empty.extend((name, *rest) for rest in below.empty)
    return _Folder(sorted(videos), inner, ignored, image, extracted, empty)


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
