"""The features of a run: those that its encoder makes of its videos, kept under what they depend on."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.commands import train_words
from videoseq.config import TrainConfig, load_config
from videoseq.data.datamodule import VideoDataModule
from videoseq.data.dataset import EvalClips
from videoseq.data.loading import evaluation_loader
from videoseq.data.manifest import build_manifest
from videoseq.models.checkpoint import ModelConfig, build_model, checkpoint_payload, load_checkpoint
from videoseq.models.encoders import build_encoder
from videoseq.models.video_model import VideoModel
from videoseq.reporting.progress import progress_bar
from videoseq.running.feature_caching import FeatureMaker
from videoseq.running.measuring import predictor_of

FROZEN = ("model.encoder.freeze=all", "data.batch_size=3")


class Run:
    """What a run has before its fit.

    Args:
        words: Words of its command.
        num_variants: Augmented clips of each training video.
    """

    def __init__(self, *words: str, num_variants: int = 2) -> None:
        self.cfg = load_config(TrainConfig, "train", words)
        cache = Path(self.cfg.paths.cache)
        task, tbptt_frames = self.cfg.task.spec, self.cfg.training.tbptt_frames
        manifest = build_manifest(self.cfg.data, cache, progress_bar, task=task)
        self.loaders = VideoDataModule(manifest, self.cfg.clip, self.cfg.augment, self.cfg.data, self.cfg.seed, tbptt_frames)
        torch.manual_seed(self.cfg.seed)
        encoder = build_encoder(self.cfg.model.encoder, height=self.cfg.clip.height, width=self.cfg.clip.width)
        self.config = ModelConfig(self.cfg.model.encoder, self.cfg.model.head, manifest.class_names, self.cfg.clip, task=task)
        self.model: VideoModel = build_model(self.config, encoder=encoder)
        self.maker = FeatureMaker(self.loaders, self.model, self.cfg.model.encoder, self.cfg.trainer, cache, num_variants)

    def make(self) -> tuple[Any, Any]:
        """Makes what is missing; returns the training and the validation clips, or videos in chunks."""
        assert self.maker.find_problem() is None
        train, val, _ = self.maker.make(0)
        return train, val


@pytest.fixture(scope="module")
def first(tmp_path_factory, bars):
    """The words of a run whose features are there."""
    words = train_words(bars, tmp_path_factory.mktemp("first"), *FROZEN)
    Run(*words).make()
    return words


def test_features_are_the_encoders_of_the_clips_to_the_bit(first, bars):
    run = Run(*first)
    train, val = run.make()
    model = run.model.eval()
    with torch.no_grad():
        for clips in evaluation_loader(EvalClips(val.clips.videos, run.cfg.clip, run.loaders.reading), 4, 0):
            batch = val.batch([(index, 0) for index in clips.videos])
            assert torch.equal(batch.features, model.encode(clips.video, clips.lengths))
        batch = train.batch([(index, index % 2) for index in range(4)])
        assert batch.features.shape == (4, 4, 16)
        for row in range(4):
            assert torch.equal(batch.features[row : row + 1], model.encode(batch.frames(row)[None]))


def test_training_is_left_in_the_mode_that_it_was_in(first):
    run = Run(*first, "seed=3")
    run.make()
    assert run.model.training
    assert not any(part.training for part in run.model.encoder.children())


def test_what_the_first_process_finds_missing_is_made_once(first):
    run = Run(*first)
    before = len(run.make()[0].store)
    assert before == run.maker.num_items == 36
    again = Run(*first, "data.split.seed=5")  # four other videos train, each in two variants, and four others validate
    after = len(again.make()[0].store)
    assert before < after <= 24 * 3


@pytest.mark.parametrize(
    "change",
    [
        "seed=1",  # other random weights
        "clip.num_frames=3",
        "clip.crop_fraction=1.0",
        "data.decoder=pyav",
        "trainer.precision=bf16-mixed",
        "model.encoder.spatial=[1,2]",
    ],
)
def test_what_changes_features_makes_new_ones(first, change):
    old, new = Run(*first).make()[1], Run(*first, change).make()[1]
    assert new.store.folder.parent == old.store.folder.parent
    assert new.store.folder != old.store.folder
    if change not in ("data.decoder=pyav", "clip.num_frames=3"):
        found, before = (clips.batch([(0, 0)]).features for clips in (new, old))
        assert found.shape != before.shape or not torch.equal(found, before)


@pytest.mark.parametrize("change", ["model.head.hidden_size=4", "augment=light", "data.sampler=balanced", "optimizer.lr=0.1"])
def test_what_does_not_change_them_finds_those_that_are_there(first, change):
    old, new = Run(*first).make()[1], Run(*first, change).make()[1]
    assert new.store.folder == old.store.folder
    assert torch.equal(new.batch([(0, 0)]).features, old.batch([(0, 0)]).features)


def test_other_weights_under_the_same_options_are_other_features(tmp_path, first):
    run, file = Run(*first), tmp_path / "weights.pt"
    folders = set()
    for factor in (1.0, 2.0, 1.0):
        torch.save({name: value * factor for name, value in run.model.encoder.trunk.state_dict().items()}, file)
        folders.add(Run(*first, f"model.encoder.weights={file}").make()[1].store.folder)
    assert len(folders) == 2


def test_where_nothing_varies_there_is_one_clip_of_each_video(first):
    for sampling, num_variants in (("uniform", 1), ("segments", 4)):
        maker = Run(*first, "augment=none", f"clip.sampling={sampling}", num_variants=4).maker
        assert maker.num_items == 16 * num_variants + 4


@pytest.mark.parametrize("sampling", ["all", "segments", "uniform"])
def test_variants_that_show_the_same_are_made_once(tmp_path, bars, sampling):
    words = train_words(bars, tmp_path, *FROZEN, "augment=none", f"clip.sampling={sampling}", "clip.max_frames=9")
    train, _ = Run(*words, num_variants=4).make()
    clips = train.clips
    kept = [{clips.name(index, variant) for variant in range(clips.num_variants)} for index in range(16)]
    shown = [
        {train.batch([(index, variant)]).features.numpy().tobytes() for variant in range(clips.num_variants)}
        for index in range(16)
    ]
    assert [len(names) for names in kept] == [len(features) for features in shown]
    assert len(train.store) == sum(map(len, kept)) + 4
    # `all` has two runs of 9 out of 10 frames.
    assert {len(names) for names in kept} <= ({1} if sampling == "uniform" else {1, 2} if sampling == "all" else {2, 3, 4})


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("clip.num_frames=1", "model.encoder.spatial=[1,1]"),
        ("clip.sampling=all", "clip.max_frames=9", "clip.frame_stride=2"),
        ("clip.sampling=all", "clip.target_fps=20", "augment.temporal.speed=2"),
        ("clip.num_frames=12", "clip.padding=mask"),
    ],
    ids=str,
)
def test_the_estimate_is_what_is_written(tmp_path, bars, options):
    words = train_words(bars, tmp_path / "made", *FROZEN, *options)
    store = Run(*words).make()[0].store
    needed = store.num_bytes - (store.folder / "description.json").stat().st_size
    for limit, fits in ((needed, True), (needed - 1, False)):
        words = train_words(bars, tmp_path / str(limit), *FROZEN, *options, f"data.cache_limit_gb={limit / 1e9}")
        assert (Run(*words).maker.find_problem() is None) == fits


def test_a_checkpoint_says_of_videos_what_it_says_of_their_features(tmp_path, first):
    run = Run(*first)
    val = run.make()[1]
    path = tmp_path / "a.ckpt"
    state = {f"model.{name}": value for name, value in run.model.state_dict().items()}
    torch.save({"videoseq": checkpoint_payload(run.config), "state_dict": state}, path)
    said = predictor_of(load_checkpoint(path), run.cfg.data, run.cfg.trainer).predict(val.clips.videos)
    batch = val.batch([(index, 0) for index in said.videos])
    with torch.no_grad():
        logits, _ = run.model.eval().classify(batch.features, batch.lengths)
    assert len(logits) == 4
    assert (logits - said.logits).abs().max() < 1e-3
    assert logits.std() > 1e-3
