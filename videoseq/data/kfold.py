"""Folds for cross-validation: every unit is tested once, and every class in every fold."""

import numpy as np
from numpy.typing import NDArray

from videoseq.data.columns import Words
from videoseq.data.records import Records
from videoseq.data.stratify import Units, deal_units, missing_classes
from videoseq.data.units import SplitCodes, check_two_units, deal, make_units, named, units_per_class
from videoseq.errors import DataError
from videoseq.types import SPLITS


def split_by_fold(records: Records, contents: Words, *, folds: int, fold: int, val_fraction: float, seed: int) -> SplitCodes:
    """Deals grouped records to folds, tests one fold, and takes a share of the others as val.

    Args:
        records: The labelled videos.
        contents: The hashes of their content.
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
    units = make_units(records, contents, use_groups=True)
    if len(units) < folds:
        raise DataError(
            f"{folds} folds need as many groups or videos that share nothing, got {len(units)}. Fix: {_fewer(len(units))}"
        )
    check_two_units(records, units, "grouped")
    dealt = deal_units(units, [1 / folds] * folds, seed)
    _check_tested(records, units, dealt, folds)
    _check_outside(records, units, dealt, folds)
    is_inside = dealt[units.of_record] != fold
    splits = np.full(len(records), SPLITS.index("test"), np.int8)
    splits[is_inside] = deal(units.some(is_inside), ("train", "val"), (1 - val_fraction, val_fraction), seed)
    return splits


def _check_tested(records: Records, units: Units, dealt: NDArray[np.int64], folds: int) -> None:
    """Refuses folds of which one tests no video of a class: its figures would say nothing about that class."""
    missing = [records.labels.names[code] for code in missing_classes(units, dealt, folds).tolist()]
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


def _check_outside(records: Records, units: Units, dealt: NDArray[np.int64], folds: int) -> None:
    """Refuses folds outside of which a class cannot stand both in train and in val."""
    for fold in range(folds):
        outside = units_per_class(records, units.some(dealt[units.of_record] != fold))
        for label in records.labels.used:
            if outside.get(label, 0) < 2:
                raise DataError(
                    f"{named(label)} has too few groups or videos for data.split.strategy=kfold: with fold {fold} "
                    f"as test, {outside.get(label, 0)} remain, expected 2, one in train and one in val. "
                    "Fix: add videos of other groups, or set data.split.strategy=grouped"
                )
