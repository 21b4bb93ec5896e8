"""Lists `id;label` of videos that are folders of frames, as the first releases of 20BN's data sets have them."""

import logging

from videoseq.data.formats.source import Source
from videoseq.data.formats.text_files import csv_rows, find_file, text_rows
from videoseq.errors import DataError, suggest
from videoseq.types import FrameFolder, Split, VideoRecord

_log = logging.getLogger(__name__)

_FRAMES = FrameFolder("%05d.jpg", 12.0)
_PARTS: dict[str, Split] = {"train": "train", "validation": "val", "test": "test"}


def read_id_lists(source: Source, name: str) -> list[VideoRecord]:
    """Reads a data set of `<name>-{labels,train,validation,test}.csv` and a folder of frames `<id>/00001.jpg` a video.

    The folders lie in the root or in `20bn-<name>/` below it; the lists in the root, in `labels/` below it, or in the folder
    that is named as annotations. The file of the labels has one a line; rows of the test file without a label are counted
    and left out.

    Args:
        source: The data set.
        name: Its name, such as `jester-v1`.

    Returns:
        The records in the order of the lists.

    Raises:
        DataError: A list is missing (the test list may be), a row is none of its kind, names another class or no video.
    """
    source = source.with_usual_frames(_FRAMES)
    layout = f"{name}-labels.csv, {name}-train.csv and {name}-validation.csv with id;label, and the frames id/00001.jpg"
    folders = source.annotation_folders(("", "labels"))
    labels = {text for _, text in text_rows(find_file(folders, [f"{name}-labels.csv"], layout))}
    records: list[VideoRecord] = []
    num_unlabelled = 0
    base: str | None = None
    for part, split in _PARTS.items():
        names = [f"{name}-{part}.csv"]
        if part == "test" and not any((folder / names[0]).is_file() for folder in folders):
            continue
        file = find_file(folders, names, layout)
        for line, values in csv_rows(file, delimiter=";"):
            where = f"{file.name} row {line}"
            video, label = (*(value.strip() for value in values), "")[:2]
            if len(values) > 2 or not video:
                raise DataError(f"{where}: got {';'.join(values)!r}, expected id;label. Fix: correct the row")
            if not label and part == "test":
                num_unlabelled += 1
                continue
            if label not in labels:
                raise DataError(f"{where}: the label {label!r} is not in {name}-labels.csv. Fix: {suggest(label, labels)}")
            if base is None:
                base = source.folder_with(video, ("", f"20bn-{name}"), layout)
            record = source.record(f"{base}/{video}" if base else video, label, where, split=split)
            records.append(record)
    if num_unlabelled:
        _log.info("%d videos of %s-test.csv have no label and are left out", num_unlabelled, name)
    return records
