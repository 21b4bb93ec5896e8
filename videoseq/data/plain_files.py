"""Many files that a data set names, checked folder by folder instead of one by one."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from videoseq.data.resolving import Resolver

_FEW = 16
"""For so many files of a folder it is quicker to look at each."""

_ODD = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|\0")
"""An empty part of a path (the start of an absolute one too, and of what follows `://`), `.`, `..`, or a NUL."""


def find_plain_files(texts: Sequence[str], base: Path, resolver: Resolver, is_safe: Callable[[str], bool]) -> dict[str, str]:
    """Returns the absolute paths of those files that a listing of their folder shows to be as safe as one that was checked.

    That are regular files, no links, in the same folder as a file that may be opened. Of the others nothing is said.

    Args:
        texts: The files as written.
        base: The data set's root.
        resolver: Learns which files are no links.
        is_safe: Whether one file may be opened, as written.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        if not _ODD.search(text):
            folder, _, name = text.rpartition("/")
            folders[folder].append(name)
    root = os.path.abspath(base)  # noqa: PTH100 - Path.resolve would replace the links by their targets
    found: dict[str, str] = {}
    for folder, names in folders.items():
        if len(names) < _FEW:
            continue
        path = os.path.join(root, folder) if folder else root  # noqa: PTH118 - as `root`, no Path
        there = _regular_files(path)
        plain = [name for name in names if name in there]
        start = f"{folder}/" if folder else ""
        if plain and is_safe(start + plain[0]):
            resolver.learn(path, there)
            inside = os.path.join(path, "")  # noqa: PTH118 - ends in a separator, that of `/` too
            found.update((start + name, inside + name) for name in plain)
    return found


def _regular_files(folder: str) -> set[str]:
    """Returns the names of the regular files in a folder that are no links; none where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError:
        return set()
