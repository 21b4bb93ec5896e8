"""Units of records that share something and so stay together, and how they are dealt to splits."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

from videoseq.data.stratify import connected_units, deal_units, missing_classes
from videoseq.errors import DataError
from videoseq.types import Split, VideoRecord


def shared_keys(record: VideoRecord, content_hashes: Mapping[Path, str], *, use_groups: bool) -> dict[str, Hashable]:
    """Returns what a record may share with others, by the word for it."""
    keys: dict[str, Hashable] = {"file": ("file", record.path)}
    if content_hashes.get(record.path):
        keys["content"] = ("content", content_hashes[record.path])
    if use_groups and record.group is not None:
        keys["group"] = ("group", record.group)
    return keys


def make_units(records: Sequence[VideoRecord], content_hashes: Mapping[Path, str], *, use_groups: bool) -> list[list[int]]:
    """Returns the units: lists of the positions of records that share something, directly or through others."""
    return connected_units([shared_keys(record, content_hashes, use_groups=use_groups).values() for record in records])


def unit_labels(records: Sequence[VideoRecord], units: Sequence[Sequence[int]]) -> list[list[str]]:
    """Returns the labels of each unit's records."""
    return [[records[index].label for index in unit] for unit in units]


def units_per_class(records: Sequence[VideoRecord], units: Sequence[Sequence[int]]) -> dict[str, int]:
    """Returns how many units hold each class, sorted by class."""
    numbers: dict[str, int] = defaultdict(int)
    for unit in units:
        for label in {records[index].label for index in unit}:
            numbers[label] += 1
    return dict(sorted(numbers.items()))


def check_two_units(records: Sequence[VideoRecord], units: Sequence[Sequence[int]], strategy: str) -> None:
    """Refuses a class that cannot stand both in train and in val.

    Raises:
        DataError: A class has one unit.
    """
    for label, number in units_per_class(records, units).items():
        if number > 1:
            continue
        members = [record for record in records if record.label == label]
        first = members[0]
        if len(members) == 1:
            reason = f"one video, {first.row}"
            fix = "add a video of it, or remove the class"
        elif strategy != "random" and first.group is not None and {record.group for record in members} == {first.group}:
            reason = f"one group, {first.group!r}, with {len(members)} videos"
            fix = (
                "add videos of another group, or set data.split.strategy=random (videos of one group then stand on "
                "both sides, and the result flatters)"
            )
        else:
            reason = f"{len(members)} videos that are parts or copies of one, the first is {first.row}"
            fix = "add another video of it, or remove the class"
        raise DataError(
            f"the class {label!r} has {reason}: a class needs two videos, one to train and one to validate. Fix: {fix}"
        )


def try_deal(
    records: Sequence[VideoRecord],
    units: Sequence[Sequence[int]],
    names: Sequence[Split],
    shares: Sequence[float],
    seed: int,
) -> list[Split] | None:
    """Returns the split of each record; None where some split would lack a class.

    Args:
        records: The labelled videos.
        units: The units of them.
        names: The splits.
        shares: The share of each split; their sum is 1.
        seed: Decides every random choice.
    """
    labels = unit_labels(records, units)
    parts = deal_units(labels, shares, seed)
    if missing_classes(labels, parts, len(shares)):
        return None
    splits: list[Split] = ["train"] * len(records)
    for unit, part in zip(units, parts, strict=True):
        for index in unit:
            splits[index] = names[part]
    return splits


def deal(
    records: Sequence[VideoRecord],
    units: Sequence[Sequence[int]],
    names: Sequence[Split],
    shares: Sequence[float],
    seed: int,
) -> list[Split]:
    """Returns what `try_deal` does.

    Raises:
        DataError: Some split would lack a class.
    """
    splits = try_deal(records, units, names, shares, seed)
    if splits is None:
        raise DataError(
            "the groups share so many classes that no split gives every class to both train and val. "
            "Fix: give the splits in the annotations, or set data.split.strategy=random"
        )
    return splits
