"""UCF101 as its authors hand it out: videos in class folders and three official splits in `ucfTrainTestlist`."""

import re
from pathlib import Path, PurePosixPath

from videoseq.data.formats.source import Source
from videoseq.data.formats.text_files import find_file, text_rows
from videoseq.errors import DataError, suggest
from videoseq.types import Split, VideoRecord

LAYOUT = (
    "the videos ClassName/v_ClassName_g01_c01.avi, also below UCF-101/, and ucfTrainTestlist/ with classInd.txt, "
    "trainlist01.txt, testlist01.txt, …"
)
_GROUP = re.compile(r"_(g\d+)_c\d+$")


def read_ucf101(source: Source) -> list[VideoRecord]:
    """Reads one of the three official splits of UCF101 (Soomro, Zamir and Shah 2012).

    The lists lie in `ucfTrainTestlist/` below the root, in the root, or in the folder that is named as annotations.
    Clips of one class and one `_gNN` were cut from one recording: they are a group.

    Args:
        source: The data set.

    Returns:
        The records in the order of the lists, train first, of official splits.

    Raises:
        DataError: A list is missing, a row is none of its kind, names another class or no video that is there.
    """
    folders = source.annotation_folders(("ucfTrainTestlist", ""))
    ids = _read_class_ids(find_file(folders, ["classInd.txt"], LAYOUT))
    files: dict[Split, Path] = {
        split: find_file(folders, [f"{split}list{source.index:02d}.txt"], LAYOUT) for split in ("train", "test")
    }
    rows = [
        _read_row(text, ids, f"{file.name} row {line}", split)
        for split, file in files.items()
        for line, text in text_rows(file)
    ]
    if not rows:
        raise DataError(f"the lists {', '.join(str(file) for file in files.values())} name no video. Fix: download them again")
    base = source.folder_with(rows[0][1], ("", "UCF-101"), LAYOUT)
    records = [
        source.record(f"{base}/{path}" if base else path, label, where, split=split, group=group, is_official=True)
        for path, label, group, where, split in rows
    ]
    source.tell_left_out([Path(base, label) for label in ids], records)
    return records


def _read_class_ids(file: Path) -> dict[str, str]:
    """Returns class name -> id, the id as it is written."""
    ids: dict[str, str] = {}
    for line, text in text_rows(file):
        number, _, name = text.partition(" ")
        if not number.isdigit() or not name:
            raise DataError(f"{file.name} row {line}: got {text!r}, expected an id and a class such as '1 ApplyEyeMakeup'")
        ids[name.strip()] = number
    return ids


def _read_row(text: str, ids: dict[str, str], where: str, split: Split) -> tuple[str, str, str, str, Split]:
    """Returns path, class, group, place and split of a row such as `ClassName/v_ClassName_g01_c01.avi 1`."""
    path, _, number = text.partition(" ")
    label, _, name = path.partition("/")
    group = _GROUP.search(PurePosixPath(name).stem)
    if group is None:
        raise DataError(
            f"{where}: got {path!r}, expected a video such as ClassName/v_ClassName_g01_c01.avi. Fix: correct the row"
        )
    if label not in ids:
        raise DataError(f"{where}: the class {label!r} is not in classInd.txt. Fix: {suggest(label, ids)}")
    if number.strip() not in ("", ids[label]):
        raise DataError(
            f"{where}: {path!r} has the label {number.strip()}, but classInd.txt says {ids[label]} for {label!r}. "
            "Fix: take lists and classInd.txt of one release"
        )
    return path, label, f"{label}_{group[1]}", where, split
