"""A cross-validation on the terminal: a row for each fold, what they come to, and whether one model is better."""

import sys
from collections.abc import Mapping
from math import isnan
from typing import Any

from rich.console import Console
from rich.table import Table

_PARTS = ("train", "val", "test")


def print_crossvalidation(title: str, result: Mapping[str, Any]) -> None:
    """Prints the test figures of every fold, their mean and spread, and those of all out-of-fold predictions.

    Args:
        title: Heading.
        result: As in `crossvalidation.json`.
    """
    names = list(result["out_of_fold"])
    table = Table(title=title, title_justify="left")
    for column in ("", *_PARTS, *names):
        table.add_column(column, justify="right" if column else "left")
    for fold in result["folds"]:
        sizes = (str(fold["num_videos"][part]) for part in _PARTS)
        figures = (_figure(fold["test"].get(name)) for name in names)
        table.add_row(f"repeat_{fold['repeat']}/fold_{fold['fold']}", *sizes, *figures)
    table.add_section()
    spread = (f"{result['mean'][name]:.3f} ± {result['std'][name]:.3f}" if name in result["mean"] else "-" for name in names)
    table.add_row("mean", *[""] * 3, *spread)
    table.add_row("out of fold", *[""] * 3, *map(_figure, result["out_of_fold"].values()))
    table.add_row("95 % interval", *[""] * 3, *(_between(result["interval_95"], name) for name in names))
    console = _console()
    console.print(table)
    console.print(f"interval: {result['interval_method']}")


def print_comparison(result: Mapping[str, Any]) -> None:
    """Prints a row for each candidate and, for each but the first, whether it differs from the first.

    Args:
        result: As in `comparison.json`.
    """
    headline, names = result["headline"], list(result["candidates"][0]["out_of_fold"])
    table = Table(title="out of fold, all on the same folds", title_justify="left")
    for column in ("", *names, f"{headline}, 95 % interval"):
        table.add_column(column, justify="right" if column else "left")
    for one in result["candidates"]:
        figures = map(_figure, one["out_of_fold"].values())
        table.add_row(one["candidate"], *figures, _between(one["interval_95"], headline))
    console = _console()
    console.print(table)
    for difference in result["differences"]:
        console.print(f"{difference['sentence']}.")
    if len(result["differences"]) > 1:
        console.print("The intervals are widened so that all of these sentences hold together with 95 %.")


def _figure(value: float | None) -> str:
    return "-" if value is None or isnan(value) else f"{value:.3f}"


def _console() -> Console:
    # No markup: a name such as model.encoder.spatial=[4,4] would lose its brackets. In a pipe a cell stays on one line.
    width = None if sys.stdout.isatty() else 10_000
    return Console(highlight=False, markup=False, emoji=False, width=width)


def _between(intervals: Mapping[str, Any] | None, name: str) -> str:
    return "-" if intervals is None else f"{intervals[name][0]:.3f} to {intervals[name][1]:.3f}"
