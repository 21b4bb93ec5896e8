"""Where paths lead through symbolic links, for many paths that lie in few folders."""

import os
from pathlib import Path


class Resolver:
    """Follows symbolic links as `os.path.realpath` does; each folder is followed once."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def __call__(self, path: Path) -> str:
        """Returns where a path leads; a circle of links leads nowhere and is returned as far as it was followed.

        Args:
            path: The path, absolute and without `..`.
        """
        folder, name = os.path.split(path)
        if not name or os.path.islink(path):  # noqa: PTH114 - Path.is_symlink raises where a name is too long
            return os.path.realpath(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)  # noqa: PTH118 - a Path for every video takes its time
