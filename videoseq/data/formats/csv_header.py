"""The header of a CSV of annotations: which column stands where, and what is wrong with one that does not fit."""

import logging
from collections.abc import Sequence
from difflib import get_close_matches

from videoseq.data.formats.csv_kinds import CSV_KINDS, CsvKind
from videoseq.errors import DataError

_log = logging.getLogger(__name__)


def find_columns(header: Sequence[str], where: str, kind: CsvKind) -> dict[str, int]:
    """Returns the place in the rows of each column that is understood; the others are told in the log.

    Args:
        header: The names as written.
        where: File and row, for messages.
        kind: What the CSV must be.

    Raises:
        DataError: A column is missing, there twice or misspelt, or the CSV is that of another task.
    """
    names = [name.strip().lower() for name in header]
    columns: dict[str, int] = {}
    ignored: list[str] = []
    for index, name in enumerate(names):
        if name in columns:
            raise DataError(f"{where}: the column {name!r} is there twice. Fix: delete or rename one of them")
        near = get_close_matches(name, [column for column in kind.columns if column not in names], n=1, cutoff=0.8)
        if name in kind.columns:
            columns[name] = index
        elif near:
            # A misspelt optional column would otherwise drop the groups or splits of the whole data set in silence.
            other = _other_kind(names, kind)
            fix = f", or {other.fix}" if other else ""
            raise DataError(f"{where}: unknown column {name!r}. Fix: rename it to {near[0]!r}{fix}")
        else:
            ignored.append(name)
    for required in kind.required:
        if required not in columns:
            joined = "".join(header)
            mark = next((mark for mark in (";", "\t") if mark in joined), None)
            other = _other_kind(names, kind)
            first = f"{other.fix}, which reads such a CSV, or " if other else ""
            fix = f"separate the values by ',' and not by {mark!r}" if mark else "add it to the header"
            raise DataError(
                f"{where}: the column {required!r} is missing, got {', '.join(header) or 'nothing'}, expected "
                f"{kind.layout}, the CSV of {kind.task}. Fix: {first}{fix}"
            )
    finer = next((other for other in CSV_KINDS.values() if _is_finer(other, kind, names)), None)
    if finer is not None:
        raise DataError(
            f"{where}: {finer.layout} is the CSV of {finer.task}, expected {kind.layout}, that of {kind.task}. "
            f"Fix: {finer.fix}, or delete the column {next(name for name in finer.required if name in ignored)!r}"
        )
    if ignored:
        _log.info("%s: the columns %s are not used", where, ", ".join(ignored))
    return columns


def _other_kind(names: Sequence[str], kind: CsvKind) -> CsvKind | None:
    """Returns the other kind of CSV that has such a header; the one that needs most of its columns where several do."""
    fitting = [other for other in CSV_KINDS.values() if other is not kind and {*other.required} <= {*names}]
    return max(fitting, key=lambda other: len(other.required), default=None)


def _is_finer(other: CsvKind, kind: CsvKind, names: Sequence[str]) -> bool:
    """Says whether a header is that of a kind which needs all that is needed and more that means nothing here."""
    unknown = {*other.required} - {*kind.columns}
    return bool(unknown) and {*kind.required} < {*other.required} <= {*names}
