"""The tables of a benchmark from what its JSON file holds: for the terminal, and as Markdown in a README."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from videoseq.errors import DataError

_PLACE = re.compile(r"(<!-- tables of (\S+\.json) -->\n).*?(<!-- end -->)", re.DOTALL)

Row = list[str]


def print_tables(tables: Sequence[Mapping[str, Any]]) -> None:
    """Prints the tables of a benchmark, each with its notes."""
    console = Console()
    for table in tables:
        header, *rows = table_rows(table)
        shown = Table(*header)
        for row in rows:
            shown.add_row(*row)
        _print_line(console, table["title"])
        console.print(shown)
        for note in table["notes"]:
            _print_line(console, note)


def markdown(content: Mapping[str, Any]) -> str:
    """Returns the tables of a benchmark as Markdown, headed by the command and the machine."""
    machine = content["machine"]
    cores = f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB"
    on = ", ".join(filter(None, [cores, machine["gpu"]]))
    parts = [f"`{content['command']}`  \n{on}"]
    for table in content["tables"]:
        header, *rows = table_rows(table)
        lines = [header, ["---"] * len(header), *rows]
        parts.append("\n".join([f"**{table['title']}**\n", *(f"| {' | '.join(line)} |" for line in lines)]))
        parts.append("\n".join(f"- {note}" for note in table["notes"]))
    return "\n\n".join(filter(None, parts)) + "\n"


def rewrite_tables(readme: Path, folder: Path) -> list[str]:
    """Writes the tables of JSON files into a README, each between `<!-- tables of NAME.json -->` and `<!-- end -->`.

    Args:
        readme: The file; text outside the marks stays.
        folder: Where the JSON files lie.

    Returns:
        The names of the JSON files that have a place in it.

    Raises:
        DataError: There is no README, or one of the JSON files that it names is missing or none of these.
    """
    if not readme.is_file():
        raise DataError(
            f"{str(readme)!r} is not there: write one with a line <!-- tables of NAME.json --> and one <!-- end -->"
        )
    text = readme.read_text(encoding="utf-8")
    readme.write_text(
        _PLACE.sub(lambda place: place[1] + markdown(read_figures(folder / place[2])) + place[3], text), encoding="utf-8"
    )
    return [place[2] for place in _PLACE.finditer(text)]


def read_figures(path: Path) -> dict[str, Any]:
    """Returns what a benchmark wrote.

    Raises:
        DataError: The file is missing, or none that this version of the benchmark writes.
    """
    if not path.is_file():
        raise DataError(
            f"{str(path)!r} is not there, and the README has a place for its tables: measure it, or take the place out"
        )
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        markdown(content)
    except (OSError, ValueError, TypeError, LookupError):
        raise DataError(f"{str(path)!r} is no result of videoseq.benchmark: measure it anew") from None
    return content


def table_rows(table: Mapping[str, Any]) -> Iterator[Row]:
    """Yields the header of a table and its rows: figures with their quartiles, and ratios of ours to each peer."""
    ours = list(dict.fromkeys(ratio["ours"] for ratio in table["ratios"]))
    aims = {ratio["peer"]: ratio["aim"] for ratio in table["ratios"] if ratio["aim"] is not None}
    yield ["", table["unit"], *(f"{name} is … times as fast" for name in ours), *(["aim"] if aims else [])]
    for row in table["rows"]:
        of_peer = {ratio["ours"]: ratio for ratio in table["ratios"] if ratio["peer"] == row["name"]}
        ratios = [_with_spread(of_peer[name]) if name in of_peer else "" for name in ours]
        yield [row["name"], _with_spread(row), *ratios, *([_aim(row["name"], aims)] if aims else [])]


def _print_line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _aim(name: str, aims: Mapping[str, float]) -> str:
    return f"≥ {aims[name]:g}" if name in aims else ""


def _with_spread(figure: Mapping[str, Any]) -> str:
    low, high = figure["quartiles"]
    middle = _short(figure["median"])
    return middle if low == high else f"{middle} ({_short(low)}–{_short(high)})"


def _short(value: float) -> str:
    """Returns three significant digits, or all of a whole number."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
