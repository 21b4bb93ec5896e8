"""Records without files, and their splits in short, for tests of splits."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from videoseq.data.split_options import SplitOptions
from videoseq.data.splits import assign_splits
from videoseq.types import SPLITS, Split, VideoRecord


def record(name: str, label: str, split: str | None = None, group: str | None = None) -> VideoRecord:
    return VideoRecord(Path(f"/data/{name}.mp4"), label, split, group, row=f"row {name}")


def numbered(label: str, number: int, **values: str) -> list[VideoRecord]:
    return [record(f"{label}{index}", label, **values) for index in range(number)]


def letters(splits: list[str]) -> str:
    """T train, v val, e test."""
    return "".join({"train": "T", "val": "v", "test": "e"}[split] for split in splits)


def split_records(records: Sequence[VideoRecord], hashes: Mapping[Path, str], options: SplitOptions) -> list[Split]:
    """Returns the split of each record, given the hashes of the content of some files."""
    codes = assign_splits(records, [hashes.get(each.path) or None for each in records], options)
    return [SPLITS[code] for code in codes]
