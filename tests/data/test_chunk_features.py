"""Chunks of features: the batches that decoding and encoding would give, in the same order, lane by lane."""

import shutil
from dataclasses import replace

import pytest
import torch

from tests.data.caching.clips import mean_colours, no_progress
from tests.data.caching.whole_videos import CLIP, long_videos
from videoseq.data.augment_options import AugmentOptions
from videoseq.data.caching.encoding import encode_missing, wanted_jobs
from videoseq.data.caching.pieces import VideoPieces
from videoseq.data.caching.store import ArrayStore
from videoseq.data.chunk_features import ChunkFeatureLoader, ChunkFeatures, ResumableChunkFeatureLoader
from videoseq.data.chunk_order import Chunk, ChunkBatches
from videoseq.data.chunks import ResumableChunkLoader, centre_chunks, evaluation_chunks, training_chunks
from videoseq.data.dataset import Reading
from videoseq.data.samplers import ALONE, Shard
from videoseq.data.videos import Video
from videoseq.errors import DataError

LIGHT = AugmentOptions("light", flip=True)
CHUNK = 50
"""Frames of a chunk: some of them lie on two pieces."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> list[Video]:
    return long_videos(tmp_path_factory.mktemp("videos"), (300, 40, 129, 140))


def kept(clips: VideoPieces, folder, **options) -> ChunkFeatures:
    """Makes the features of all videos."""
    store = ArrayStore.open(folder, {})
    options = {"num_workers": 0, "batch_size": 2, **options}
    return ChunkFeatures(
        clips, store, encode_missing(wanted_jobs([clips], store), store, mean_colours, progress=no_progress, **options)
    )


@pytest.fixture(scope="module")
def centred(videos, tmp_path_factory) -> ChunkFeatures:
    return kept(VideoPieces(centre_chunks(videos, CLIP, Reading())), tmp_path_factory.mktemp("centred"))


@pytest.fixture(scope="module")
def varied(videos, tmp_path_factory) -> ChunkFeatures:
    chunks = training_chunks(videos, CLIP, LIGHT, Reading(), 0)
    return kept(VideoPieces(chunks, LIGHT.resolved(), 3), tmp_path_factory.mktemp("varied"))


def order(features: ChunkFeatures, seed: int | None = None, shard: Shard = ALONE) -> ChunkBatches:
    return ChunkBatches(features.clips.lengths, CHUNK, 2, seed, shard)


def assert_same(batch, clips) -> None:
    """Compares a batch of features with one of frames, bit by bit."""
    assert torch.equal(batch.features, mean_colours(clips))
    for name in ("lengths", "targets", "lanes", "resets"):
        assert torch.equal(getattr(batch, name), getattr(clips, name)), name
    assert batch.videos == clips.videos
    assert torch.equal(batch.frames(0), clips.frames(0))


def test_validation_gets_the_features_of_its_chunks(videos, centred):
    found = list(ChunkFeatureLoader(centred, order(centred)))
    expected = list(evaluation_chunks(videos, CLIP, Reading(), chunk_frames=CHUNK, num_lanes=2, num_workers=0))
    assert len(found) == len(expected) == 7
    assert {length for batch in found for length in batch.lengths.tolist()} == {50, 40, 29}
    for batch, clips in zip(found, expected, strict=True):
        assert_same(batch, clips)


@pytest.mark.parametrize(("shard", "start"), [(ALONE, 0), (ALONE, 3), (Shard(1, 2), 0), (Shard(0, 2), 9)])
def test_training_goes_over_the_chunks_that_decoding_gives_also_from_the_middle_of_a_video(videos, centred, shard, start):
    loader = ResumableChunkFeatureLoader(centred, 4, order(centred, 4, shard), lambda: 0, start)
    decoded = ResumableChunkLoader(centre_chunks(videos, CLIP, Reading()), order(centred, 4, shard), 0, lambda: 0, start)
    for _ in range(2):
        for batch, clips in zip(loader, decoded, strict=True):
            assert batch.videos == clips.videos
            if len(batch):
                assert_same(batch, clips)


def test_a_video_shows_one_variant_from_end_to_end_and_another_one_in_the_next_epoch(varied):
    loader = ResumableChunkFeatureLoader(varied, 4, order(varied, 4), lambda: 0, 0)
    whole = {
        (index, variant): varied.batch([(Chunk(index, 0, 0, length, 0), variant)]).features[0]
        for index, length in enumerate(varied.clips.lengths.tolist())
        for variant in range(3)
    }
    seen = set()
    for _ in range(3):
        shown: dict[int, list[torch.Tensor]] = {index: [] for index in range(4)}
        for batch in loader:
            for row, (index, length) in enumerate(zip(batch.videos, batch.lengths.tolist(), strict=True)):
                shown[index].append(batch.features[row, :length])
                assert torch.equal(shown[index][-1], batch.frames(row).float().mean((2, 3)))
        for index, parts in shown.items():
            (variant,) = (each for each in range(3) if torch.equal(torch.cat(parts), whole[index, each]))
            seen.add((index, variant))
    assert len(seen) == 12


def test_what_is_told_of_a_piece_is_a_failure_of_its_chunks(videos, tmp_path):
    path = tmp_path / "gone.mp4"
    shutil.copy(videos[0].record.path, path)
    gone = replace(videos[0], record=replace(videos[0].record, path=path), info=replace(videos[0].info, path=path))
    path.unlink()
    features = kept(VideoPieces(centre_chunks([videos[1], gone], CLIP, Reading())), tmp_path)
    batch = features.batch([(Chunk(0, 0, 0, 40, 0), 0), (Chunk(1, 0, 100, 150, 1), 0)])
    assert (batch.videos, batch.lanes.tolist(), batch.resets.tolist()) == ((0,), [0], [True])
    ((position, reason),) = batch.failures
    assert position == 1
    assert "gone.mp4" in reason
    nothing = features.batch([(Chunk(1, 0, 0, 50, 1), 0)])
    assert len(nothing) == len(nothing.targets) == len(nothing.lanes) == 0


def test_features_that_are_gone_end_the_run(videos, tmp_path):
    features = ChunkFeatures(VideoPieces(centre_chunks(videos, CLIP, Reading())), ArrayStore.open(tmp_path, {}), {})
    with pytest.raises(DataError, match=r"^features are gone from '.*' since the run started\. Fix: run again"):
        features.batch([(Chunk(0, 0, 0, 50, 0), 0)])


@pytest.mark.parametrize("num_workers", [0, 2])
def test_no_more_than_a_few_pieces_are_decoded_at_once(videos, tmp_path, num_workers):
    sizes: list[int] = []

    def encode(batch):
        sizes.append(int(batch.lengths.sum()))
        return mean_colours(batch)

    clips = VideoPieces(centre_chunks(videos, CLIP, Reading()))
    store = ArrayStore.open(tmp_path, {})
    encode_missing(wanted_jobs([clips], store), store, encode, num_workers=num_workers, batch_size=2, progress=no_progress)
    assert sum(sizes) == 300 + 40 + 129 + 140
    assert max(sizes) <= 2 * 128
    assert len(store) == 3 + 1 + 2 + 2
