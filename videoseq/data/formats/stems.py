"""Finding videos of which the annotations name only an id."""

from collections.abc import Iterable
from pathlib import Path

from videoseq.data.formats.source import Source


class StemIndex:
    """The videos of some folders by their names without suffix; each folder is listed once.

    Args:
        source: The data set.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names: dict[str, dict[str, str]] = {}

    def find(self, folders: Iterable[str], stem: str) -> str | None:
        """Returns the path below the root of the video of this name in the first folder that has it; None where none has.

        Args:
            folders: The folders, relative to the root; an empty one is the root itself.
            stem: The name of the video without suffix, or of its folder of frames.
        """
        for folder in folders:
            name = self._listed(folder).get(stem)
            if name is not None:
                return f"{folder}/{name}" if folder else name
        return None

    def _listed(self, folder: str) -> dict[str, str]:
        if folder not in self._names:
            path = self._source.root / folder
            videos = self._source.listing(path).videos if path.is_dir() else []
            self._names[folder] = {Path(name).stem: name for name in videos}
        return self._names[folder]
