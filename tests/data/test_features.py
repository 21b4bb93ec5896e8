"""Batches of features: those of the clips that decoding would give, in the same order, another variant in every epoch."""

import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from tests.data.caching.clips import SPEC, mean_colours, no_progress, variants_of, videos_of, views_of
from videoseq.data.augment_options import AugmentOptions, TemporalOptions
from videoseq.data.balancing import balanced_order
from videoseq.data.caching.encoding import encode_missing, wanted_jobs
from videoseq.data.caching.store import ArrayStore
from videoseq.data.features import FeatureClips, FeatureLoader, ResumableFeatureLoader, VariantOrder
from videoseq.data.loading import ResumableLoader, evaluation_loader
from videoseq.data.samplers import EpochBatches, SampleRequest, Shard, batches_in_order
from videoseq.errors import DataError


@pytest.fixture(scope="module")
def videos(bars):
    return videos_of(bars, 10)


def kept(clips, folder) -> FeatureClips:
    """Makes the features of all clips."""
    store = ArrayStore.open(folder, {})
    failures = encode_missing(
        wanted_jobs([clips], store), store, mean_colours, num_workers=0, batch_size=4, progress=no_progress
    )
    return FeatureClips(clips, store, failures)


def test_validation_gets_the_features_of_its_clips(tmp_path, videos):
    views = views_of(videos)
    found = list(FeatureLoader(kept(views, tmp_path), batches_in_order(10, 4)))
    expected = list(evaluation_loader(views.clips, 4, 0))
    assert [len(batch) for batch in found] == [4, 4, 2]
    for batch, clips in zip(found, expected, strict=True):
        assert torch.equal(batch.features, mean_colours(clips))
        assert torch.equal(batch.lengths, clips.lengths)
        assert torch.equal(batch.targets, clips.targets)
        assert batch.videos == clips.videos
        assert torch.equal(batch.frames(1), clips.frames(1))


def test_clips_of_different_length_are_padded(tmp_path, videos):
    spec = replace(SPEC, num_frames=12, padding="mask")
    short = replace(videos[0], record=replace(videos[0].record, end_seconds=0.35))
    views = views_of([videos[1], short], spec)
    (batch,) = FeatureLoader(kept(views, tmp_path), [[0, 1]])
    (clips,) = evaluation_loader(views.clips, 2, 0)
    assert batch.lengths.tolist() == [10, 4]
    assert torch.equal(batch.features, mean_colours(clips))
    assert torch.equal(batch.frames(1), clips.frames(1))


@pytest.mark.parametrize("shard", [Shard(), Shard(1, 2)])
def test_training_visits_videos_in_the_order_of_decoding(tmp_path, videos, shard):
    variants = variants_of(videos)
    features = kept(variants, tmp_path)
    loader = ResumableFeatureLoader(features, 3, EpochBatches(10, 4, 3, None, shard), lambda: 0, 0)
    clips = variants_of(videos, seed=3).clips
    decoded = ResumableLoader(clips, 4, 0, shard=shard)
    for _ in range(2):
        for batch, other in zip(loader, decoded, strict=True):
            assert batch.videos == other.videos
            assert torch.equal(batch.targets, other.targets)


def test_every_variant_is_shown_once_in_as_many_epochs(tmp_path, videos):
    features = kept(variants_of(videos), tmp_path)
    loader = ResumableFeatureLoader(features, 3, EpochBatches(10, 4, 3), lambda: 0, 0)
    shown = [
        {index: row.numpy().tobytes() for batch in loader for index, row in zip(batch.videos, batch.features, strict=True)}
        for _ in range(4)
    ]
    for index in range(10):
        assert len({epoch[index] for epoch in shown[:3]}) == 3
        assert shown[3][index] == shown[0][index]


def test_the_frames_of_a_row_are_those_of_its_features(tmp_path, videos):
    features = kept(variants_of(videos), tmp_path)
    (batch, *_) = ResumableFeatureLoader(features, 3, EpochBatches(10, 4, 3), lambda: 0, 0)
    for row in range(4):
        assert torch.equal(batch.frames(row).float().mean((2, 3)), batch.features[row])


def test_a_resumed_loader_goes_on_with_the_next_batch(tmp_path, videos):
    features = kept(variants_of(videos), tmp_path)

    def loader(start: int) -> ResumableFeatureLoader:
        return ResumableFeatureLoader(features, 3, EpochBatches(10, 4, 3), lambda: 5, start)

    whole = loader(0)
    expected = [batch for _ in range(2) for batch in whole]
    for resumed in (loader(4), loader(0)):
        resumed.load_state_dict({"batches_done": 4})
        assert len(resumed) == 3
        for batch, other in zip(resumed, expected[4:], strict=True):
            assert batch.videos == other.videos
            assert torch.equal(batch.features, other.features)
    assert loader(0).state_dict() == {"batches_done": 5}


def test_first_variants_and_what_follows():
    order = VariantOrder(8, 4, seed=0)
    table = [[order.of(SampleRequest(index, epoch)) for index in range(8)] for epoch in range(5)]
    assert table == [
        [0, 2, 1, 1, 2, 2, 2, 3],
        [1, 3, 2, 2, 3, 3, 3, 0],
        [2, 0, 3, 3, 0, 0, 0, 1],
        [3, 1, 0, 0, 1, 1, 1, 2],
        [0, 2, 1, 1, 2, 2, 2, 3],
    ]


def test_another_seed_begins_with_others_and_a_repeat_shows_another():
    one, other = VariantOrder(100, 4, seed=0), VariantOrder(100, 4, seed=1)
    first = [[order.of(SampleRequest(index, 0)) for index in range(100)] for order in (one, other)]
    assert np.bincount(first[0]).min() > 10
    assert 50 < sum(a != b for a, b in zip(*first, strict=True)) < 100
    for index in range(100):
        shown = [one.of(SampleRequest(index, 2, repeat)) for repeat in range(4)]
        assert sorted(shown) == [0, 1, 2, 3]


def test_a_balanced_epoch_shows_a_rare_video_in_different_variants(tmp_path, videos):
    features = kept(variants_of([*videos[:5], videos[9]]), tmp_path)
    order = partial(balanced_order, [0] * 5 + [1], 0)
    loader = ResumableFeatureLoader(features, 0, EpochBatches(6, 6, 0, order), lambda: 0, 0)
    (batch,) = loader
    rare = {row.numpy().tobytes() for index, row in zip(batch.videos, batch.features, strict=True) if index == 5}
    assert batch.videos.count(5) == len(rare) == 3


def test_a_reversed_variant_carries_the_other_label(tmp_path, videos):
    pairs = AugmentOptions("none", temporal=TemporalOptions(reverse_pairs=(("left", "right"),)))
    variants = variants_of(videos, 4, pairs)
    features = kept(variants, tmp_path)
    turned = 0
    for index, video in enumerate(videos):
        (forwards,) = views_of([video]).samples(0, [0])
        expected = forwards.frames[0].float().mean((2, 3))
        batch = features.batch([(index, variant) for variant in range(4)])
        for row, target in zip(batch.features, batch.targets.tolist(), strict=True):
            is_turned = target != video.target
            turned += is_turned
            assert torch.equal(row, expected.flip(0) if is_turned else expected)
    assert 10 < turned < 30


def test_a_video_that_could_not_be_read_is_a_failure_of_its_batch(tmp_path, videos):
    copy = tmp_path / "torn.mp4"
    copy.write_bytes(videos[1].record.path.read_bytes()[:400])
    torn = replace(videos[1], info=replace(videos[1].info, path=copy))
    features = kept(views_of([videos[0], torn, videos[2]]), tmp_path / "store")
    batch = features.batch([(0, 0), (1, 0), (2, 0)])
    assert batch.videos == (0, 2)
    assert len(batch) == len(batch.features) == 2
    ((position, reason),) = batch.failures
    assert position == 1
    assert str(copy) in reason
    nothing = features.batch([(1, 0)])
    assert len(nothing) == 0
    assert nothing.failures == batch.failures


def test_frames_that_cannot_be_read_any_more_are_none(tmp_path, videos):
    copy = tmp_path / "gone.mp4"
    shutil.copy2(videos[0].record.path, copy)
    features = kept(views_of([replace(videos[0], info=replace(videos[0].info, path=copy))]), tmp_path / "store")
    copy.unlink()
    batch = features.batch([(0, 0)])
    assert len(batch) == 1
    assert batch.frames(0) is None


def test_features_that_are_gone_end_the_run(tmp_path, videos):
    clips = views_of(videos)
    features = FeatureClips(clips, ArrayStore.open(tmp_path, {}), {})
    with pytest.raises(DataError, match=r"^features are gone from .* since the run started. Fix: run again"):
        features.batch([(0, 0)])


def test_a_batch_moves_to_a_device_but_for_its_lengths(tmp_path, videos):
    batch = kept(views_of(videos[:2]), tmp_path).batch([(0, 0), (1, 0)]).to("meta")
    assert batch.features.device.type == batch.targets.device.type == "meta"
    assert batch.lengths.device.type == "cpu"
    assert (batch.video, batch.soft_targets) == (None, None)


@pytest.mark.parametrize(
    "targets",
    [[float(number) / 4 for number in range(10)], [np.array([number % 2, number > 5], np.float32) for number in range(10)]],
    ids=["values", "several classes"],
)
def test_targets_of_other_kinds_come_with_the_features(tmp_path, videos, targets):
    labelled = [replace(video, target=target) for video, target in zip(videos, targets, strict=True)]
    loader = ResumableFeatureLoader(kept(variants_of(labelled), tmp_path), 3, EpochBatches(10, 4, 3), lambda: 0, 0)
    for batch in loader:
        assert batch.targets.dtype == torch.float32
        assert batch.targets.tolist() == [np.asarray(targets[video]).tolist() for video in batch.videos]
