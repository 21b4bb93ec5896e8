"""Rows of predictions as CSV, as JSON and on the terminal."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from videoseq.reporting.files import truth, write_csv, write_json
from videoseq.reporting.label_tables import SEPARATOR

_SURE = ("pred", "prob", "above_threshold")


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows into a `.json` file as they are, `top` as a list of {label, prob}; or into a `.csv` file.

    There `top` is columns, of the second and further classes `pred_2`, `prob_2`, and so on; several `preds` stand in one,
    joined by `|`; and `probs` are a column `prob_<class>` each.

    Args:
        path: The file.
        rows: As `serving.predictions.predict_rows` gives them.
    """
    if path.suffix == ".json":
        write_json(path, [{**row, **_listed(row)} for row in rows])
        return
    flat = [_flat(row) for row in rows]
    write_csv(path, list(flat[0]) if flat else ["path", *_SURE], flat)


def print_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints rows as a table, the probabilities of other, or of all, classes in one column."""
    if not rows:
        return
    shown = [_shown(row) for row in rows]
    table = Table()
    for column in shown[0]:
        table.add_column(column, overflow="fold")
    for row in shown:
        table.add_row(*row.values())
    # Nobody reads a pipe in columns of a terminal's width: there a path stays on one line, to be found by other programs.
    Console(highlight=False, width=None if sys.stdout.isatty() else 10_000).print(table)


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"top": [{"label": label, "prob": prob} for label, prob in row["top"]]} if "top" in row else {}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if key == "top":
            for rank, (label, prob) in enumerate(value[1:], start=2):
                flat |= {f"pred_{rank}": label, f"prob_{rank}": prob}
        elif key == "probs":
            flat |= {f"prob_{name}": prob for name, prob in value.items()}
        elif key == "preds":
            flat[key] = SEPARATOR.join(value)
        elif key == "attention":
            flat[key] = SEPARATOR.join(f"{one['time_seconds']}:{one['weight']}" for one in value)
        else:
            flat[key] = truth(value) if isinstance(value, bool) else value
    return flat


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    shown: dict[str, str] = {}
    for key, value in row.items():
        if key == "top":
            shown["then"] = ", ".join(f"{label} {prob:.3f}" for label, prob in value[1:])
        elif key == "probs":
            likeliest = sorted(value.items(), key=lambda entry: -entry[1])
            shown[key] = ", ".join(f"{label} {prob:.3f}" for label, prob in likeliest)
        elif key == "preds":
            shown[key] = ", ".join(value)
        elif key == "attention":
            most = max(value, key=lambda one: one["weight"])
            shown["looked at most"] = f"{most['time_seconds']:.3f} s ({most['weight']:.3f})"
        elif isinstance(value, bool):
            shown[key] = truth(value)
        else:
            shown[key] = f"{value:.3f}" if key == "prob" else str(value)
    return shown
