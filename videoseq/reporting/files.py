"""Files that a run leaves: plain CSV and JSON, written whole or not at all.

Text that is no valid UTF-8, such as the name of a file from an old disk, is written with escapes such as `\\udcff`.
"""

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def write_json(path: Path, content: Any) -> None:
    """Writes plain values as indented JSON; a number that JSON does not know (NaN, infinity) becomes null."""
    _replace(path, json.dumps(_legal(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes rows under the given columns; a column that a row lacks stays empty."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _replace(path, buffer.getvalue())


def truth(value: bool) -> str:
    """Returns `true` or `false`, as they stand in a CSV file and on the terminal."""
    return "true" if value else "false"


def append_csv(path: Path, columns: Sequence[str], row: Mapping[str, Any]) -> None:
    """Adds one row to a CSV file, which is started with its header where it does not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def writable(text: str) -> str:
    """Returns text as it stands in a file, what is no valid UTF-8 escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _legal(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _legal(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_legal(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
