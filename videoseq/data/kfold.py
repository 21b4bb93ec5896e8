"""Folds for cross-validation: every unit is tested once, and every class in every fold."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from videoseq.data.stratify import deal_units, missing_classes
from videoseq.data.units import check_two_units, deal, make_units, unit_labels, units_per_class
from videoseq.errors import DataError
from videoseq.types import Split, VideoRecord


def split_by_fold(
    records: Sequence[VideoRecord],
    content_hashes: Mapping[Path, str],
    *,
    folds: int,
    fold: int,
    val_fraction: float,
    seed: int,
) -> list[Split]:
    """Deals grouped records to folds, tests one fold, and takes a share of the others as val.

    Args:
        records: The labelled videos.
        content_hashes: The scan's `content_hash` by path.
        folds: Number of folds.
        fold: The fold that is tested, in [0, folds).
        val_fraction: Share of the records outside the fold that validate.
        seed: Decides every random choice.

    Returns:
        The split of each record; all folds of one seed partition the records.

    Raises:
        DataError: There are fewer units than folds, or some fold has a class that is not tested, or that has too few units
            outside for train and val. Every fold is checked, so that the last of five trainings does not fail.
    """
    units = make_units(records, content_hashes, use_groups=True)
    if len(units) < folds:
        raise DataError(
            f"{folds} folds need as many groups or videos that share nothing, got {len(units)}. Fix: {_fewer(len(units))}"
        )
    check_two_units(records, units, "grouped")
    dealt = deal_units(unit_labels(records, units), [1 / folds] * folds, seed)
    _check_tested(records, units, dealt, folds)
    _check_outside(records, units, dealt, folds)
    splits: list[Split] = ["train"] * len(records)
    for unit, own in zip(units, dealt, strict=True):
        for index in unit:
            splits[index] = "test" if own == fold else "train"
    inside = [index for index, split in enumerate(splits) if split == "train"]
    chosen = [records[index] for index in inside]
    inner_units = make_units(chosen, content_hashes, use_groups=True)
    inner = deal(chosen, inner_units, ("train", "val"), (1 - val_fraction, val_fraction), seed)
    for index, split in zip(inside, inner, strict=True):
        splits[index] = split
    return splits


def _check_tested(records: Sequence[VideoRecord], units: Sequence[Sequence[int]], dealt: Sequence[int], folds: int) -> None:
    """Refuses folds of which one tests no video of a class: its figures would say nothing about that class."""
    missing = missing_classes(unit_labels(records, units), dealt, folds)
    if not missing:
        return
    numbers = units_per_class(records, units)
    label = min(missing, key=numbers.__getitem__)
    number = numbers[label]
    if number < folds:
        reason = f"it has {number} groups or videos that share nothing, expected one for each of the {folds} folds"
        fix = _fewer(number)
    else:
        reason = f"its {number} groups hold so many other classes that the {folds} folds cannot all have it"
        fix = "fewer folds" if folds > 2 else "add videos of other groups"
    others = f", like {len(missing) - 1} other classes" if len(missing) > 1 else ""
    raise DataError(f"the class {label!r} is not tested in every fold{others}: {reason}. Fix: {fix}, or remove the class")


def _fewer(number: int) -> str:
    """Returns the repair where there are so many groups; of two, a fold leaves one, which cannot both train and validate."""
    return f"fewer folds, at most {number}" if number > 2 else "add videos of other groups"


def _check_outside(records: Sequence[VideoRecord], units: Sequence[Sequence[int]], dealt: Sequence[int], folds: int) -> None:
    """Refuses folds outside of which a class cannot stand both in train and in val."""
    for fold in range(folds):
        outside = units_per_class(records, [unit for unit, own in zip(units, dealt, strict=True) if own != fold])
        for label in sorted({record.label for record in records}):
            if outside.get(label, 0) < 2:
                raise DataError(
                    f"the class {label!r} has too few groups or videos for data.split.strategy=kfold: with fold {fold} "
                    f"as test, {outside.get(label, 0)} remain, expected 2, one in train and one in val. "
                    "Fix: add videos of other groups, or set data.split.strategy=grouped"
                )
