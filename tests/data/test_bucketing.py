"""Batches of similar length: literal, every sample as often as before, less padding, the same for any number of processes."""

from collections import Counter
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from videoseq.data.balancing import balanced_order
from videoseq.data.bucketing import bucketed, clip_lengths
from videoseq.data.options import DataOptions
from videoseq.data.ordering import training_order
from videoseq.data.samplers import EpochBatches, Shard, epoch_order
from videoseq.data.videos import Video
from videoseq.types import ClipSpec, VideoInfo, VideoRecord

LENGTHS = [3, 9, 5, 1, 8, 2, 7, 4, 6]


def batches_of(order, lengths, batch_size):
    return [[lengths[sample] for sample in order[start : start + batch_size]] for start in range(0, len(order), batch_size)]


def padding(batches):
    slots = sum(len(batch) * max(batch) for batch in batches)
    return 1 - sum(map(sum, batches)) / slots


@pytest.mark.parametrize(
    ("seed", "epoch", "expected"),
    [
        (0, 0, [[9, 5], [2, 4], [8, 7], [3, 1], [6]]),
        (0, 1, [[9, 5], [3, 1], [8, 7], [2, 4], [6]]),
        (1, 0, [[9, 5], [8, 7], [2, 4], [3, 1], [6]]),
    ],
)
def test_batches_are_these(seed, epoch, expected):
    order = bucketed(lambda epoch: range(9), LENGTHS, 2, seed)
    assert batches_of(order(epoch), LENGTHS, 2) == expected


@pytest.mark.parametrize("num_samples", [1, 3, 16, 64, 100, 1000])
def test_every_sample_comes_once_an_epoch(num_samples):
    lengths = np.random.default_rng(0).integers(1, 100, num_samples)
    order = bucketed(partial(epoch_order, num_samples, 5), lengths, 8, 5)
    for epoch in range(3):
        assert sorted(order(epoch)) == list(range(num_samples))


def test_a_balanced_epoch_shows_the_same_samples_as_often():
    targets = [0] * 40 + [1] * 5
    plain = partial(balanced_order, targets, 3)
    order = bucketed(plain, np.arange(45) % 13 + 1, 4, 3)
    assert Counter(order(2)) == Counter(plain(2))
    assert order(2) != plain(2)


def test_padding_becomes_less():
    lengths = np.random.default_rng(1).integers(8, 129, 2000)
    plain = partial(epoch_order, 2000, 0)
    before, after = (padding(batches_of(order(0), lengths, 16)) for order in (plain, bucketed(plain, lengths, 16, 0)))
    assert before > 0.4
    assert after < 0.05


def test_few_samples_have_less_padding_too_and_still_other_batches_in_every_epoch():
    lengths = np.random.default_rng(1).integers(8, 129, 64)
    plain = partial(epoch_order, 64, 0)
    order = bucketed(plain, lengths, 16, 0)
    batches = [{frozenset(order(epoch)[start : start + 16]) for start in range(0, 64, 16)} for epoch in range(4)]
    assert len(frozenset.union(*map(frozenset, batches))) == 16
    assert padding(batches_of(order(0), lengths, 16)) < 0.75 * padding(batches_of(plain(0), lengths, 16))


def test_short_batches_come_early_and_late():
    lengths = np.random.default_rng(1).integers(8, 129, 2000)
    order = bucketed(partial(epoch_order, 2000, 0), lengths, 16, 0)
    longest = [max(batch) for batch in batches_of(order(0), lengths, 16)]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.2
    assert longest != [max(batch) for batch in batches_of(order(1), lengths, 16)]


@pytest.mark.parametrize("world_size", [2, 3])
def test_processes_share_the_batches(world_size):
    order = bucketed(partial(epoch_order, 50, 1), np.arange(50) + 1, 6, 1)
    whole = [[request.index for request in batch] for batch in EpochBatches(50, 6, 1, order)]
    parts = [
        [[request.index for request in batch] for batch in EpochBatches(50, 6, 1, order, Shard(rank, world_size))]
        for rank in range(world_size)
    ]
    assert [[*chain(*slices)] for slices in zip(*parts, strict=True)] == whole


def videos(*counts, end_seconds=None):
    """Videos of 10 frames a second that no test opens."""
    return [
        Video(
            VideoRecord(Path(f"/{count}.mp4"), "a", end_seconds=end_seconds),
            VideoInfo(Path(f"/{count}.mp4"), num_frames=count, time_base=Fraction(1, 10), pts_step=1),
            target=count % 2,
        )
        for count in counts
    ]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (ClipSpec(sampling="all", max_frames=25), [3, 20, 25]),
        (ClipSpec(sampling="all", frame_stride=4), [1, 5, 8]),
        (ClipSpec(sampling="all", target_fps=5), [2, 10, 15]),
        (ClipSpec(num_frames=24, padding="mask"), [3, 20, 24]),
        (ClipSpec(num_frames=8, frame_stride=3, sampling="random_clip", padding="mask"), [1, 7, 8]),
        (ClipSpec(num_frames=24), [24, 24, 24]),
    ],
)
def test_lengths_are_those_of_the_scan(spec, expected):
    assert clip_lengths(videos(3, 20, 30), spec).tolist() == expected


def test_a_labelled_part_counts_alone_and_one_without_frames_as_one():
    assert clip_lengths(videos(3, 20, end_seconds=1.0), ClipSpec(sampling="all")).tolist() == [3, 10]
    assert clip_lengths(videos(20, end_seconds=-1.0), ClipSpec(sampling="all")).tolist() == [1]


@pytest.mark.parametrize(
    ("spec", "bucketing", "is_bucketed"),
    [
        (ClipSpec(sampling="all"), "auto", True),
        (ClipSpec(sampling="all"), "length", True),
        (ClipSpec(sampling="all"), "none", False),
        (ClipSpec(padding="mask"), "auto", True),
        (ClipSpec(), "auto", False),
        (ClipSpec(sampling="random_clip"), "auto", False),
    ],
)
@pytest.mark.parametrize("sampler", ["shuffled", "balanced"])
def test_the_order_is_bucketed_where_clips_differ(spec, bucketing, is_bucketed, sampler):
    table = videos(*range(1, 41))
    targets = [video.target for video in table]
    plain = partial(balanced_order, targets, 7) if sampler == "balanced" else partial(epoch_order, 40, 7)
    order = training_order(table, targets, spec, DataOptions(sampler=sampler, bucketing=bucketing), 4, 7)
    expected = bucketed(plain, clip_lengths(table, spec), 4, 7) if is_bucketed else plain
    assert [list(order(epoch)) for epoch in range(2)] == [list(expected(epoch)) for epoch in range(2)]
    assert is_bucketed is ([*order(0)] != [*plain(0)])
