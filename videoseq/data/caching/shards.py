"""One shard of an array store: the arrays of one writer in a file that is memory-mapped, and a row for each in another.

A row reaches the disk after its array. It carries a checksum of itself and one of the array. So whatever a killed writer or
a bad disk leaves, an array that is found is whole: arrays without a row and torn rows do not count.
"""

import hashlib
import logging
import mmap
import os
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

INDEX_SUFFIX, DATA_SUFFIX = ".index", ".data"
_ALIGNMENT = 64
_MAX_DIMS = 8
_KINDS = "biufc"
_ROW = np.dtype(
    [
        ("key", "<u8", (2,)),
        ("offset", "<u8"),
        ("num_bytes", "<u8"),
        ("shape", "<u4", (_MAX_DIMS,)),
        ("ndim", "<u4"),
        ("dtype", "S4"),
        ("crc", "<u4"),
        ("check", "<u4"),
    ]
)
_WORDS = _ROW.itemsize // 4
_CHECK_WORD = _WORDS - 1
_MAX_MAPPED = 64
"""Shards of a process that are mapped at once, two open files each; the usual limit of a process is 1024."""
_FACTORS = np.arange(0x9E3779B1, 0x9E3779B1 + 2 * _CHECK_WORD, 2, dtype=np.uint32)


def name_keys(names: Sequence[str]) -> NDArray[np.uint64]:
    """Returns the key of every name, (n, 2) uint64: 16 bytes of its BLAKE2 digest."""
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=16).digest() for name in names)
    return np.frombuffer(digests, "<u8").reshape(-1, 2)


def stored_bytes(num_bytes: int) -> int:
    """Returns what an array of so many bytes takes on disk."""
    return num_bytes + -num_bytes % _ALIGNMENT + _ROW.itemsize


class Shard:
    """The arrays of one writer that are on the disk when the shard is opened; its files are open only while they are read.

    Args:
        index_file: The file of the rows.

    Attributes:
        index_file: The same.
        index_bytes: Size of that file.
        data_bytes: Size of the file of the arrays.
        numbers: Numbers of the rows that count, (n,) uint32, ascending.
        keys: Their keys, (n, 2) uint64.

    Raises:
        OSError: A file cannot be read.
    """

    def __init__(self, index_file: Path) -> None:
        self.index_file = index_file
        self.index_bytes = index_file.stat().st_size
        self.data_bytes = self._data_file.stat().st_size if self._data_file.exists() else 0
        rows = np.fromfile(index_file, _ROW, self.index_bytes // _ROW.itemsize)
        counts = (_checks(rows) == rows["check"]) & (rows["offset"] <= self.data_bytes)
        counts &= rows["num_bytes"] <= self.data_bytes - np.minimum(rows["offset"], self.data_bytes)
        self.numbers = np.flatnonzero(counts).astype(np.uint32)
        self.keys: NDArray[np.uint64] = rows["key"][self.numbers]
        if len(self.numbers) < len(rows):
            damaged = len(rows) - len(self.numbers)
            logger.warning("%s: %d of %d rows are damaged and not used", index_file, damaged, len(rows))

    def view(self, number: int) -> NDArray[Any]:
        """Returns the array of a row, a read-only view of the memory map.

        Raises:
            OSError: The file cannot be read.
        """
        rows, data = self._mapped()
        row = rows[number]
        shape = tuple(row["shape"][: row["ndim"]].tolist())
        if not row["num_bytes"]:
            return np.zeros(shape, row["dtype"].decode())
        return np.ndarray(shape, row["dtype"].decode(), data, int(row["offset"]))

    def is_whole(self, number: int) -> bool:
        """Says whether the array of a row is the one that was written, which takes reading it.

        Raises:
            OSError: The file cannot be read.
        """
        return zlib.crc32(self.view(number).data) == int(self._mapped()[0]["crc"][number])

    def strike_out(self, number: int) -> None:
        """Marks the row of a damaged array: it does not count any longer, nor for whoever opens the shard from now on.

        Raises:
            OSError: The file cannot be written: others will find the damage for themselves.
        """
        stays = self.numbers != number
        self.numbers, self.keys = self.numbers[stays], self.keys[stays]
        row = self._mapped()[0][number : number + 1]
        with self.index_file.open("r+b") as file:
            file.seek(number * _ROW.itemsize + 4 * _CHECK_WORD)
            # Of the row and not of the checksum that stands there: another process may have struck the row out before.
            file.write((~_checks(row)).tobytes())

    def _mapped(self) -> "tuple[NDArray[np.void], mmap.mmap | None]":
        return _mapped(self.index_file, self._data_file, self.index_bytes // _ROW.itemsize, self.data_bytes)

    @property
    def _data_file(self) -> Path:
        return self.index_file.with_suffix(DATA_SUFFIX)


class ShardWriter:
    """Writes a shard of its own; the files appear with the first commit of an array.

    Args:
        folder: Where the shard's two files go.
    """

    def __init__(self, folder: Path) -> None:
        self._index_file = folder / f"{uuid4().hex}{INDEX_SUFFIX}"
        self._index: BinaryIO | None = None
        self._data: BinaryIO | None = None
        self._rows: list[NDArray[np.void]] = []
        self._offset = 0

    def add(self, name: str, array: NDArray[Any]) -> None:
        """Writes an array, which counts once it is committed.

        Args:
            name: What it is found by.
            array: Numbers of any shape up to 8 dimensions.

        Raises:
            ValueError: The array has more dimensions, or holds something else than numbers.
            OSError: The disk is full or cannot be written.
        """
        array = np.ascontiguousarray(array).reshape(array.shape)
        if array.ndim > _MAX_DIMS or array.dtype.kind not in _KINDS or len(array.dtype.str) > 4:
            raise ValueError(f"expected numbers in at most {_MAX_DIMS} dimensions, got {array.dtype} {array.shape}")
        if self._data is None:
            self._data = self._index_file.with_suffix(DATA_SUFFIX).open("xb")
        row = np.zeros(1, _ROW)
        row["key"] = name_keys([name])
        row["offset"], row["num_bytes"] = self._offset, array.nbytes
        row["shape"][0, : array.ndim], row["ndim"] = array.shape, array.ndim
        row["dtype"], row["crc"] = array.dtype.str, zlib.crc32(array.data)
        row["check"] = _checks(row)
        self._data.write(array.data)
        self._data.write(b"\0" * (-array.nbytes % _ALIGNMENT))
        self._offset += array.nbytes + -array.nbytes % _ALIGNMENT
        self._rows.append(row)

    def commit(self) -> None:
        """Makes what was added count: the arrays reach the disk, then their rows.

        Raises:
            OSError: The disk is full or cannot be written.
        """
        if not self._rows:
            return
        assert self._data is not None
        _to_disk(self._data)
        if self._index is None:
            self._index = self._index_file.open("xb")
        self._index.write(np.concatenate(self._rows).tobytes())
        _to_disk(self._index)
        self._rows.clear()

    def close(self) -> None:
        """Closes the files; what was not committed does not count.

        Raises:
            OSError: The disk is full or cannot be written.
        """
        for file in (self._data, self._index):
            if file is not None:
                file.close()

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Commits what was added, but for an error, and closes the files."""
        try:
            if kind is None:
                self.commit()
        finally:
            self.close()


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@lru_cache(_MAX_MAPPED)
def _mapped(index_file: Path, data_file: Path, count: int, data_bytes: int) -> tuple[NDArray[np.void], mmap.mmap | None]:
    """Returns the rows of a shard, (count,), and its arrays, None without bytes; the maps close with the last view."""
    with index_file.open("rb") as index:
        rows = mmap.mmap(index.fileno(), count * _ROW.itemsize, access=mmap.ACCESS_READ)
    data = None
    if data_bytes:
        with data_file.open("rb") as file:
            data = mmap.mmap(file.fileno(), data_bytes, access=mmap.ACCESS_READ)
    return np.frombuffer(rows, _ROW), data


def _checks(rows: NDArray[np.void]) -> NDArray[np.uint32]:
    """Returns the checksum of every row, (n,) uint32, which is not 0 for a row of zeros."""
    words = rows.view(np.uint32).reshape(-1, _WORDS)[:, :_CHECK_WORD]
    checks: NDArray[np.uint32] = words @ _FACTORS + np.uint32(1)
    return checks
