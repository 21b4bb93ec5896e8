"""The words for splits, in the names of folders and lists and in columns."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from videoseq.errors import DataError, suggest
from videoseq.types import SPLITS, Split

_log = logging.getLogger(__name__)

SPLIT_NAMES: dict[str, Split] = {
    **{"train": "train", "test": "test"},
    **dict.fromkeys(("val", "valid", "validate", "validation"), "val"),
}
"""What annotations may call a split, in lower case."""


def split_of(text: str, where: str) -> Split:
    """Returns the split that a word stands for, in any case of its letters.

    Args:
        text: The word.
        where: The place of the word, for the message.

    Raises:
        DataError: It is none of `SPLIT_NAMES`.
    """
    split = SPLIT_NAMES.get(text.lower())
    if split is None:
        raise DataError(f"{where}: unknown split {text!r}, expected train, val or test. Fix: {suggest(text, SPLIT_NAMES)}")
    return split


def words_for(split: Split) -> list[str]:
    """Returns all words for a split."""
    return [word for word, meant in SPLIT_NAMES.items() if meant == split]


def find_split_files(folders: Sequence[Path], suffixes: Iterable[str]) -> dict[Split, Path]:
    """Returns the list of each split that has one; of several lists of one split the first, with a warning.

    Args:
        folders: The folders to look in.
        suffixes: The suffixes that a list may have, such as `.txt`.
    """
    result: dict[Split, Path] = {}
    for split in SPLITS:
        names = [word + suffix for suffix in suffixes for word in words_for(split)]
        found = [folder / name for name in names for folder in folders if (folder / name).is_file()]
        if found:
            result[split] = found[0]
        for other in found[1:]:
            _log.warning("%s is not read: %s is the list of %s", other, found[0], split)
    return result
