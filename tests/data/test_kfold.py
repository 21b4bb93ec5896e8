"""Folds: a literal table, and classes that some fold could not test or train on."""

import pytest

from tests.data.records import letters, numbered, record, split_records
from videoseq.data.split_options import SplitOptions
from videoseq.errors import DataError


def test_kfold_table() -> None:
    records = [record(f"a{index}", "a", group=f"g{index // 2}") for index in range(8)]
    options = [SplitOptions("kfold", fold=fold, folds=4, val_fraction=0.3) for fold in range(4)]
    assert [letters(split_records(records, {}, each)) for each in options] == [
        "TTvveeTT",
        "eeTTvvTT",
        "TTeevvTT",
        "TTvvTTee",
    ]


def test_kfold_with_too_few_units() -> None:
    with pytest.raises(DataError, match=r"5 folds need as many groups.*got 4\. Fix: fewer folds, at most 4$"):
        split_records(numbered("a", 4), {}, SplitOptions("kfold"))
    with pytest.raises(DataError, match=r"class 'b' has too few groups or videos.*with fold 0 as test, 1 remain, expected 2"):
        split_records(numbered("a", 8) + numbered("b", 2), {}, SplitOptions("kfold", folds=2))


def test_kfold_names_the_class_that_a_fold_would_not_test() -> None:
    groups = {"a": 6, "b": 3, "c": 4}
    records = [
        record(f"{label}{index}", label, group=f"{label}{index // 2}")
        for label, number in groups.items()
        for index in range(2 * number)
    ]
    message = (
        r"the class 'b' is not tested in every fold, like 1 other classes: it has 3 groups or videos that share nothing, "
        r"expected one for each of the 5 folds\. Fix: fewer folds, at most 3, or remove the class"
    )
    for fold in range(5):
        with pytest.raises(DataError, match=message):
            split_records(records, {}, SplitOptions("kfold", folds=5, fold=fold))
    with pytest.raises(DataError, match=r"the class 'b' is not tested in every fold: it has 3 groups.*fewer folds, at most 3"):
        split_records(records, {}, SplitOptions("kfold", folds=4))
    splits = split_records(records, {}, SplitOptions("kfold", folds=3))
    assert {item.label for item, split in zip(records, splits, strict=True) if split == "test"} == {"a", "b", "c"}


def test_kfold_with_a_class_of_two_units() -> None:
    records = numbered("a", 8) + numbered("b", 2)
    with pytest.raises(
        DataError, match=r"class 'b' is not tested in every fold: it has 2 groups.*Fix: add videos of other groups"
    ):
        split_records(records, {}, SplitOptions("kfold", folds=3))


def test_kfold_with_groups_that_share_too_many_classes() -> None:
    rows = ["abc", "abc", "abc", "def", "def", "def"]  # every class in three groups
    records = [record(f"{group}{label}", label, group=f"g{group}") for group, row in enumerate(rows) for label in row]
    assert len(split_records(records, {}, SplitOptions("kfold", folds=3))) == 18
    fano = ["abc", "ade", "afg", "bdf", "beg", "cdg", "cef"]  # every class in three groups, no three parts are possible
    records = [record(f"{group}{label}", label, group=f"g{group}") for group, row in enumerate(fano) for label in row]
    message = r"is not tested in every fold.*its 3 groups hold so many other classes that the 3 folds cannot all have it\. Fix"
    with pytest.raises(DataError, match=message):
        split_records(records, {}, SplitOptions("kfold", folds=3))
