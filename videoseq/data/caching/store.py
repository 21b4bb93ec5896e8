"""Named arrays on disk that any number of processes write and read at once, also after one of them was killed."""

import fcntl
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.data.caching.shards import INDEX_SUFFIX, Shard, ShardWriter, name_keys
from videoseq.errors import DataError

_DESCRIPTION_FILE = "description.json"
_CLAIMS_FILE = ".claims"
_FORMAT = 1


class ArrayStore:
    """Named arrays of one kind in append-only, memory-mapped shards; never more than one array of a name is found.

    A process keeps 45 bytes of memory for an array, whatever its size: its key, its place, and whether it was read. An
    array is compared with its checksum when a process reads it for the first time. The store can be sent to other processes,
    forked or spawned; each opens the files for itself.

    Args:
        folder: The folder of the shards, which is there.

    Attributes:
        folder: The same.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shards: dict[str, Shard] = {}
        self._is_read = False
        self._set_places()

    @classmethod
    def open(cls, folder: Path, description: Mapping[str, Any]) -> "ArrayStore":
        """Returns the store of the arrays that a description tells from all others, made where it is not there.

        Args:
            folder: Where such stores lie; each has a folder of its own in it, named by a digest of its description.
            description: What decides the content of an array of a name: plain values, nested.

        Raises:
            OSError: The folder cannot be made or read.
        """
        text = json.dumps({"format": _FORMAT, **description}, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
        own = folder / hashlib.sha256(text.encode()).hexdigest()[:16]
        own.mkdir(parents=True, exist_ok=True)
        file = own / _DESCRIPTION_FILE
        if not file.exists():
            with tempfile.TemporaryDirectory(dir=own) as place:
                whole = Path(place) / file.name
                whole.write_text(text, encoding="utf-8")
                whole.replace(file)
        return cls(own)

    def refresh(self) -> None:
        """Sees what has been written since, here or by other processes.

        Raises:
            OSError: The folder cannot be read.
        """
        self._is_read = True
        changed = False
        for file in sorted(self.folder.glob(f"*{INDEX_SUFFIX}")):
            known = self._shards.get(file.name)
            if known is None or known.index_bytes != file.stat().st_size:
                self._shards[file.name] = Shard(file)
                changed = True
        if changed:
            self._set_places()

    def missing(self, names: Sequence[str]) -> list[str]:
        """Returns those of the names that no array is found by, in the same order."""
        places = self._find(names)
        return [name for name, place in zip(names, places.tolist(), strict=True) if place < 0]

    def stack(self, names: Sequence[str]) -> NDArray[Any]:
        """Returns arrays of one shape and type side by side, (len(names), *shape), copied.

        Args:
            names: At least one.

        Raises:
            KeyError: There is no array of a name.
            ValueError: The arrays have different shapes or types.
            DataError: An array is damaged.
            OSError: A file cannot be read.
        """
        views = [self._view(name, place) for name, place in zip(names, self._find(names).tolist(), strict=True)]
        kinds = {(view.shape, view.dtype.str) for view in views}
        if len(kinds) != 1:
            raise ValueError(f"expected arrays of one shape and type, got {sorted(kinds)}")
        return np.stack(views)

    def writer(self) -> ShardWriter:
        """Returns a writer with a shard of its own; this store finds what it commits after `refresh`."""
        return ShardWriter(self.folder)

    @contextmanager
    def claimed(self, names: Sequence[str]) -> Iterator[list[str]]:
        """Keeps other processes from making the same arrays, until the block ends or the process is killed.

        The arrays are to be committed within the block. A process claims one set of names at a time.

        Args:
            names: Arrays that are wanted.

        Yields:
            Those that are not there and that no other process is making.

        Raises:
            OSError: The folder cannot be written.
        """
        with (self.folder / _CLAIMS_FILE).open("ab") as file:
            keys = name_keys(names)[:, 0].tolist()
            free = [name for name, key in zip(names, keys, strict=True) if _claim(file.fileno(), key)]
            self.refresh()
            yield self.missing(free)

    @property
    def num_bytes(self) -> int:
        """What the store takes on disk."""
        return sum(file.stat().st_size for file in self.folder.iterdir() if file.is_file())

    def __len__(self) -> int:
        """Returns how many arrays there are."""
        self._read()
        return len(self._number_of)

    def __contains__(self, name: str) -> bool:
        """Says whether there is an array of a name."""
        return bool(self._find([name])[0] >= 0)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Returns the array of a name, a read-only view of the memory map.

        Raises:
            KeyError: There is none.
            DataError: It is damaged, and is missing from now on.
            OSError: A file cannot be read.
        """
        return self._view(name, int(self._find([name])[0]))

    def __reduce__(self) -> tuple[type["ArrayStore"], tuple[Path]]:
        return type(self), (self.folder,)

    def _read(self) -> None:
        if not self._is_read:
            self.refresh()

    def _set_places(self) -> None:
        """Sorts the arrays of all shards by their keys; of several with one key the first counts."""
        shards = list(self._shards.values())
        self._in_order = shards
        keys = np.concatenate([np.zeros((2, 0), np.uint64), *(shard.keys.T for shard in shards)], axis=1)  # (2, n)
        order = np.lexsort((keys[1], keys[0]))
        keys = keys[:, order]
        is_doubled = (np.diff(keys.view(np.int64), axis=1) == 0).all(axis=0)
        if is_doubled.any():
            kept = np.append(True, ~is_doubled)
            keys, order = keys[:, kept], order[kept]
        self._keys = keys
        counts = [len(shard.numbers) for shard in shards]
        self._shard_of = np.repeat(np.arange(len(shards), dtype=np.uint32), counts)[order]
        self._number_of = np.concatenate([np.zeros(0, np.uint32), *(shard.numbers for shard in shards)])[order]
        self._is_checked = np.zeros(len(order), np.bool_)

    def _find(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Returns the place of every name among the sorted arrays, (len(names),); -1 where there is none."""
        self._read()
        if not len(self):
            return np.full(len(names), -1, np.int64)
        keys = name_keys(names).T  # (2, len(names))
        places = np.minimum(np.searchsorted(self._keys[0], keys[0]), len(self) - 1)
        while True:  # more than once only where two keys begin alike
            known = self._keys[:, places]
            behind = (known[0] == keys[0]) & (known[1] < keys[1]) & (places < len(self) - 1)
            if not behind.any():
                break
            places += behind
        return np.where((known == keys).all(axis=0), places, -1)

    def _view(self, name: str, place: int) -> NDArray[Any]:
        if place < 0:
            raise KeyError(name)
        shard = self._in_order[int(self._shard_of[place])]
        number = int(self._number_of[place])
        if not self._is_checked[place]:
            if not shard.is_whole(number):
                self._strike_out(name, shard, number)
            self._is_checked[place] = True
        return shard.view(number)

    def _strike_out(self, name: str, shard: Shard, number: int) -> None:
        with suppress(OSError):
            shard.strike_out(number)
        self._set_places()
        raise DataError(
            f"the array of {name!r} in {str(shard.index_file.parent)!r} is damaged: the disk has changed it. Fix: start again, "
            "it is made anew"
        )


def _claim(descriptor: int, key: int) -> bool:
    """Locks the byte of a key; the file need not be as long."""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, key >> 2)
    except (BlockingIOError, PermissionError):
        return False
    return True
