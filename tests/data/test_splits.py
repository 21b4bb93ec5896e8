"""Splits: literal tables, leaks, too few videos, and properties over random data sets."""

import logging
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.records import letters, numbered, record, split_records
from videoseq.data.split_options import SplitOptions, SplitStrategy
from videoseq.data.splits import assign_splits
from videoseq.errors import ConfigError, DataError
from videoseq.types import SPLITS, VideoRecord

# --- literal tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "expected"),
    [(0, "TTTvTeTTevT"), (1, "TTeTTTvTveT")],
)
def test_random_table(seed: int, expected: str) -> None:
    records = numbered("a", 7) + numbered("b", 4)
    assert letters(split_records(records, {}, SplitOptions("random", seed=seed))) == expected


def test_grouped_table() -> None:
    records = [record(f"{group}{index}", group[0], group=group) for group in ("a1", "a2", "a3", "b1", "b2", "b3")
               for index in range(4 if group.endswith("1") else 2)]  # fmt: skip
    assert letters(split_records(records, {}, SplitOptions())) == "TTTTeevvTTTTvvee"


def test_auto_chooses_by_what_the_annotations_hold() -> None:
    plain = numbered("a", 6)
    grouped = [record(f"a{index}", "a", group=f"g{index // 2}") for index in range(6)]
    given_ = [record("0", "a", "train"), record("1", "a", "val"), record("2", "a", "test", "g")]
    assert split_records(plain, {}, SplitOptions()) == split_records(plain, {}, SplitOptions("random"))
    assert split_records(grouped, {}, SplitOptions()) == split_records(grouped, {}, SplitOptions("grouped"))
    assert split_records(given_, {}, SplitOptions()) == ["train", "val", "test"]


def test_fractions_seed_and_test_fraction_change_the_split() -> None:
    records = numbered("a", 20)
    assert Counter(split_records(records, {}, SplitOptions("random"))) == {"train": 14, "val": 3, "test": 3}
    wide = SplitOptions("random", val_fraction=0.25, test_fraction=0.5)
    assert Counter(split_records(records, {}, wide)) == {"train": 5, "val": 5, "test": 10}
    without = SplitOptions("random", val_fraction=0.25, test_fraction=0)
    assert Counter(split_records(records, {}, without)) == {"train": 15, "val": 5}
    assert split_records(records, {}, SplitOptions(seed=1)) != split_records(records, {}, SplitOptions(seed=2))


def test_copies_share_a_side() -> None:
    records = [record(f"{label}{index}", label) for label in "ab" for index in range(6)]
    hashes = {each.path: f"hash {each.label}{index // 2}" for index, each in enumerate(records)}
    for seed in range(10):
        splits = split_records(records, hashes, SplitOptions("random", seed=seed))
        assert splits[0::2] == splits[1::2]
        assert set(splits) == set(SPLITS)


def test_parts_of_one_file_share_a_side() -> None:
    records = [
        VideoRecord(Path(f"/data/{index // 3}.mp4"), "a", start_seconds=index % 3, end_seconds=index % 3 + 1)
        for index in range(12)
    ]
    for seed in range(10):
        splits = split_records(records, {}, SplitOptions("random", seed=seed))
        assert splits[0::3] == splits[1::3] == splits[2::3]


def test_random_ignores_groups_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    records = numbered("a", 12, group="only")
    assert set(split_records(records, {}, SplitOptions("random"))) == set(SPLITS)
    assert "videos of one group stand in train and in test, so the result flatters" in caplog.text


# --- given -----------------------------------------------------------------------------------------------------------


def test_leaks_in_given_splits() -> None:
    train, test = record("x", "a", "train", "g1"), record("y", "a", "test", "g1")
    with pytest.raises(DataError, match=r"same group 'g1' is on two sides: row x is in train and row y in test.*Fix"):
        split_records([test, train], {}, SplitOptions())
    train, test = record("x", "a", "train"), record("y", "a", "test")
    with pytest.raises(DataError, match=r"same content is on two sides: row x is in train and row y in test"):
        split_records([train, test], {train.path: "same", test.path: "same"}, SplitOptions())
    again = VideoRecord(train.path, "a", "val", start_seconds=3.0, row="row 9")
    with pytest.raises(DataError, match=r"same file is on two sides: row x is in train and row 9 in val"):
        split_records([train, again, test], {}, SplitOptions())


def test_an_official_split_is_taken_although_it_shows_groups_on_two_sides(caplog: pytest.LogCaptureFixture) -> None:
    names = [("x", "train", "g1"), ("y", "test", "g1"), ("z", "val", "g2"), ("w", "test", "g2"), ("v", "test", "g2")]
    records = [replace(record(name, "a", split, group), is_official=True) for name, split, group in names]
    assert split_records(records, {}, SplitOptions()) == ["train", "test", "val", "test", "test"]
    assert (
        "the official split shows 2 groups on two sides, so the result flatters; the first: 'g1' is in train and test"
        in caplog.text
    )
    with pytest.raises(DataError, match=r"same content is on two sides: row x is in train and row y in test"):
        split_records(records, {records[0].path: "same", records[1].path: "same"}, SplitOptions())


def test_val_of_an_official_split_without_groups_enough(caplog: pytest.LogCaptureFixture) -> None:
    official = [replace(each, is_official=True) for each in numbered("a", 4, split="train", group="g")]
    assert sorted(split_records(official, {}, SplitOptions())) == ["train", "train", "train", "val"]
    assert "groups are torn apart, so val flatters" in caplog.text
    with pytest.raises(DataError, match=r"class 'a' has one group, 'g', with 4 videos"):
        split_records(numbered("a", 4, split="train", group="g"), {}, SplitOptions())


def test_given_splits_must_be_complete() -> None:
    with pytest.raises(DataError, match=r"row y: this video has no split, but others have one\. Fix: fill in"):
        split_records([record("x", "a", "train"), record("y", "a")], {}, SplitOptions())
    with pytest.raises(DataError, match=r"no video is in train, got only test, val\. Fix: give split train"):
        split_records([record("x", "a", "val"), record("y", "a", "test")], {}, SplitOptions())
    with pytest.raises(DataError, match=r"row y: the class 'ab' is in val but has no video in train.*mean 'abc'\?"):
        split_records([record("x", "abc", "train"), record("y", "ab", "val")], {}, SplitOptions())


def test_who_does_not_train_needs_no_train() -> None:
    def assigned(*records: VideoRecord) -> list[str]:
        codes = assign_splits(records, [None] * len(records), SplitOptions(), trains=False)
        return [SPLITS[code] for code in codes.tolist()]

    assert assigned(record("x", "a", "test"), record("y", "b", "test")) == ["test", "test"]
    assert assigned(record("x", "a", "val")) == ["val"]
    assert assigned(record("x", "a", "train"), record("y", "b", "val")) == ["train", "val"]
    with pytest.raises(DataError, match=r"same group 'g' is on two sides"):
        assigned(record("x", "a", "val", "g"), record("y", "a", "test", "g"))


def test_given_without_val_carves_it_from_train(caplog: pytest.LogCaptureFixture) -> None:
    records = [record(f"{label}{index}", label, "train", f"g{index // 2}") for label in "ab" for index in range(10)]
    records += [record("a10", "a", "test"), record("b10", "b", "test")]
    splits = split_records(records, {}, SplitOptions(val_fraction=0.2))
    assert Counter(splits) == {"train": 16, "val": 4, "test": 2}
    assert splits[0:10:2] == splits[1:10:2] == splits[10:20:2] == splits[11:20:2]
    assert "the given splits hold no val: 4 of the 20 videos of train were taken as val" in caplog.text


def test_given_without_test_has_none(caplog: pytest.LogCaptureFixture) -> None:
    records = [*numbered("a", 3, split="train"), record("x", "a", "val")]
    assert split_records(records, {}, SplitOptions()) == ["train", "train", "train", "val"]
    assert "the given splits hold no test split" in caplog.text


def test_given_is_ignored_by_the_other_strategies() -> None:
    records = numbered("a", 6, split="test")
    assert set(split_records(records, {}, SplitOptions("random"))) == set(SPLITS)


# --- too few ---------------------------------------------------------------------------------------------------------


def test_a_class_with_one_video() -> None:
    with pytest.raises(DataError, match=r"class 'b' has one video, row b0: a class needs two videos.*Fix: add a video"):
        split_records(numbered("a", 5) + numbered("b", 1), {}, SplitOptions())
    records = numbered("a", 5) + numbered("b", 2)
    hashes = {each.path: "same" for each in records if each.label == "b"}
    with pytest.raises(DataError, match=r"class 'b' has 2 videos that are parts or copies of one, the first is row b0"):
        split_records(records, hashes, SplitOptions())
    with pytest.raises(DataError, match=r"class 'a' has one video, row a0: a class needs two videos"):
        split_records([*numbered("a", 1, split="train"), record("x", "a", "test")], {}, SplitOptions())


def test_a_class_with_one_group() -> None:
    records = [record(f"a{index}", "a", group=f"g{index}") for index in range(5)] + numbered("b", 7, group="g9")
    with pytest.raises(
        DataError, match=r"class 'b' has one group, 'g9', with 7 videos.*data\.split\.strategy=random \(.*flatters\)"
    ):
        split_records(records, {}, SplitOptions())


def test_too_few_for_three_parts_makes_no_test(caplog: pytest.LogCaptureFixture) -> None:
    splits = split_records(numbered("a", 10) + numbered("b", 2), {}, SplitOptions())
    assert Counter(splits[:10]) == {"train": 9, "val": 1}
    assert sorted(splits[10:]) == ["train", "val"]
    assert [entry.levelno for entry in caplog.records] == [logging.WARNING]
    assert "NO TEST SPLIT, only train and val" in caplog.text
    assert "fewer than three videos: 'b'" in caplog.text


def test_five_videos_in_two_classes() -> None:
    splits = split_records(numbered("a", 3) + numbered("b", 2), {}, SplitOptions())
    assert Counter(splits[:3]) == {"train": 2, "val": 1}
    assert Counter(splits[3:]) == {"train": 1, "val": 1}


def test_groups_that_share_too_many_classes(caplog: pytest.LogCaptureFixture) -> None:
    circle = [("ab", "g1"), ("bc", "g2"), ("ac", "g3")]
    records = [record(f"{group}{label}", label, group=group) for labels, group in circle for label in labels]
    with pytest.raises(DataError, match=r"groups share so many classes that no split gives every class to both train and"):
        split_records(records, {}, SplitOptions())
    fano = ["abc", "ade", "afg", "bdf", "beg", "cdg", "cef"]  # every class in three groups, no three parts are possible
    records = [record(f"{group}{label}", label, group=f"g{group}") for group, row in enumerate(fano) for label in row]
    with pytest.raises(DataError, match=r"groups share so many classes"):
        split_records(records, {}, SplitOptions())
    assert "NO TEST SPLIT, only train and val (`test` is null in metrics.json): the groups share" in caplog.text


def test_grouped_without_groups() -> None:
    with pytest.raises(DataError, match=r"strategy=grouped needs groups.*Fix: add a column 'group'"):
        split_records(numbered("a", 5), {}, SplitOptions("grouped"))


def test_no_records() -> None:
    with pytest.raises(DataError, match=r"there are no videos to split"):
        split_records([], {}, SplitOptions())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"strategy": "groupd"}, r"unknown data\.split\.strategy 'groupd': did you mean 'grouped'\?"),
        (
            {"strategy": "kfold", "index": 2},
            r"data\.split\.index=2 chooses an official split, data\.split\.strategy=kfold makes its own\. Fix: remove one",
        ),
        ({"folds": 1}, r"data\.split\.folds must be at least 2, got 1"),
        ({"fold": 5}, r"data\.split\.fold must lie in \[0, folds\), got fold=5 of folds=5\. Fix: .*fold=0 to 4"),
        ({"fold": -1}, r"got fold=-1 of folds=5"),
        ({"val_fraction": 0}, r"val_fraction must lie in \(0, 1\), got 0"),
        ({"test_fraction": 1.0}, r"test_fraction must lie in \[0, 1\), got 1\.0"),
        (
            {"val_fraction": 0.5, "test_fraction": 0.5},
            r"leave nothing to train on\. Fix: their sum must be less than 1",
        ),
        ({"index": 0}, r"data\.split\.index must be 1 or more, or null, got 0"),
        ({"seed": -1}, r"data\.split\.seed must be 0 or more, got -1"),
    ],
)
def test_options_are_checked(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SplitOptions(**values)


# --- properties ------------------------------------------------------------------------------------------------------


@st.composite
def data_sets(draw: st.DrawFn) -> tuple[list[VideoRecord], dict[Path, str]]:
    """Classes of at least three groups each (groups of one class), some copies inside a class, any order."""
    records = []
    hashes = {}
    for label in "abc"[: draw(st.integers(1, 3))]:
        sizes = draw(st.lists(st.integers(1, 5), min_size=3, max_size=8))
        for group, size in enumerate(sizes):
            for index in range(size):
                item = record(f"{label}{group}_{index}", label, group=f"{label}{group}")
                records.append(item)
                hashes[item.path] = draw(st.sampled_from(["", f"copy {label}{group}"]))
    return draw(st.permutations(records)), hashes


@settings(max_examples=60, deadline=None)
@given(data=data_sets(), strategy=st.sampled_from(["random", "grouped"]), seed=st.integers(0, 5))
def test_made_splits(data: tuple[list[VideoRecord], dict[Path, str]], strategy: SplitStrategy, seed: int) -> None:
    records, hashes = data
    splits = split_records(records, hashes, SplitOptions(strategy, seed=seed))
    assert len(splits) == len(records)
    assert split_records(records, hashes, SplitOptions(strategy, seed=seed)) == splits
    backwards = split_records(records[::-1], hashes, SplitOptions(strategy, seed=seed))
    assert backwards[::-1] == splits
    sides = defaultdict(set)
    parts = defaultdict(set)
    for item, split in zip(records, splits, strict=True):
        if hashes[item.path]:
            sides[hashes[item.path]].add(split)
        if strategy == "grouped":
            sides[item.group].add(split)
        parts[item.label].add(split)
    assert all(len(side) == 1 for side in sides.values())
    assert all(part == set(SPLITS) for part in parts.values())


@settings(max_examples=30, deadline=None)
@given(data=data_sets(), seed=st.integers(0, 5))
def test_kfold_test_parts_partition_the_data(data: tuple[list[VideoRecord], dict[Path, str]], seed: int) -> None:
    records, hashes = data
    tested: Counter[Path] = Counter()
    for fold in range(3):
        splits = split_records(records, hashes, SplitOptions("kfold", fold=fold, folds=3, seed=seed))
        tested.update(item.path for item, split in zip(records, splits, strict=True) if split == "test")
        sides = defaultdict(set)
        parts = defaultdict(set)
        for item, split in zip(records, splits, strict=True):
            sides[item.group].add(split)
            parts[item.label].add(split)
        assert all(len(side) == 1 for side in sides.values())
        assert all({"train", "val"} <= part for part in parts.values())
    assert tested == Counter(item.path for item in records)


def test_every_strategy_is_a_choice_of_the_options() -> None:
    for strategy in get_args(SplitStrategy):
        assert SplitOptions(strategy).strategy == strategy
