"""Which videos train, which validate and which test; nothing that is shared ever stands on two sides."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from videoseq.data.columns import Words
from videoseq.data.kfold import split_by_fold
from videoseq.data.records import NO_SPLIT, Records
from videoseq.data.split_options import SplitOptions, SplitStrategy
from videoseq.data.stratify import Codes
from videoseq.data.units import ANY, SplitCodes, check_two_units, deal, make_units, shared_keys, try_deal, units_per_class
from videoseq.errors import DataError, suggest
from videoseq.types import SPLITS, Split, VideoRecord

_log = logging.getLogger(__name__)


def assign_splits(
    records: Sequence[VideoRecord],
    contents: Sequence[str | None],
    options: SplitOptions,
    *,
    by_class: bool = True,
    trains: bool = True,
) -> SplitCodes:
    """Assigns every record to train, val or test.

    Records that share a file, their content or (but for `random`) a group are one unit and stay together. Every class
    gets a unit in every split. The result depends on the records, not on their order.

    - `given` without val: val is carved from train, grouped where there are groups. Without test: there is none.
    - A group on two sides of given splits is an error, but a warning where these are official: results are published on them.
    - A class with fewer than three units: train and val only, no test, with a warning.

    Args:
        records: The N labelled videos.
        contents: The scan's `content_hash` of each; one that is None shares its content with no other.
        options: How to split.
        by_class: Whether every split gets its share of every label; else labels do not matter.
        trains: Whether a model is trained on them; one that is trained needs no train in given splits, nor all classes there.

    Returns:
        The split of each record as its position in `SPLITS`, (N,) int8, in the order of `records`.

    Raises:
        DataError: There are no records; given splits that leak, are incomplete or lack train; a class with too few
            videos or groups.
    """
    if not records:
        raise DataError("there are no videos to split. Fix: add videos to the data set")
    table = Records.of(records)
    if not by_class:
        table = replace(table, labels=Words.of([ANY] * len(table)))
    order = table.order()
    ordered, hashes = table.take(order), Words.of(contents).take(order)
    strategy = options.strategy
    if strategy == "auto":
        has_splits = (ordered.splits != NO_SPLIT).any()
        strategy = "given" if has_splits else "grouped" if _has_groups(ordered) else "random"
    splits = np.empty(len(records), np.int8)
    splits[order] = (
        _given(ordered, hashes, options, trains) if strategy == "given" else _made(ordered, hashes, options, strategy)
    )
    return splits


def _has_groups(records: Records) -> bool:
    return any(records.groups.used)


def _given(records: Records, contents: Words, options: SplitOptions, trains: bool) -> SplitCodes:
    splits = records.splits
    without = np.flatnonzero(splits == NO_SPLIT)
    if len(without):
        raise DataError(
            f"{records[int(without[0])].row}: this video has no split, but others have one. "
            "Fix: fill in the split of every row, or set data.split.strategy=random or grouped"
        )
    _check_leaks(records, contents)
    has_train = records.of_split("train").any()
    if trains and not has_train:
        raise DataError(
            f"no video is in train, got only {', '.join(sorted(SPLITS[code] for code in np.unique(splits)))}. "
            "Fix: give split train to some rows, or set data.split.strategy=random"
        )
    if has_train and not records.of_split("val").any():
        splits = _carve_val(records, contents, options)
    if not trains:
        return splits
    if not records.of_split("test").any():
        _log.warning("the given splits hold no test split: nothing is tested, `test` is null in metrics.json")
    labels = records.labels
    trained = labels.take(np.flatnonzero(splits == SPLITS.index("train")))
    elsewhere = np.flatnonzero(~np.isin(labels.codes, trained.codes))
    if len(elsewhere):
        first = int(elsewhere[0])
        raise DataError(
            f"{records[first].row}: the class {labels[first]!r} is in {SPLITS[splits[first]]} but has no video in train. "
            f"Fix: add some to train, or remove the class; in train: {suggest(labels[first] or '', trained.used)}"
        )
    return splits


def _check_leaks(records: Records, contents: Words) -> None:
    """Refuses given splits that show the same on two sides; of official ones, groups on two sides are told."""
    keys = shared_keys(records, contents, use_groups=True)
    on_two_sides = {word: _split_keys(codes, records.splits) for word, codes in keys.items()}
    if not any(map(len, on_two_sides.values())):
        return
    suspects = np.logical_or.reduce([np.isin(codes, on_two_sides[word]) for word, codes in keys.items()])
    seen: dict[tuple[str, int], int] = {}
    shown_twice: dict[int, str] = {}
    for position in np.flatnonzero(suspects).tolist():
        for word, codes in keys.items():
            code = int(codes[position])
            first = records[seen.setdefault((word, code), position)] if code >= 0 else records[position]
            record = records[position]
            if first.split != record.split and word == "group" and record.is_official:
                shown_twice.setdefault(code, f"{record.group!r} is in {first.split} and {record.split}")
            elif first.split != record.split:
                name = f" {record.group!r}" if word == "group" else ""
                raise DataError(
                    f"the same {word}{name} is on two sides: {first.row} is in {first.split} and {record.row} in "
                    f"{record.split}, so the result would be too good. Fix: give both the same split, delete one, or "
                    "set data.split.strategy=grouped"
                )
    _log.warning(
        "the official split shows %d groups on two sides, so the result flatters; the first: %s",
        len(shown_twice), next(iter(shown_twice.values())),
    )  # fmt: skip


def _split_keys(codes: Codes, splits: SplitCodes) -> Codes:
    """Returns the keys that records of more than one split have."""
    has_key = codes >= 0
    are_in = np.zeros((int(codes.max(initial=-1)) + 1, len(SPLITS)), bool)
    are_in[codes[has_key], splits[has_key]] = True
    return np.flatnonzero(are_in.sum(1) > 1)


def _carve_val(records: Records, contents: Words, options: SplitOptions) -> SplitCodes:
    """Moves a share of train, whole units of every class, to val."""
    inside = np.flatnonzero(records.of_split("train"))
    chosen, hashes = records.take(inside), contents.take(inside)
    parts: tuple[Split, ...] = ("train", "val")
    shares = (1 - options.val_fraction, options.val_fraction)
    units = make_units(chosen, hashes, use_groups=True)
    if chosen[0].is_official and try_deal(units, parts, shares, options.seed) is None:
        _log.warning(
            "the groups in the official train part leave no val with every class: groups are torn apart, so val flatters"
        )
        units = make_units(chosen, hashes, use_groups=False)
    check_two_units(chosen, units, "grouped")
    splits = records.splits.copy()
    splits[inside] = deal(units, parts, shares, options.seed)
    _log.warning(
        "the given splits hold no val: %d of the %d videos of train were taken as val (data.split.val_fraction=%g)",
        (splits == SPLITS.index("val")).sum(), len(inside), options.val_fraction,
    )  # fmt: skip
    return splits


def _made(records: Records, contents: Words, options: SplitOptions, strategy: SplitStrategy) -> SplitCodes:
    has_groups = _has_groups(records)
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
            contents,
            folds=options.folds,
            fold=options.fold,
            val_fraction=options.val_fraction,
            seed=options.seed,
        )
    units = make_units(records, contents, use_groups=strategy != "random")
    check_two_units(records, units, strategy)
    shares = (1 - options.val_fraction - options.test_fraction, options.val_fraction, options.test_fraction)
    if options.test_fraction > 0:
        few = [label for label, number in units_per_class(records, units).items() if number < 3]
        if not few:
            splits = try_deal(units, SPLITS, shares, options.seed)
            if splits is not None:
                return splits
        listed = ", ".join(repr(label) for label in few[:10]) + (", …" if len(few) > 10 else "")
        what = "groups" if strategy == "grouped" else "videos"
        reason = f"these classes have fewer than three {what}: {listed}" if few else "the groups share too many classes"
        _log.warning("NO TEST SPLIT, only train and val (`test` is null in metrics.json): %s", reason)
    return deal(units, ("train", "val"), (1 - options.val_fraction, options.val_fraction), options.seed)
