"""Folds: literal tables of their deal, leaks that are planted and refused, and how two cross-validations differ."""

from dataclasses import replace

import pytest

from tests.running.plans import manifest, video
from videoseq.data.split_options import SplitOptions
from videoseq.errors import DataError
from videoseq.running.candidates import result_options
from videoseq.running.folds import (
    FoldPlan,
    check_fold,
    check_tested_once,
    describe,
    differences,
    plan_folds,
)

PLAIN = [video(f"{label}{number}", label) for label in "ab" for number in range(6)]
GROUPED = [video(f"{label}{number}", label, group=f"{label} person {number // 2}") for label in "ab" for number in range(8)]
COPIES = [video(f"{label}{number}", label, content=f"{label}{number // 2}") for label in "ab" for number in range(8)]


def plan(videos, *, folds=3, repeats=1, seed=0, split_seed=0, val_fraction=0.25) -> FoldPlan:
    options = SplitOptions(seed=split_seed, val_fraction=val_fraction)
    return plan_folds(manifest(videos), options, folds=folds, repeats=repeats, seed=seed)


def table(planned: FoldPlan) -> list[str]:
    """T train, v val, e test; a row for each fold, a column for each video by its path."""
    return ["".join({"train": "T", "val": "v", "test": "e"}[split] for split in fold.splits) for fold in planned.folds]


@pytest.mark.parametrize(
    ("videos", "options", "expected"),
    [
        (PLAIN, {}, ["evTTeTTTTeev", "vTeeTTTTeTve", "veTTTeeeTTTv"]),
        (PLAIN, {"split_seed": 1}, ["TeTTveTTeveT", "eTTeTvTTveTe", "TTeTeveeTTvT"]),
        (PLAIN, {"folds": 2, "repeats": 2}, ["TvTeeeeTeevT", "eeeTvTTevTee", "eTeveTeveeTT", "TeveTeveTTee"]),
        (GROUPED, {"folds": 2}, ["TTeeeevvTTeeeevv", "eeTTvveeeeTTvvee"]),
        (COPIES, {"folds": 4}, ["TTvveeTTTTeevvTT", "eeTTvvTTeeTTvvTT", "TTvvTTeeTTvvTTee", "TTeevvTTTTvveeTT"]),
    ],
)
def test_tables(videos, options, expected):
    planned = plan(videos, **options)
    assert table(planned) == expected
    check_tested_once(planned)
    for fold in planned.folds:
        check_fold(planned, fold)


def test_a_repeat_deals_anew_and_trains_with_another_seed():
    planned = plan(PLAIN, folds=2, repeats=2, seed=7, split_seed=3)
    assert [(one.repeat, one.number, one.seed, one.split_seed) for one in planned.folds] == [
        (0, 0, 7, 3),
        (0, 1, 7, 3),
        (1, 0, 8, 4),
        (1, 1, 8, 4),
    ]


def test_the_order_of_the_videos_does_not_matter():
    backwards, forwards = (describe(plan(videos), {}) for videos in (PLAIN[::-1], PLAIN))
    assert backwards == forwards


def test_units_are_what_shares_a_group_or_content():
    assert plan(PLAIN).units == tuple(range(12))
    assert plan(GROUPED).units == plan(COPIES).units == (0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)
    joined = [*GROUPED, video("z", "a", content="content of a0")]  # a copy of a0, of another person
    assert plan(joined, folds=2).units[-1] == 0
    assert plan(joined, folds=2).num_units == 8


def planted(planned: FoldPlan, number: int, split: str) -> FoldPlan:
    """Returns a plan whose first fold has put a video into another split."""
    first = planned.folds[0]
    splits = tuple(split if position == number else part for position, part in enumerate(first.splits))
    return replace(planned, folds=(replace(first, splits=splits), *planned.folds[1:]))


@pytest.mark.parametrize(
    ("videos", "word"),
    [(GROUPED, "group 'a person 1'"), (COPIES, "content")],
)
def test_a_planted_leak_is_refused(videos, word):
    planned = plan(videos, folds=2)
    assert planned.folds[0].splits[2:4] == ("test", "test")
    leaking = planted(planned, 2, "train")
    with pytest.raises(DataError, match=rf"a leak: the same {word} is on two sides, a2\.mp4 in train and a3\.mp4 in test.*Fix"):
        check_fold(leaking, leaking.folds[0])


def test_parts_of_one_file_on_two_sides_are_a_leak():
    part = replace(PLAIN[0], record=replace(PLAIN[0].record, start_seconds=1.0), info=replace(PLAIN[0].info, content_hash=""))
    first = replace(PLAIN[0], info=replace(PLAIN[0].info, content_hash=""))
    planned = plan([first, part, *PLAIN[1:]])
    assert len(set(planned.units[:2])) == 1
    leaking = planted(planned, 0, "val" if planned.folds[0].splits[0] != "val" else "train")
    with pytest.raises(DataError, match=r"a leak: the same file is on two sides"):
        check_fold(leaking, leaking.folds[0])


def test_a_video_that_is_tested_twice_or_never_is_refused():
    planned = plan(PLAIN)
    assert planned.folds[0].splits[:2] == ("test", "val")
    check_tested_once(planned)
    with pytest.raises(DataError, match=r"a0\.mp4 is in the test part of 0 folds of repeat 0, expected exactly one"):
        check_tested_once(planted(planned, 0, "train"))
    with pytest.raises(DataError, match=r"a1\.mp4 is in the test part of 2 folds of repeat 0"):
        check_tested_once(planted(planned, 1, "test"))


def test_a_fold_with_an_empty_part_is_refused():
    planned = plan(PLAIN)
    everything = replace(planned.folds[0], splits=("train", "test", *["train"] * 10))
    with pytest.raises(DataError, match=r"fold 0 has no val videos\. Fix: fewer folds"):
        check_fold(planned, everything)


def test_a_class_with_too_few_groups_for_the_folds_is_refused():
    with pytest.raises(DataError, match=r"class 'b'.*Fix"):
        plan([*PLAIN[:6], *PLAIN[6:9]], folds=4)


def test_equal_descriptions_do_not_differ_and_repeats_may_be_added():
    one = describe(plan(PLAIN), {"seed": 0})
    assert differences(one, describe(plan(PLAIN), {"seed": 0})) == []
    more = describe(plan(PLAIN, repeats=3), {"seed": 0})
    assert differences(one, more) == differences(more, one) == []


def test_differences_are_named():
    one = describe(plan(PLAIN), {"optimizer": {"lr": 0.1, "name": "adamw"}, "clip": {"height": 16}})
    other = describe(plan(PLAIN), {"optimizer": {"lr": 0.2, "name": "sgd"}, "clip": {"height": 16}})
    assert differences(one, other) == ["optimizer.lr was 0.1, is 0.2", "optimizer.name was adamw, is sgd"]
    fewer = describe(plan(PLAIN[1:]), one["options"])
    assert differences(one, fewer) == ["1 videos are gone or changed, the first: a0.mp4"]
    assert differences(fewer, one) == ["1 videos are new or changed, the first: a0.mp4"]
    relabelled = describe(plan([video("a0", "b"), *PLAIN[1:]]), one["options"])
    assert differences(one, relabelled) == [
        "1 videos are gone or changed, the first: a0.mp4",
        "1 videos are new or changed, the first: a0.mp4",
    ]
    dealt = describe(plan(PLAIN, split_seed=1), one["options"])
    assert differences(one, dealt) == [f"the videos of fold {number} of repeat 0 are others" for number in range(3)]


def test_options_that_cannot_change_a_result_are_left_out():
    options = {
        "name": "mine", "seed": 3, "paths": {"outputs": "here"}, "clip": {"height": 16, "name": "kept"},
        "data": {"root": "there", "num_workers": 2, "cache_limit_gb": 9.0, "batch_size": 4, "split": {"fold": 0, "folds": 5}},
    }  # fmt: skip
    assert result_options(options) == {
        "seed": 3, "clip": {"height": 16, "name": "kept"}, "data": {"batch_size": 4, "split": {"folds": 5}},
    }  # fmt: skip
