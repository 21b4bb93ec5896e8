"""The runs of a sweep side by side: `sweep.csv`, and the table on the terminal."""

import csv
import fcntl
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from videoseq.reporting.files import write_csv
from videoseq.types import LESS_IS_BETTER

_FIRST = ("number", "status")
_LAST = ("epochs", "seconds", "folder", "message")
_FIGURE = "val_"

Row = dict[str, str]


class SweepTable:
    """The file `sweep.csv` of a sweep, a row for every run; several processes may write to it at once.

    Its columns are `number`, `status` (`not_run`, `running`, `done`, `failed` or `interrupted`), the swept options, the
    validation figures (`val_accuracy`, …), `epochs`, `seconds`, `folder` and `message`.

    Args:
        folder: The folder of the sweep.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sweep.csv"

    def start(self, parameters: Sequence[Mapping[str, str]]) -> None:
        """Writes the rows of runs that were not run yet, from the swept options of each."""
        self._write([{"number": str(number), "status": "not_run", **row} for number, row in enumerate(parameters)])

    def rows(self) -> list[Row]:
        """Returns the rows by column, in the order of their numbers."""
        with self.path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def update(self, number: int, values: Mapping[str, object]) -> None:
        """Changes the row of a run."""
        with self._alone():
            rows = self.rows()
            rows[number] |= {key: " ".join(str(value).split()) for key, value in values.items()}
            self._write(rows)

    def give_up(self, message: str) -> int:
        """Calls the runs that are still said to be running failed, and returns how many there are."""
        running = [int(row["number"]) for row in self.rows() if row["status"] == "running"]
        for number in running:
            self.update(number, {"status": "failed", "message": message})
        return len(running)

    def record_figures(self, number: int, figures: Mapping[str, float]) -> None:
        """Adds the validation figures of a run."""
        self.update(number, {f"{_FIGURE}{name}": value for name, value in figures.items()})

    def _write(self, rows: Sequence[Row]) -> None:
        middle = dict.fromkeys(key for row in rows for key in row if key not in _FIRST + _LAST)
        parameters = [key for key in middle if not key.startswith(_FIGURE)]
        figures = [key for key in middle if key.startswith(_FIGURE)]
        write_csv(self.path, [*_FIRST, *parameters, *figures, *_LAST], rows)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Waits until no other process changes the file. The lock is the folder's: the file itself is replaced."""
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def best_first(rows: Sequence[Row], monitor: str) -> list[Row]:
    """Returns the rows of a sweep, finished runs first and the best of them on top.

    Args:
        rows: Rows of `sweep.csv`.
        monitor: The validation figure that counts; the loss breaks ties.
    """

    def place(row: Row) -> tuple[bool, float, float]:
        if row["status"] != "done":
            return (True, 0.0, 0.0)
        value, loss = (_number(row.get(_FIGURE + name)) for name in (monitor, "loss"))
        return (False, value if monitor in LESS_IS_BETTER else -value, loss)

    return sorted(rows, key=lambda row: tuple(math.inf if math.isnan(part) else part for part in place(row)))


def print_sweep(rows: Sequence[Row], monitor: str) -> None:
    """Prints the runs of a sweep, the best by a validation figure first and marked."""
    ordered = best_first(rows, monitor)
    columns = [key for key in rows[0] if key not in ("folder", "message")]
    shown = [key for key in columns if any(row[key] for row in rows)]
    table = Table(title=f"sweep, best {_FIGURE}{monitor} first", title_justify="left")
    for column in ("", *shown):
        table.add_column(column, justify="left" if column in ("", "status") else "right", overflow="fold")
    for place, row in enumerate(ordered):
        best = place == 0 and row["status"] == "done"
        cells = (_short(key, row[key]) for key in shown)
        table.add_row("best" if best else "", *cells, style="bold" if best else None)
    # Nobody reads a pipe in columns of a terminal's width.
    Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 10_000).print(table)


def _number(text: str | None) -> float:
    return float(text) if text else math.nan


def _short(column: str, text: str) -> str:
    if column.startswith(_FIGURE) and text:
        return f"{float(text):.4f}"
    return f"{float(text):.0f}" if column == "seconds" and text else text
