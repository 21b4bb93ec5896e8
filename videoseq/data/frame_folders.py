"""Folders of extracted frames: which images are the frames of a video, and whether one is missing."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from videoseq.errors import DataError
from videoseq.types import FrameFolder

_USUAL = FrameFolder("%05d.jpg", 25.0)


@dataclass(frozen=True)
class FrameFolderOptions:
    """Folders of extracted frames as videos.

    Attributes:
        pattern: Name of an image with a place for its number, such as `frame_%06d.jpg`: a folder that holds such images is
            one video. null: videos are files, but for the formats that come as frames (jester, Something-Something V1:
            `%05d.jpg`); to predict, as in the training.
        fps: Frames per second of these videos; null is 25, but 12 for jester and Something-Something V1; to predict, as in the
            training.
    """

    pattern: str | None = None
    fps: float | None = None

    def __post_init__(self) -> None:
        self.resolved(_USUAL)

    def resolved(self, usual: FrameFolder | None = None) -> FrameFolder | None:
        """Returns how frames lie in folders; None where videos are files.

        Args:
            usual: What holds for the options that are null: what a format comes as, None for one that comes as files.
        """
        pattern = self.pattern if self.pattern is not None or usual is None else usual.pattern
        if pattern is None:
            return None
        return FrameFolder(pattern, self.fps if self.fps is not None else (usual or _USUAL).fps)


@dataclass(frozen=True)
class FolderContent:
    """What lies in a folder that may hold the frames of a video.

    Attributes:
        images: The images whose names fit the pattern, by number, ascending.
        others: The names of its other files, sorted; hidden ones are left out.
        folders: The names of its folders, sorted; hidden ones are left out.
    """

    images: dict[int, os.DirEntry[str]]
    others: list[str]
    folders: list[str]


def look_into(folder: Path, pattern: str) -> FolderContent:
    """Lists a folder that may hold the frames of a video.

    Args:
        folder: The folder.
        pattern: Name of an image, such as `frame_%06d.jpg`.

    Raises:
        DataError: It cannot be listed.
    """
    images: dict[int, os.DirEntry[str]] = {}
    others: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                number = number_in(entry.name, pattern)
                if number is not None:
                    images[number] = entry
                elif not entry.name.startswith("."):
                    (folders if entry.is_dir() else others).append(entry.name)
    except OSError as error:
        raise DataError(f"cannot list the folder {str(folder)!r}: {error.strerror}. Fix: its permissions") from None
    return FolderContent(dict(sorted(images.items())), sorted(others), sorted(folders))


def is_folder(path: Path) -> bool:
    """Returns whether a path is a folder; what cannot be looked at is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def number_in(name: str, pattern: str) -> int | None:
    """Returns the number in the name of an image; None where the name does not fit the pattern.

    Examples:
        >>> number_in("frame_000012.jpg", "frame_%06d.jpg")
        12
        >>> number_in("frame_12.jpg", "frame_%06d.jpg")
    """
    found = _expression(pattern).fullmatch(name)
    return None if found is None else int(found[1])


@lru_cache
def _expression(pattern: str) -> re.Pattern[str]:
    before, width, after = re.split(r"%(?:0(\d))?d", pattern)
    digits = max(int(width or 1), 1)
    # As `%06d` writes numbers: more than its six digits without a zero in front, and no more than 64 bits hold.
    return re.compile(f"{re.escape(before)}([0-9]{{{digits}}}|[1-9][0-9]{{{digits},17}}){re.escape(after)}")


def check_gaps(folders: Mapping[Path, Sequence[int]]) -> None:
    """Refuses data of which frames are missing between the first and the last of a folder.

    Args:
        folders: The numbers of the frames of every folder, ascending.

    Raises:
        DataError: The message names the first such folder, the numbers, and how many such folders there are.
    """
    with_gaps = [folder for folder, numbers in folders.items() if len(numbers) < numbers[-1] - numbers[0] + 1]
    if with_gaps:
        first = with_gaps[0]
        numbers = folders[first]
        count = numbers[-1] - numbers[0] + 1 - len(numbers)
        gaps = [(low + 1, high - 1) for low, high in pairwise(numbers) if high > low + 1]
        listed = ", ".join(str(low) if low == high else f"{low} to {high}" for low, high in gaps[:5])
        raise DataError(
            f"{len(with_gaps)} of {len(folders)} folders of frames have gaps; the first: {str(first)!r} holds the frames "
            f"{numbers[0]} to {numbers[-1]} without {listed}{', …' if len(gaps) > 5 else ''} ({count} missing). "
            "Fix: extract its frames again, or correct frame_folders.pattern"
        )
