"""Where paths lead through symbolic links, for many paths that lie in few folders."""

import os
from collections.abc import Collection
from pathlib import Path


class Resolver:
    """Follows symbolic links as `os.path.realpath` does; each folder is followed once."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._plain: dict[str, Collection[str]] = {}

    def __call__(self, path: Path | str) -> str:
        """Returns where a path leads; a circle of links leads nowhere and is returned as far as it was followed.

        Args:
            path: The path, absolute and without `..`.
        """
        text = os.fspath(path)
        folder, _, name = text.rpartition(os.sep)
        if name not in self._plain.get(folder, ()) and (not name or os.path.islink(text)):  # noqa: PTH114 - raises for long names
            return os.path.realpath(text)
        if folder not in self._folders:
            self._folders[folder] = os.path.join(os.path.realpath(folder or os.sep), "")  # noqa: PTH118 - ends in a separator
        return self._folders[folder] + name

    def learn(self, folder: str, names: Collection[str]) -> None:
        """Takes note of files that are no links.

        Args:
            folder: Their folder, absolute and without `..`.
            names: Their names.
        """
        self._plain[folder] = names
