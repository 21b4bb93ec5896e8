"""Rows of predictions as CSV, as JSON and on the terminal."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from videoseq.reporting.files import truth, write_csv, write_json

_ANSWER = ("pred", "prob", "above_threshold")


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows into a `.json` file, `top` as a list of {label, prob}, or into a `.csv` file, `top` as columns.

    The columns of the second and further classes are `pred_2`, `prob_2`, and so on.

    Args:
        path: The file.
        rows: As `serving.predictions.predict_rows` gives them.
    """
    if path.suffix == ".json":
        listed = [{**row, "top": [{"label": label, "prob": prob} for label, prob in row["top"]]} for row in rows]
        write_json(path, listed)
        return
    flat = [_flat(row) for row in rows]
    write_csv(path, list(flat[0]) if flat else ["path", *_ANSWER], flat)


def print_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints rows as a table, the other likely classes in one column."""
    if not rows:
        return
    table = Table()
    places = [key for key in rows[0] if key not in (*_ANSWER, "top")]
    for column in (*places, *_ANSWER, "then"):
        table.add_column(column, overflow="fold")
    for row in rows:
        others = ", ".join(f"{label} {prob:.3f}" for label, prob in row["top"][1:])
        answer = row["pred"], f"{row['prob']:.3f}", truth(row["above_threshold"])
        table.add_row(*(str(row[key]) for key in places), *answer, others)
    # Nobody reads a pipe in columns of a terminal's width: there a path stays on one line, to be found by other programs.
    Console(highlight=False, width=None if sys.stdout.isatty() else 10_000).print(table)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat = {key: value for key, value in row.items() if key != "top"} | {"above_threshold": truth(row["above_threshold"])}
    for rank, (label, prob) in enumerate(row["top"][1:], start=2):
        flat[f"pred_{rank}"] = label
        flat[f"prob_{rank}"] = prob
    return flat
