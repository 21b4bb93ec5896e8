"""The features of whole videos: those that the model goes by when it answers for every frame, in bounded room."""

from itertools import chain

import pytest
import torch

from tests.commands import train_words
from tests.running.test_feature_caching import Run
from tests.training.flicker import write_data
from videoseq.data.chunk_features import ChunkFeatures
from videoseq.data.chunk_order import Chunk
from videoseq.serving.frame_inference import frame_chunks, infer_frames

WORDS = ("task.name=frames", "clip.sampling=all", "training.tbptt_frames=8", "model.encoder.freeze=all", "data.batch_size=2")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("flicker"), {"train": (140, 31), "val": (150, 20), "test": (9,)})


@pytest.fixture(scope="module")
def made(root, tmp_path_factory) -> tuple[Run, ChunkFeatures, ChunkFeatures]:
    """A run, and what its training and its validation read."""
    run = Run(*train_words(root, tmp_path_factory.mktemp("made"), *WORDS))
    return run, *run.make()


def test_a_model_says_of_features_what_it_says_of_frames(made):
    run, _, val = made
    videos, clip, model = run.loaders.manifest.videos["val"], run.cfg.clip, run.model
    lengths = val.clips.lengths.tolist()
    assert lengths == [150, 20]
    batch = val.batch([(Chunk(index, 0, 0, length, index), 0) for index, length in enumerate(lengths)])
    model.eval()
    with torch.no_grad():
        logits, _ = model.classify(batch.features, batch.lengths)
    chunks = frame_chunks(videos, clip, run.loaders.reading, batch_size=2, num_workers=0)
    said = infer_frames(model, chunks, videos, clip, task=run.config.task, device=torch.device("cpu"))
    for row, (length, answer) in enumerate(zip(lengths, said.answers, strict=True)):
        assert (logits[row, :length] - answer.logits).abs().max() < 1e-3
        assert answer.logits.std() > 1e-3


def test_the_loaders_of_features_give_the_chunks_of_the_loaders_of_frames(made):
    run, train, val = made
    decoded = [*run.loaders.train_dataloader()], [*run.loaders.val_dataloader()]
    run.loaders.use_features(train, val)
    kept = [*run.loaders.train_dataloader()], [*run.loaders.val_dataloader()]
    assert len(kept[0]) == 18
    assert len(kept[1]) > 0
    for expected, batch in zip(chain(*decoded), chain(*kept), strict=True):
        assert batch.videos == expected.videos
        for name in ("lengths", "targets", "lanes", "resets"):
            assert torch.equal(getattr(batch, name), getattr(expected, name)), name


def test_only_what_varies_has_variants(root, made, tmp_path):
    run, train, _ = made
    assert (train.clips.num_variants, run.maker.num_items) == (2, 2 * 3 + 3)
    still = Run(*train_words(root, tmp_path, *WORDS, "augment=none"))
    assert still.maker.num_items == 3 + 3


def test_the_estimate_is_what_is_written(root, made, tmp_path):
    store = made[1].store
    needed = store.num_bytes - (store.folder / "description.json").stat().st_size
    for limit, fits in ((needed, True), (needed - 1, False)):
        words = train_words(root, tmp_path / str(limit), *WORDS, f"data.cache_limit_gb={limit / 1e9}")
        problem = Run(*words).maker.find_problem()
        assert (problem is None) == fits
    assert problem is not None
    assert problem.startswith("features of 9 pieces of videos need ")


def test_other_chunks_find_the_features_that_are_there(root, made):
    run = made[0]
    words = train_words(root, run.maker.folder.parents[1], *WORDS, "training.tbptt_frames=50", "data.batch_size=1")
    again = Run(*words)
    before = len(made[1].store)
    train, _ = again.make()
    assert train.store.folder == made[1].store.folder
    assert len(train.store) == before == 9
