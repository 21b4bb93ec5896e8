"""Kinetics 400, 600 and 700: CSV files of parts of YouTube videos, and the files that were cut from these."""

import logging
from pathlib import Path

from videoseq.data.formats.source import Source
from videoseq.data.formats.split_words import find_split_files, split_of, words_for
from videoseq.data.formats.stems import StemIndex
from videoseq.data.formats.text_files import csv_rows, find_file
from videoseq.errors import DataError
from videoseq.types import SPLITS, VideoRecord

_log = logging.getLogger(__name__)

LAYOUT = (
    "CSV files train.csv, val.csv or validate.csv, test.csv (or .txt) with the columns "
    "label,youtube_id,time_start,time_end,split, and the videos ID_000010_000020.mp4 in the root, in split/ or in split/label/"
)
_COLUMNS = ("label", "youtube_id", "time_start", "time_end", "split")


def read_kinetics(source: Source) -> list[VideoRecord]:
    """Reads Kinetics (Kay et al. 2017) as far as its videos are there.

    A video is found by its name `ID_start_end`, which no other has, in the folders of its split, in the root and in the folders
    of these: downloaders write a label as the name of a folder each in its own way. Parts of one YouTube video are a group.

    Args:
        source: The data set; its annotations are a CSV file or a folder of the usual ones, None is the root, or
            `annotations/` below it.

    Returns:
        The records in the order of the rows, of official splits. Videos that are no longer to be had, and rows without a
        label, are counted and left out; so is a class of which no video is there, which a warning names.

    Raises:
        DataError: There is no CSV, it is none of Kinetics', a row is wrong, or none of the videos is there.
    """
    index = StemIndex(source, with_folders=True)
    records: list[VideoRecord] = []
    missing: list[str] = []
    labels: set[str] = set()
    num_unlabelled = 0
    files = _find_files(source)
    for file in files:
        for where, cells in _rows(file):
            if not cells["label"]:
                num_unlabelled += 1
                continue
            name = f"{cells['youtube_id']}_{_seconds(cells, 'time_start', where)}_{_seconds(cells, 'time_end', where)}"
            split = split_of(cells["split"], f"{where} column 'split'")
            labels.add(cells["label"])
            path = index.find((*words_for(split), ""), name)
            if path is None:
                missing.append(name)
            else:
                group = cells["youtube_id"]
                records.append(source.record(path, cells["label"], where, split=split, group=group, is_official=True))
    if not records:
        listed = ", ".join(str(file) for file in files)
        got = f"{len(missing)} videos, the first {missing[0] + '.mp4'!r}, and none is there" if missing else "no video"
        raise DataError(f"{listed} name {got} below {str(source.root)!r}, expected {LAYOUT}. Fix: correct data.root")
    if missing:
        total = len(missing) + len(records)
        _log.warning("%d of %d videos are not there and are left out, the first is %s.mp4", len(missing), total, missing[0])
    lost = sorted(labels - {record.label for record in records})
    if lost:
        listed = ", ".join(map(repr, lost[:20])) + (", …" if len(lost) > 20 else "")
        _log.warning("%d of %d CLASSES HAVE NO VIDEO and are left out: %s", len(lost), len(labels), listed)
    if num_unlabelled:
        _log.info("%d rows have no label and are left out", num_unlabelled)
    return records


def _find_files(source: Source) -> list[Path]:
    if source.annotations is not None and source.annotations.is_file():
        return [source.annotations]
    folders = source.annotation_folders(("", "annotations"))
    found = find_split_files(folders, (".csv", ".txt"))
    return list(found.values()) or [find_file(folders, [f"{split}.csv" for split in SPLITS], LAYOUT)]


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
