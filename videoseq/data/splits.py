"""Which videos train, which validate and which test; nothing that is shared ever stands on two sides."""

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from videoseq.data.annotations import record_order
from videoseq.data.kfold import split_by_fold
from videoseq.data.units import check_two_units, deal, make_units, shared_keys, try_deal, units_per_class
from videoseq.errors import ConfigError, DataError, suggest
from videoseq.types import Split, VideoRecord

_log = logging.getLogger(__name__)

SplitStrategy = Literal["auto", "given", "random", "grouped", "kfold"]
_STRATEGIES = ("auto", "given", "random", "grouped", "kfold")


@dataclass(frozen=True)
class SplitOptions:
    """How a data set is split.

    Attributes:
        strategy: `given`: as the annotations say. `random`: stratified by class. `grouped`: stratified, records of one
            group together. `kfold`: grouped folds, of which one is the test split. `auto`: `given` where the
            annotations hold splits, else `grouped` where they hold groups, else `random`.
        index: Which official split of UCF101 or HMDB51, 1 to 3, with `given` or `auto`; null is the first. Other formats have
            one at most.
        fold: The fold that is the test split of `kfold`, in [0, folds).
        folds: Number of folds of `kfold`.
        val_fraction: Share of the records that validate; of those outside the test fold with `kfold`.
        test_fraction: Share of the records that test, with `random` and `grouped`; 0 makes no test split.
        seed: Decides every random choice.
    """

    strategy: SplitStrategy = "auto"
    index: int | None = None
    fold: int = 0
    folds: int = 5
    val_fraction: float = 0.15
    test_fraction: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        if self.strategy not in _STRATEGIES:
            raise ConfigError(f"unknown data.split.strategy {self.strategy!r}: {suggest(self.strategy, _STRATEGIES)}")
        if self.index is not None and self.index < 1:
            raise ConfigError(f"data.split.index must be 1 or more, or null, got {self.index}")
        if self.index is not None and self.strategy not in ("auto", "given"):
            raise ConfigError(
                f"data.split.index={self.index} chooses an official split, data.split.strategy={self.strategy} makes its own. "
                "Fix: remove one of them"
            )
        if self.folds < 2:
            raise ConfigError(f"data.split.folds must be at least 2, got {self.folds}")
        if not 0 <= self.fold < self.folds:
            raise ConfigError(
                f"data.split.fold must lie in [0, folds), got fold={self.fold} of folds={self.folds}. "
                f"Fix: data.split.fold=0 to {self.folds - 1}"
            )
        if not 0 < self.val_fraction < 1:
            raise ConfigError(f"data.split.val_fraction must lie in (0, 1), got {self.val_fraction}")
        if not 0 <= self.test_fraction < 1:
            raise ConfigError(f"data.split.test_fraction must lie in [0, 1), got {self.test_fraction}")
        if self.val_fraction + self.test_fraction >= 1:
            raise ConfigError(
                f"data.split.val_fraction {self.val_fraction} and test_fraction {self.test_fraction} leave nothing to "
                "train on. Fix: their sum must be less than 1"
            )
        if self.seed < 0:
            raise ConfigError(f"data.split.seed must be 0 or more, got {self.seed}")


def assign_splits(records: Sequence[VideoRecord], content_hashes: Mapping[Path, str], options: SplitOptions) -> list[Split]:
    """Assigns every record to train, val or test.

    Records that share a file, their content or (but for `random`) a group are one unit and stay together. Every class
    gets a unit in every split. The result depends on the records, not on their order.

    - `given` without val: val is carved from train, grouped where there are groups. Without test: there is none.
    - A group on two sides of given splits is an error, but a warning where these are official: results are published on them.
    - A class with fewer than three units: train and val only, no test, with a warning.

    Args:
        records: The labelled videos.
        content_hashes: The scan's `content_hash` by path; files that are missing here share no content.
        options: How to split.

    Returns:
        The split of each record, in the order of `records`.

    Raises:
        DataError: There are no records; given splits that leak, are incomplete or lack train; a class with too few
            videos or groups.
    """
    if not records:
        raise DataError("there are no videos to split. Fix: add videos to the data set")
    order = sorted(range(len(records)), key=lambda index: record_order(records[index]))
    ordered = [records[index] for index in order]
    strategy = options.strategy
    if strategy == "auto":
        has_splits = any(record.split for record in records)
        has_groups = any(record.group for record in records)
        strategy = "given" if has_splits else "grouped" if has_groups else "random"
    if strategy == "given":
        splits = _given(ordered, content_hashes, options)
    else:
        splits = _made(ordered, content_hashes, options, strategy)
    result: list[Split] = ["train"] * len(records)
    for index, split in zip(order, splits, strict=True):
        result[index] = split
    return result


def _given(records: list[VideoRecord], content_hashes: Mapping[Path, str], options: SplitOptions) -> list[Split]:
    splits: list[Split] = []
    for record in records:
        if record.split is None:
            raise DataError(
                f"{record.row}: this video has no split, but others have one. "
                "Fix: fill in the split of every row, or set data.split.strategy=random or grouped"
            )
        splits.append(record.split)
    seen: dict[Hashable, VideoRecord] = {}
    shown_twice: dict[Hashable, str] = {}
    for record in records:
        for word, key in shared_keys(record, content_hashes, use_groups=True).items():
            first = seen.setdefault(key, record)
            if first.split != record.split and word == "group" and record.is_official:
                shown_twice.setdefault(key, f"{record.group!r} is in {first.split} and {record.split}")
            elif first.split != record.split:
                name = f" {record.group!r}" if word == "group" else ""
                raise DataError(
                    f"the same {word}{name} is on two sides: {first.row} is in {first.split} and {record.row} in "
                    f"{record.split}, so the result would be too good. Fix: give both the same split, delete one, or "
                    "set data.split.strategy=grouped"
                )
    if shown_twice:
        _log.warning(
            "the official split shows %d groups on two sides, so the result flatters; the first: %s",
            len(shown_twice), next(iter(shown_twice.values())),
        )  # fmt: skip
    if "train" not in splits:
        raise DataError(
            f"no video is in train, got only {', '.join(sorted(set(splits)))}. "
            "Fix: give split train to some rows, or set data.split.strategy=random"
        )
    if "val" not in splits:
        splits = _carve_val(records, splits, content_hashes, options)
    if "test" not in splits:
        _log.warning("the given splits hold no test split: nothing is tested, `test` is null in metrics.json")
    trained = {record.label for record, split in zip(records, splits, strict=True) if split == "train"}
    for record, split in zip(records, splits, strict=True):
        if record.label not in trained:
            raise DataError(
                f"{record.row}: the class {record.label!r} is in {split} but has no video in train. "
                f"Fix: add some to train, or remove the class; in train: {suggest(record.label, trained)}"
            )
    return splits


def _carve_val(
    records: list[VideoRecord], splits: list[Split], content_hashes: Mapping[Path, str], options: SplitOptions
) -> list[Split]:
    """Moves a share of train, whole units of every class, to val."""
    inside = [index for index, split in enumerate(splits) if split == "train"]
    chosen = [records[index] for index in inside]
    parts: tuple[Split, ...] = ("train", "val")
    shares = (1 - options.val_fraction, options.val_fraction)
    units = make_units(chosen, content_hashes, use_groups=True)
    if chosen[0].is_official and try_deal(chosen, units, parts, shares, options.seed) is None:
        _log.warning(
            "the groups in the official train part leave no val with every class: groups are torn apart, so val flatters"
        )
        units = make_units(chosen, content_hashes, use_groups=False)
    check_two_units(chosen, units, "grouped")
    carved = deal(chosen, units, parts, shares, options.seed)
    result = list(splits)
    for index, split in zip(inside, carved, strict=True):
        result[index] = split
    _log.warning(
        "the given splits hold no val: %d of the %d videos of train were taken as val (data.split.val_fraction=%g)",
        carved.count("val"), len(inside), options.val_fraction,
    )  # fmt: skip
    return result


def _made(
    records: list[VideoRecord],
    content_hashes: Mapping[Path, str],
    options: SplitOptions,
    strategy: SplitStrategy,
) -> list[Split]:
    has_groups = any(record.group for record in records)
    if strategy == "grouped" and not has_groups:
        raise DataError(
            "data.split.strategy=grouped needs groups, but no video has one. "
            "Fix: add a column 'group' to the CSV, or set data.split.strategy=random"
        )
    if strategy == "random" and has_groups:
        _log.warning(
            "data.split.strategy=random ignores the groups: videos of one group stand in train and in test, so the "
            "result flatters; data.split.strategy=grouped is honest"
        )
    if strategy == "kfold":
        return split_by_fold(
            records,
            content_hashes,
            folds=options.folds,
            fold=options.fold,
            val_fraction=options.val_fraction,
            seed=options.seed,
        )
    units = make_units(records, content_hashes, use_groups=strategy != "random")
    check_two_units(records, units, strategy)
    shares = (1 - options.val_fraction - options.test_fraction, options.val_fraction, options.test_fraction)
    if options.test_fraction > 0:
        few = [label for label, number in units_per_class(records, units).items() if number < 3]
        if not few:
            splits = try_deal(records, units, ("train", "val", "test"), shares, options.seed)
            if splits is not None:
                return splits
        listed = ", ".join(repr(label) for label in few[:10]) + (", …" if len(few) > 10 else "")
        what = "groups" if strategy == "grouped" else "videos"
        reason = f"these classes have fewer than three {what}: {listed}" if few else "the groups share too many classes"
        _log.warning("NO TEST SPLIT, only train and val (`test` is null in metrics.json): %s", reason)
    return deal(records, units, ("train", "val"), (1 - options.val_fraction, options.val_fraction), options.seed)
