"""HMDB51 as its authors hand it out: videos in class folders and a list for each class and official split."""

import re
from pathlib import Path

from videoseq.data.formats.source import Source
from videoseq.data.formats.text_files import find_file, text_rows
from videoseq.errors import DataError
from videoseq.types import Split, VideoRecord

LAYOUT = "the videos class_name/*.avi and testTrainMulti_7030_splits/class_name_test_split1.txt, …"
_SPLITS: dict[str, Split | None] = {"0": None, "1": "train", "2": "test"}


def read_hmdb51(source: Source) -> list[VideoRecord]:
    """Reads one of the three official splits of HMDB51 (Kuehne et al. 2011).

    The lists lie in `testTrainMulti_7030_splits/` below the root, in the root, or in the folder that is named as
    annotations. A row is `name.avi 1` for train, 2 for test, 0 for videos that the split does not use. Clips of one film, which
    is what a name begins with, are a group, in all classes.

    Args:
        source: The data set.

    Returns:
        The records in the order of the classes and rows, of official splits.

    Raises:
        DataError: A class has no list, a list has no class folder, a row is none of its kind or names no video.
    """
    folders = source.annotation_folders(("testTrainMulti_7030_splits", ""))
    ending = f"_test_split{source.index}.txt"
    # The class folders ask for their lists and the lists for their folders: neither may be missing.
    listed = {file.name.removesuffix(ending) for folder in folders for file in folder.glob(f"*{ending}")}
    present = {name for name in source.listing(source.root).folders if source.listing(source.root / name).videos}
    if not listed | present:
        find_file(folders, [f"class_name{ending}"], LAYOUT)
    records: list[VideoRecord] = []
    for label in sorted(listed | present):
        file = find_file(folders, [f"{label}{ending}"], LAYOUT)
        source.folder_with(label, ("",), LAYOUT)
        for line, name, use in _read_rows(file):
            if _SPLITS[use] is not None:
                film, mark, _ = name.partition(f"_{label}_")
                where, group = f"{file.name} row {line}", film if mark else None
                path = f"{label}/{name}"
                records.append(source.record(path, label, where, split=_SPLITS[use], group=group, is_official=True))
    source.tell_left_out([Path(label) for label in sorted(listed)], records)
    return records


def _read_rows(file: Path) -> list[tuple[int, str, str]]:
    rows = []
    for line, text in text_rows(file):
        found = re.fullmatch(r"(.+?)\s+([012])", text)
        if found is None:
            raise DataError(
                f"{file.name} row {line}: got {text!r}, expected a video and 0, 1 or 2, such as 'name.avi 1'. "
                "Fix: correct the row"
            )
        rows.append((line, found[1], found[2]))
    return rows
