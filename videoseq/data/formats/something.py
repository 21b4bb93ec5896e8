"""Something-Something: V1 as folders of frames with lists `id;label`, V2 as WebM files with JSON lists."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from videoseq.data.formats.id_lists import find_answers, id_rows, list_names, read_id_lists
from videoseq.data.formats.source import Source
from videoseq.data.formats.stems import StemIndex
from videoseq.data.formats.text_files import find_file, find_optional, read_json
from videoseq.errors import DataError, suggest
from videoseq.types import Split, VideoRecord

_log = logging.getLogger(__name__)

LAYOUT = (
    "labels.json, train.json and validation.json (V2, also as something-something-v2-*.json or in labels/) with the videos "
    "ID.webm, or something-something-v1-labels.csv, -train.csv and -validation.csv with the frames ID/00001.jpg"
)
_V1 = "something-something-v1"
_V2 = "something-something-v2"


def read_something(source: Source) -> list[VideoRecord]:
    """Reads Something-Something (Goyal et al. 2017) V1 or V2, whichever lists are there.

    The class of a video of V2 is its template without the brackets of `[something]`. Videos lie in the root or in
    `20bn-something-something-v2/` below it, the lists in the root, in `labels/` or in the folder that is named as annotations.

    Args:
        source: The data set.

    Returns:
        The records in the order of the lists, of official splits. Videos of the test list without a label are counted and left
        out; `test-answers.csv` is taken in its place where it is there.

    Raises:
        DataError: A list is missing (the test list may be), an entry is none of its kind, names another class or no video.
    """
    folders = source.annotation_folders(("", "labels"))
    if find_optional(folders, list_names(_V1, "train", ".csv")) is not None:
        if find_optional(folders, list_names(_V2, "train", ".json")) is not None:
            raise DataError(
                f"{str(folders[0])!r} holds the lists of V1 and of V2. Fix: move one of them into a folder of its own, and "
                "name it with data.annotations=DIR"
            )
        return read_id_lists(source, _V1)
    templates = read_json(find_file(folders, list_names(_V2, "labels", ".json"), LAYOUT), dict, "an object {template: id}")
    labels = {_without_brackets(template) for template in templates}
    index = StemIndex(source)
    records: list[VideoRecord] = []
    num_unlabelled = 0
    for split, rows in _lists(folders):
        for where, video, label in rows:
            if not label and split == "test":
                num_unlabelled += 1
                continue
            if label not in labels:
                raise DataError(f"{where}: the template {label!r} is not in the labels' file. Fix: {suggest(label, labels)}")
            path = index.find(("", f"20bn-{_V2}"), video)
            if path is None:
                raise DataError(
                    f"{where}: there is no video {video + '.webm'!r} in {str(source.root)!r} or in 20bn-{_V2} below it, "
                    f"expected {LAYOUT}. Fix: give the folder that holds the videos as data.root"
                )
            records.append(source.record(path, label, where, split=split, is_official=True))
    if num_unlabelled:
        _log.info("%d videos of the test list have no label and are left out", num_unlabelled)
    return records


def _lists(folders: Sequence[Path]) -> Iterator[tuple[Split, Iterator[tuple[str, str, str]]]]:
    """Yields for each split the place, the id and the label of its entries."""
    yield "train", _entries(find_file(folders, list_names(_V2, "train", ".json"), LAYOUT))
    yield "val", _entries(find_file(folders, list_names(_V2, "validation", ".json"), LAYOUT))
    answers = find_answers(folders, _V2)
    test = find_optional(folders, list_names(_V2, "test", ".json"))
    if answers is not None:
        yield "test", ((where, video, _without_brackets(label)) for where, video, label in id_rows(answers))
    elif test is not None:
        yield "test", _entries(test)


def _entries(file: Path) -> Iterator[tuple[str, str, str]]:
    for position, entry in enumerate(read_json(file, list, "a list of {id, template}")):
        where = f"{file.name} entry {position}"
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str | int) or not entry["id"]:
            raise DataError(
                f"{where}: got {str(entry)[:80]!r}, expected an object with id and template. Fix: download it again"
            )
        yield where, str(entry["id"]), _label(entry)


def _label(entry: dict[str, Any]) -> str:
    return _without_brackets(str(entry.get("template", entry.get("label", ""))))


def _without_brackets(template: str) -> str:
    return template.replace("[", "").replace("]", "")
