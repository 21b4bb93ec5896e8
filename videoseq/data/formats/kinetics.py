"""Kinetics 400, 600 and 700: CSV files of parts of YouTube videos, and the files that were cut from these."""

import logging
from pathlib import Path

from videoseq.data.formats.class_folders import SPLIT_NAMES
from videoseq.data.formats.source import Source
from videoseq.data.formats.stems import StemIndex
from videoseq.data.formats.text_files import csv_rows, find_file
from videoseq.errors import DataError, suggest
from videoseq.types import Split, VideoRecord

_log = logging.getLogger(__name__)

LAYOUT = (
    "CSV files train.csv, val.csv or validate.csv, test.csv with the columns label,youtube_id,time_start,time_end,split, "
    "and the videos split/label/ID_000010_000020.mp4, split/ID_000010_000020.mp4 or ID_000010_000020.mp4"
)
_COLUMNS = ("label", "youtube_id", "time_start", "time_end", "split")
_FILES = (("train.csv",), ("val.csv", "validate.csv"), ("test.csv",))


def read_kinetics(source: Source) -> list[VideoRecord]:
    """Reads Kinetics (Kay et al. 2017) as far as its videos are there.

    Args:
        source: The data set; its annotations are a CSV file or a folder of the usual ones, None is the root, or
            `annotations/` below it.

    Returns:
        The records in the order of the rows. Videos that are no longer to be had, and rows without a label, are counted
        and left out.

    Raises:
        DataError: There is no CSV, it is none of Kinetics', a row is wrong, or none of the videos is there.
    """
    index = StemIndex(source)
    records: list[VideoRecord] = []
    missing: list[str] = []
    num_unlabelled = 0
    files = _find_files(source)
    for file in files:
        for where, cells in _rows(file):
            if not cells["label"]:
                num_unlabelled += 1
                continue
            name = f"{cells['youtube_id']}_{_seconds(cells, 'time_start', where)}_{_seconds(cells, 'time_end', where)}"
            split = _split(cells["split"], where)
            path = index.find(_folders(split, cells["label"]), name)
            if path is None:
                missing.append(name)
            else:
                records.append(source.record(path, cells["label"], where, split=split))
    if not records:
        listed = ", ".join(str(file) for file in files)
        got = f"{len(missing)} videos, the first {missing[0] + '.mp4'!r}, and none is there" if missing else "no video"
        raise DataError(f"{listed} name {got} below {str(source.root)!r}, expected {LAYOUT}. Fix: correct data.root")
    if missing:
        total = len(missing) + len(records)
        _log.warning("%d of %d videos are not there and are left out, the first is %s.mp4", len(missing), total, missing[0])
    if num_unlabelled:
        _log.info("%d rows have no label and are left out", num_unlabelled)
    return records


def _find_files(source: Source) -> list[Path]:
    if source.annotations is not None and source.annotations.is_file():
        return [source.annotations]
    folders = source.annotation_folders(("", "annotations"))
    names = [name for those in _FILES for name in those]
    found = [next((folder / name for folder in folders if (folder / name).is_file()), None) for name in names]
    return [file for file in found if file is not None] or [find_file(folders, names, LAYOUT)]


def _rows(file: Path) -> list[tuple[str, dict[str, str]]]:
    rows = csv_rows(file)
    line, header = next(rows, (1, []))
    names = [name.strip().lower() for name in header]
    # The test files of some releases have no labels.
    lacking = [column for column in _COLUMNS[1:] if column not in names]
    if lacking or ("label" not in names and file.stem != "test"):
        raise DataError(
            f"{file.name} row {line}: the column {(lacking or ['label'])[0]!r} is missing, got "
            f"{', '.join(header) or 'nothing'}, expected {','.join(_COLUMNS)}. "
            "Fix: take the CSV of a Kinetics release, or set data.format"
        )
    result = []
    for line, values in rows:
        where = f"{file.name} row {line}"
        if len(values) != len(header):
            raise DataError(
                f"{where}: got {len(values)} values, expected {len(header)} as in the header. "
                'Fix: write a label that holds a comma in "quotes"'
            )
        cells = dict(zip(names, (value.strip() for value in values), strict=True))
        result.append((where, {column: cells.get(column, "") for column in _COLUMNS}))
    return result


def _seconds(cells: dict[str, str], column: str, where: str) -> str:
    """Returns a time as it stands in the name of a video."""
    try:
        value = float(cells[column])
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6 or value % 1:
        raise DataError(
            f"{where} column {column!r}: {cells[column]!r} is no whole number of seconds, expected 0 or more. Fix: correct it"
        )
    return f"{int(value):06d}"


def _split(text: str, where: str) -> Split:
    if text.lower() not in SPLIT_NAMES:
        raise DataError(
            f"{where} column 'split': unknown split {text!r}, expected train, val or test. Fix: {suggest(text, SPLIT_NAMES)}"
        )
    return SPLIT_NAMES[text.lower()]


def _folders(split: Split, label: str) -> list[str]:
    """Returns the folders in which a video may lie; downloaders also write a label's spaces as underscores."""
    names = [name for name, meant in SPLIT_NAMES.items() if meant == split]
    labels = dict.fromkeys((label, label.replace(" ", "_")))
    return [*(f"{name}/{each}" for name in names for each in labels), *names, ""]
