"""A cross-validation on the terminal: a row for each fold, what they come to, and whether one model is better."""

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

_FIGURES = ("accuracy", "f1_macro", "loss")
_PARTS = ("train", "val", "test")


def print_crossvalidation(title: str, result: Mapping[str, Any]) -> None:
    """Prints the test figures of every fold, their mean and spread, and those of all out-of-fold predictions.

    Args:
        title: Heading.
        result: As in `crossvalidation.json`.
    """
    table = Table(title=title, title_justify="left")
    for column in ("", *_PARTS, *_FIGURES):
        table.add_column(column, justify="right" if column else "left")
    for fold in result["folds"]:
        sizes = (str(fold["num_videos"][part]) for part in _PARTS)
        figures = (f"{fold['test'][name]:.3f}" for name in _FIGURES)
        table.add_row(f"repeat_{fold['repeat']}/fold_{fold['fold']}", *sizes, *figures)
    table.add_section()
    table.add_row("mean", *[""] * 3, *(f"{result['mean'][name]:.3f} ± {result['std'][name]:.3f}" for name in _FIGURES))
    table.add_row("out of fold", *[""] * 3, *(f"{result['out_of_fold'][name]:.3f}" for name in _FIGURES))
    table.add_row("95 % interval", *[""] * 3, *(_between(result["interval_95"], name) for name in _FIGURES))
    console = _console()
    console.print(table)
    console.print(f"interval: {result['interval_method']}")


def print_comparison(result: Mapping[str, Any]) -> None:
    """Prints a row for each candidate and, for each but the first, whether it differs from the first.

    Args:
        result: As in `comparison.json`.
    """
    table = Table(title="out of fold, all on the same folds", title_justify="left")
    for column in ("", *_FIGURES, "accuracy, 95 % interval"):
        table.add_column(column, justify="right" if column else "left")
    for one in result["candidates"]:
        figures = (f"{one['out_of_fold'][name]:.3f}" for name in _FIGURES)
        table.add_row(one["candidate"], *figures, _between(one["interval_95"], "accuracy"))
    console = _console()
    console.print(table)
    for difference in result["differences"]:
        console.print(f"{difference['sentence']}.")
    if len(result["differences"]) > 1:
        console.print("The intervals are widened so that all of these sentences hold together with 95 %.")


def _console() -> Console:
    # No markup: a name such as model.encoder.spatial=[4,4] would lose its brackets. In a pipe a cell stays on one line.
    width = None if sys.stdout.isatty() else 10_000
    return Console(highlight=False, markup=False, emoji=False, width=width)


def _between(intervals: Mapping[str, Any] | None, name: str) -> str:
    return "-" if intervals is None else f"{intervals[name][0]:.3f} to {intervals[name][1]:.3f}"
