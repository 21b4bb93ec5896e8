"""Folds of a cross-validation: dealt, checked, and compared with those that finished runs were trained on."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from videoseq.data.manifest import Manifest
from videoseq.data.membership import check_sides, identity_words, number_units
from videoseq.data.split_options import SplitOptions
from videoseq.data.splits import assign_splits
from videoseq.data.tracks import Track
from videoseq.data.videos import Video, Videos, join_videos
from videoseq.errors import DataError
from videoseq.types import SPLITS, Split, TaskSpec


@dataclass(frozen=True)
class Fold:
    """One fold: a training that is tested on its share of the videos.

    Attributes:
        repeat: Which deal of the folds, from 0.
        number: Which of its folds is tested on, from 0.
        seed: Seed of the training.
        split_seed: Seed of the deal.
        splits: The split of every video of the plan.
    """

    repeat: int
    number: int
    seed: int
    split_seed: int
    splits: tuple[Split, ...]


@dataclass(frozen=True)
class FoldPlan:
    """All folds of a cross-validation.

    Attributes:
        class_names: Class id -> name.
        videos: The usable videos of the data set, by path.
        units: Number of each video's unit: videos of one unit share a file, their content or a group.
        folds: The folds, repeat after repeat.
        num_folds: Folds of one repeat.
        task: What is learned.
    """

    class_names: tuple[str, ...]
    videos: Videos
    units: tuple[int, ...]
    folds: tuple[Fold, ...]
    num_folds: int
    task: TaskSpec = field(default_factory=TaskSpec)

    @property
    def num_units(self) -> int:
        """Units of the data set."""
        return max(self.units) + 1

    def parts(self, fold: Fold) -> dict[Split, Videos]:
        """Returns the videos of each split of a fold."""
        splits = np.array(fold.splits)
        return {part: self.videos.take(np.flatnonzero(splits == part)) for part in SPLITS}

    def identities(self, fold: Fold) -> dict[str, list[str]]:
        """Returns the identities of the videos of each split of a fold, sorted."""
        return {part: identity_words(videos.identities) for part, videos in self.parts(fold).items()}


def plan_folds(manifest: Manifest, options: SplitOptions, *, folds: int, repeats: int, seed: int) -> FoldPlan:
    """Deals the videos of a data set, whatever their splits there, to stratified folds whose test parts share nothing.

    Repeat r deals with the split's seed + r and trains with `seed` + r.

    Args:
        manifest: The data set.
        options: Seed of the first deal, and the share of the rest that validates.
        folds: Folds of each repeat.
        repeats: How often the videos are dealt.
        seed: Seed of the trainings of the first repeat.

    Raises:
        DataError: A class has too few groups or videos for so many folds.
    """
    everything = join_videos([*manifest.videos.values()])
    videos = everything.take(everything.records.order())
    planned = []
    for repeat in range(repeats):
        for number in range(folds):
            dealt = replace(options, strategy="kfold", folds=folds, fold=number, seed=options.seed + repeat)
            codes = assign_splits(videos.records, videos.contents, dealt, by_class=manifest.task.name == "classification")
            planned.append(Fold(repeat, number, seed + repeat, dealt.seed, tuple(SPLITS[code] for code in codes.tolist())))
    units = tuple(number_units(videos))
    return FoldPlan(manifest.class_names, videos, units, tuple(planned), folds, manifest.task)


def check_fold(plan: FoldPlan, fold: Fold) -> None:
    """Checks by itself, whatever dealt the folds, that nothing stands on two sides of one and that each part has videos.

    Raises:
        DataError: The same file, content or group is in two splits, or a split is empty.
    """
    parts = plan.parts(fold)
    check_sides(parts)
    for part, videos in parts.items():
        if not videos:
            raise DataError(f"fold {fold.number} has no {part} videos. Fix: fewer folds, or more videos")


def check_tested_once(plan: FoldPlan) -> None:
    """Checks that in each repeat every video is in the test part of exactly one fold.

    Raises:
        DataError: One is in none or in several.
    """
    for repeat in sorted({fold.repeat for fold in plan.folds}):
        for position, video in enumerate(plan.videos):
            tested = sum(fold.splits[position] == "test" for fold in plan.folds if fold.repeat == repeat)
            if tested != 1:
                raise DataError(
                    f"{video.record.row or video.record.path} is in the test part of {tested} folds of repeat {repeat}, "
                    "expected exactly one"
                )


def describe(plan: FoldPlan, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what decides a cross-validation's result, as plain values for `folds.json`.

    Args:
        plan: The folds.
        options: The options of the trainings that change their result.
    """
    return {
        "options": dict(options),
        "videos": [
            {
                "identity": video.identity,
                "label": _label(video),
                "group": video.record.group,
                "video": video.record.row or str(video.record.path),
            }
            for video in plan.videos
        ],
        "folds": [
            {
                "repeat": fold.repeat,
                "fold": fold.number,
                "seed": fold.seed,
                "split_seed": fold.split_seed,
                **plan.identities(fold),
            }
            for fold in plan.folds
        ],
    }


def _label(video: Video) -> str:
    """Returns in a few words what a video is labelled with; of what holds when a digest."""
    target = video.target
    if isinstance(target, int):
        return video.record.label
    if isinstance(target, Track):
        columns = (np.ascontiguousarray(column).tobytes() for column in (target.starts, target.ends, target.values))
        return hashlib.sha256(b"".join(columns)).hexdigest()[:16]
    return str(target if isinstance(target, float) else target.tolist())


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Returns in words how two descriptions differ; further or fewer repeats are no difference.

    Args:
        before: What `describe` gave when the first fold was trained.
        now: What it gives now.
    """
    found = list(_option_differences(before["options"], now["options"]))
    if found:
        return found
    found = _video_differences(before["videos"], now["videos"])
    if found:
        return found
    known = {(fold["repeat"], fold["fold"]): fold for fold in before["folds"]}
    return [
        f"the videos of fold {fold['fold']} of repeat {fold['repeat']} are others"
        for fold in now["folds"]
        if known.get((fold["repeat"], fold["fold"]), fold) != fold
    ]


def _option_differences(before: Any, now: Any, path: str = "") -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in sorted({*before, *now}):
            yield from _option_differences(before.get(name), now.get(name), f"{path}.{name}" if path else name)
    elif before != now:
        yield f"{path} was {before}, is {now}"


def _video_differences(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[str]:
    def count(videos: Sequence[Mapping[str, Any]]) -> Counter[tuple[Any, ...]]:
        return Counter((video["identity"], video["label"], video["group"]) for video in videos)

    gone, new = count(before) - count(now), count(now) - count(before)
    found = []
    for word, which, videos in (("gone or changed", gone, before), ("new or changed", new, now)):
        if which:
            first = next(video["video"] for video in videos if (video["identity"], video["label"], video["group"]) in which)
            found.append(f"{which.total()} videos are {word}, the first: {first}")
    return found
