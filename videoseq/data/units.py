"""Units of records that share something and so stay together, and how they are dealt to splits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from videoseq.data.columns import Words
from videoseq.data.records import Records
from videoseq.data.stratify import Codes, Units, connected_units, deal_units, missing_classes
from videoseq.errors import DataError
from videoseq.types import SPLITS, Split

ANY = ""
"""The label of all records where labels do not matter for the split."""

SplitCodes = NDArray[np.int8]
"""The split of each of N records as its position in `SPLITS`, (N,) int8."""


def named(label: str) -> str:
    """Returns what messages call the videos of a label."""
    return "the data set" if label == ANY else f"the class {label!r}"


def shared_keys(records: Records, contents: Words, *, use_groups: bool) -> dict[str, Codes]:
    """Returns what records may share with others, by the word for it.

    Args:
        records: N records.
        contents: The hashes of their content.
        use_groups: Whether a group is something that is shared.
    """
    keys: dict[str, Codes] = {"file": records.paths.codes, "content": contents.codes}
    return keys | {"group": records.groups.codes} if use_groups else keys


def make_units(records: Records, contents: Words, *, use_groups: bool) -> Units:
    """Returns the units: records that share something, directly or through others."""
    keys = shared_keys(records, contents, use_groups=use_groups)
    return Units(connected_units([*keys.values()], len(records)), records.labels.codes)


def units_per_class(records: Records, units: Units) -> dict[str, int]:
    """Returns how many units hold each class, sorted by class."""
    numbers = units.per_class()
    return {records.labels.names[code]: int(numbers[code]) for code in np.flatnonzero(numbers).tolist()}


def check_two_units(records: Records, units: Units, strategy: str) -> None:
    """Refuses a class that cannot stand both in train and in val.

    Raises:
        DataError: A class has one unit.
    """
    label, number = min(units_per_class(records, units).items(), key=lambda item: (item[1] > 1, item[0]))
    if number > 1:
        return
    members = records.take(np.flatnonzero(records.labels.codes == records.labels.code_of(label)))
    first = members[0]
    if len(members) == 1:
        reason = f"one video, {first.row}"
        fix = "add a video of it, or remove the class"
    elif strategy != "random" and first.group is not None and (members.groups.codes == members.groups.codes[0]).all():
        reason = f"one group, {first.group!r}, with {len(members)} videos"
        fix = (
            "add videos of another group, or set data.split.strategy=random (videos of one group then stand on "
            "both sides, and the result flatters)"
        )
    else:
        reason = f"{len(members)} videos that are parts or copies of one, the first is {first.row}"
        fix = "add another video of it, or remove the class"
    if label == ANY:
        raise DataError(
            f"{named(label)} has {reason}, expected two, one to train and one to validate. Fix: add videos of another source"
        )
    raise DataError(f"{named(label)} has {reason}: a class needs two videos, one to train and one to validate. Fix: {fix}")


def try_deal(units: Units, names: Sequence[Split], shares: Sequence[float], seed: int) -> SplitCodes | None:
    """Returns the split of each record; None where some split would lack a class.

    Args:
        units: The units of the records.
        names: The splits.
        shares: The share of each split; their sum is 1.
        seed: Decides every random choice.
    """
    parts = deal_units(units, shares, seed)
    if len(missing_classes(units, parts, len(shares))):
        return None
    return np.array([SPLITS.index(name) for name in names], np.int8)[parts[units.of_record]]


def deal(units: Units, names: Sequence[Split], shares: Sequence[float], seed: int) -> SplitCodes:
    """Returns what `try_deal` does.

    Raises:
        DataError: Some split would lack a class.
    """
    splits = try_deal(units, names, shares, seed)
    if splits is None:
        raise DataError(
            "the groups share so many classes that no split gives every class to both train and val. "
            "Fix: give the splits in the annotations, or set data.split.strategy=random"
        )
    return splits
