"""Finding videos of which the annotations name only an id."""

from collections.abc import Iterable
from pathlib import Path

from videoseq.data.formats.source import Source


class StemIndex:
    """The videos of some folders by their names, those of files without suffix; each folder is listed once.

    Args:
        source: The data set.
        with_folders: Whether the videos in the folders of a folder count as its own.
    """

    def __init__(self, source: Source, *, with_folders: bool = False) -> None:
        self._source = source
        self._with_folders = with_folders
        self._paths: dict[str, dict[str, str]] = {}

    def find(self, folders: Iterable[str], stem: str) -> str | None:
        """Returns the path below the root of the video of this name in the first folder that has it; None where none has.

        Args:
            folders: The folders, relative to the root; an empty one is the root itself.
            stem: The name of the video's file without suffix, or of its folder of frames.
        """
        return next((path for folder in folders if (path := self._listed(folder).get(stem)) is not None), None)

    def _listed(self, folder: str) -> dict[str, str]:
        if folder not in self._paths:
            self._paths[folder] = self._list(folder, with_folders=self._with_folders)
        return self._paths[folder]

    def _list(self, folder: str, *, with_folders: bool) -> dict[str, str]:
        path = self._source.root / folder
        if not path.is_dir():
            return {}
        listing = self._source.listing(path)
        found: dict[str, str] = {}
        for name in listing.folders if with_folders else []:
            found |= self._list(_below(folder, name), with_folders=False)
        for name in listing.videos:
            found[name if name in listing.frame_folders else Path(name).stem] = _below(folder, name)
        return found


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
