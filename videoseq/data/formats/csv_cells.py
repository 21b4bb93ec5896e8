"""The cells of a CSV of annotations by column, each distinct text once, and what messages say of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoseq.data.columns import Words
from videoseq.data.formats.csv_columns import Coded, coded_cells
from videoseq.data.formats.label_cells import LARGEST_VALUE, NUMBER_FIX, too_large
from videoseq.data.formats.text_files import csv_rows
from videoseq.errors import DataError


@dataclass(frozen=True)
class Cells:
    """The R rows below the header of a CSV.

    Attributes:
        file: Name of the CSV.
        columns: Name of each column that is understood -> its distinct texts, stripped, and the position among them for each
            row.
        lines: The line of each row, (R,) int64.
    """

    file: str
    columns: Mapping[str, Coded]
    lines: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, row: int, column: str | None = None) -> str:
        """Returns the place of a row, or of a cell in it, as messages name it."""
        return f"{self.file} row {self.lines[row]}" + (f" column {column!r}" if column else "")

    def text(self, row: int, column: str) -> str:
        """Returns what stands in a cell; nothing where there is no such column."""
        if column not in self.columns:
            return ""
        texts, codes = self.columns[column]
        return texts[int(codes[row])]

    def words(self, column: str) -> Words:
        """Returns a column, None where a cell is empty."""
        texts, codes = self.columns[column]
        are_filled = np.array([bool(text) for text in texts])[codes]
        return Words.coded(texts, np.where(are_filled, codes, -1).astype(np.int32))

    def numbers(self, column: str, low: float = -np.inf, *, required: bool = False) -> NDArray[np.float64]:
        """Returns the numbers of a column, (R,) float64, NaN where a cell is empty.

        Args:
            column: The column.
            low: The least number that is taken; of seconds that is 0.
            required: Whether no cell may be empty.

        Raises:
            DataError: A cell holds none, or one that is too large; the message names it.
        """
        texts, codes = self.columns[column]
        numbers = np.array([_number(text) for text in texts], np.float64)
        are_wrong = ~(np.isfinite(numbers) & (numbers >= low)) & np.array([required or bool(text) for text in texts])
        for row in np.flatnonzero(are_wrong[codes])[:1].tolist():
            expected = "a number of seconds, expected 0 or more" if low == 0 else "a number, expected a value"
            raise DataError(
                f"{self.where(row, column)}: {self.text(row, column)!r} is not {expected}, such as 2.5. Fix: {NUMBER_FIX}"
            )
        for row in np.flatnonzero((np.abs(numbers) > LARGEST_VALUE)[codes])[:1].tolist():
            raise DataError(f"{self.where(row, column)}: {too_large(self.text(row, column))}")
        found: NDArray[np.float64] = numbers[codes]
        return found


def read_cells(file: Path, columns: Mapping[str, int], width: int, header_line: int, layout: str) -> Cells:
    """Returns the cells of a CSV.

    Args:
        file: The CSV.
        columns: The place of each column that is understood.
        width: Columns of the header.
        header_line: Line of the header.
        layout: The header that is expected, for the message.

    Raises:
        DataError: The file cannot be read or is no CSV, has no rows, or one with too many values.
    """
    try:
        cells, lines = coded_cells(file, columns, width, header_line)
    except ValueError:
        line, values = next((line, values) for line, values in csv_rows(file) if len(values) > width)
        raise DataError(
            f"{file.name} row {line}: got {len(values)} values, expected {width} as in the header. "
            'Fix: write a value that holds a comma in "quotes"'
        ) from None
    if not len(lines):
        raise DataError(f"no videos found: {str(file)!r} has a header and no rows, expected rows of {layout}. Fix: add rows")
    return Cells(file.name, cells, lines)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
