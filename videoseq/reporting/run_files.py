"""What a run says about itself: the versions it ran with, and the videos it left out."""

import csv
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from videoseq.reporting.files import append_csv, writable, write_csv

BAD_VIDEO_COLUMNS = ("path", "row", "split", "reason")
_PACKAGES = ("videoseq", "torch", "torchvision", "pytorch-lightning", "av")


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that a result depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def git_commit() -> str | None:
    """Returns the commit of the working folder's repository, `-dirty` where it has changes; None outside one."""
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changes = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit + ("-dirty" if changes.strip() else "")


class BadVideoFile:
    """The list of left-out videos of a run, `bad_videos.csv`; without any it holds its header alone.

    Args:
        path: The CSV file; one of a resumed run is continued.
        new: Whether a file of an earlier evaluation is emptied.
    """

    def __init__(self, path: Path, *, new: bool = False) -> None:
        self.path = path
        if new or not path.exists():
            write_csv(path, BAD_VIDEO_COLUMNS, [])
        with path.open(encoding="utf-8", newline="") as file:
            self._rows = {tuple(line) for line in csv.reader(file)}

    def add(self, video: Path, row: str, split: str, reason: str) -> None:
        """Adds a video that is not in the list yet: its file, where the annotations name it, its split, and the reason."""
        values = tuple(map(writable, (str(video), row, split, reason)))
        if values not in self._rows:
            self._rows.add(values)
            append_csv(self.path, BAD_VIDEO_COLUMNS, dict(zip(BAD_VIDEO_COLUMNS, values, strict=True)))
