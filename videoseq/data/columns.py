"""Columns of strings without a Python object for each: a million rows are a few buffers, which forked processes share."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Self, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Positions = NDArray[np.integer]
"""Positions of rows, (n,)."""


class Texts(Sequence[str]):
    """Strings side by side in one buffer.

    They are kept as bytes in which also names of files that are no text come back as they were; the order of the bytes is
    that of the strings.

    Args:
        data: The encoded strings.
    """

    def __init__(self, data: pa.LargeBinaryArray) -> None:
        self.data = data

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Returns a column of strings."""
        return cls(pa.array([text.encode("utf-8", "surrogatepass") for text in texts], pa.large_binary()))

    @classmethod
    def numbered(cls, prefix: str, numbers: Positions) -> Self:
        """Returns a column of numbers behind the same text."""
        digits = pa.array(numbers).cast(pa.string()).cast(pa.large_binary())
        start = pa.scalar(prefix.encode("utf-8", "surrogatepass"), pa.large_binary())
        return cls(pc.binary_join_element_wise(start, digits, pa.scalar(b"", pa.large_binary())))

    def __len__(self) -> int:
        return len(self.data)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> str | Self:
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        text: bytes = self.data[index].as_py()
        return text.decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_list())

    def take(self, positions: Positions) -> Self:
        """Returns the strings at some positions."""
        return type(self)(self.data.take(pa.array(positions)))

    def ranks(self) -> NDArray[np.int64]:
        """Returns the place of each string among all in their order, equal ones by position, (N,) int64."""
        order = pc.sort_indices(self.data).to_numpy()
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return ranks

    def to_list(self) -> list[str]:
        """Returns all strings as Python has them."""
        return [text.decode("utf-8", "surrogatepass") for text in self.data.to_pylist()]


class Words(Sequence[str | None]):
    """Strings that may repeat or be absent: each distinct one once, and a number for every row.

    Args:
        names: The distinct strings, ascending; some may be in no row.
        codes: Position in `names` for each row, (N,) int32; -1 where there is none.
    """

    def __init__(self, names: Texts, codes: NDArray[np.int32]) -> None:
        self.names = names
        self.codes = codes

    @classmethod
    def of(cls, values: Iterable[str | None]) -> "Words":
        """Returns a column of strings; what is one already is returned as it is."""
        if isinstance(values, Words):
            return values
        known: dict[str | None, int] = {None: -1}
        codes = np.array([known.setdefault(value, len(known) - 1) for value in values], np.int32)
        del known[None]
        return cls.coded([str(name) for name in known], codes)

    @classmethod
    def coded(cls, names: Sequence[str], codes: NDArray[np.int32]) -> "Words":
        """Returns a column of strings that have numbers already.

        Args:
            names: What the numbers mean; may repeat.
            codes: Position in `names` for each row, (N,) int32; -1 where there is none.
        """
        distinct = sorted(dict.fromkeys(names))  # names that stand in order already are sorted at once
        places = {name: place for place, name in enumerate(distinct)}
        new = np.array([*(places[name] for name in names), -1], np.int32)  # the last one is what -1 finds
        return cls(Texts.of(distinct), new[codes])

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> str | None: ...
    @overload
    def __getitem__(self, index: slice) -> "Words": ...
    def __getitem__(self, index: "int | slice") -> "str | Words | None":
        if isinstance(index, slice):
            return Words(self.names, self.codes[index])
        code = int(self.codes[index])
        return None if code < 0 else self.names[code]

    def __iter__(self) -> Iterator[str | None]:
        names = [*self.names.to_list(), None]  # the last one is what -1 finds
        return (names[code] for code in self.codes.tolist())

    def take(self, positions: Positions) -> "Words":
        """Returns the rows at some positions; the numbers keep their meaning."""
        return Words(self.names, self.codes[positions])

    def code_of(self, name: str) -> int:
        """Returns the number of a string that is one of `names`."""
        return self.names.to_list().index(name)

    @property
    def used(self) -> list[str]:
        """The distinct strings that some row holds, ascending."""
        return self.names.take(np.flatnonzero(np.bincount(self.codes[self.codes >= 0]))).to_list()


def joined(columns: Sequence[Words]) -> Words:
    """Returns the rows of several columns one after the other."""
    if all(column.names is columns[0].names for column in columns):
        return Words(columns[0].names, np.concatenate([column.codes for column in columns]))
    return Words.of(value for column in columns for value in column)
