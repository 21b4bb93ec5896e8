"""Classes of different size: what each option that makes up for it does in a real fit."""

from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch

from tests.commands import run as command
from tests.commands import train_words
from tests.training.runs import DATA, ENCODER, Losses, Run, StopAfter, assert_same, differs, load, scan, weights_of
from videoseq.config import TrainConfig, load_config
from videoseq.config.binding import bind
from videoseq.data.augment_options import AugmentOptions, TemporalOptions
from videoseq.data.manifest import Manifest
from videoseq.errors import CheckpointError, ConfigError, Interrupted
from videoseq.train import train
from videoseq.training.options import OptimizerOptions, TrainingOptions
from videoseq.training.task_options import ClassificationOptions, CrossEntropyOptions, FocalOptions

BALANCED = replace(DATA, sampler="balanced")
STILL = OptimizerOptions(lr=1e-30)


class Targets(pl.Callback):
    """Counts the training clips of each class, epoch by epoch."""

    def __init__(self) -> None:
        self.epochs: list[list[int]] = []

    def on_train_epoch_start(self, trainer, pl_module) -> None:
        self.epochs.append([0, 0])

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        for target in batch.targets.tolist():
            self.epochs[-1][target] += 1


@pytest.fixture(scope="module")
def uneven(make_class_folders, tmp_path_factory) -> Manifest:
    """Ten training videos of `left` and two of `right`."""
    root = make_class_folders(tmp_path_factory.mktemp("uneven"), {"left": 15, "right": 4}, num_frames=4)
    manifest = scan(root, tmp_path_factory.mktemp("cache"))
    assert manifest.class_counts == {"left": 10, "right": 2}
    return manifest


@pytest.fixture(scope="module")
def plain(uneven, tmp_path_factory):
    """The weights after an epoch with nothing changed."""
    return weights_of(one_epoch(uneven, tmp_path_factory.mktemp("plain")).fit()[1])


def one_epoch(manifest, folder, **changes) -> Run:
    return Run(manifest, folder, training=TrainingOptions(max_epochs=1), **changes)


def with_loss(loss):
    return {"task": ClassificationOptions(loss=loss)}


@pytest.mark.parametrize(
    "changes",
    [
        with_loss(CrossEntropyOptions(label_smoothing=0.3)),
        with_loss(CrossEntropyOptions(class_weights="auto")),
        with_loss(CrossEntropyOptions(class_weights=(1.0, 3.0))),
        with_loss(CrossEntropyOptions(logit_adjustment=1.0)),
        with_loss(FocalOptions()),
        {"data": BALANCED},
    ],
    ids=["smoothed", "auto", "weighted", "adjusted", "focal", "balanced"],
)
def test_each_option_changes_what_is_learned(uneven, plain, tmp_path, changes):
    _, module = one_epoch(uneven, tmp_path, **changes).fit()
    assert differs(plain, weights_of(module))


def test_focal_with_gamma_0_learns_what_cross_entropy_learns(uneven, plain, tmp_path):
    _, module = one_epoch(uneven, tmp_path, **with_loss(FocalOptions(gamma=0.0))).fit()
    for name, value in weights_of(module).items():
        assert torch.allclose(value, plain[name], atol=1e-5), name


def test_the_training_loss_is_of_adjusted_logits_and_the_validation_loss_of_plain_ones(uneven, tmp_path):
    losses, figures = {}, {}
    for tau in (0.0, 1.0):
        still = one_epoch(uneven, tmp_path / str(tau), optimizer=STILL, **with_loss(CrossEntropyOptions(logit_adjustment=tau)))
        losses[tau] = Losses()
        _, module = still.fit([losses[tau]])
        figures[tau] = {name: float(value) for name, value in module.trainer.callback_metrics.items()}
    assert losses[0.0].values[0] != losses[1.0].values[0]
    assert figures[0.0]["train/loss"] != figures[1.0]["train/loss"]
    assert figures[0.0]["val/loss"] == figures[1.0]["val/loss"]


def test_the_weighted_validation_loss_is_the_same_in_batches_of_any_size(uneven, tmp_path):
    losses = []
    for size in (1, 4, 64):
        still = one_epoch(
            replace(uneven, videos={**uneven.videos, "val": uneven.videos["train"][5:12]}),
            tmp_path / str(size),
            data=replace(DATA, batch_size=size),
            encoder=replace(ENCODER, freeze="all"),  # no running figures that depend on the batches
            optimizer=STILL,
            **with_loss(CrossEntropyOptions(class_weights=(1.0, 10.0))),
        )
        module = still.module()
        with torch.no_grad():
            module.model.head.classifier.bias.add_(torch.tensor([2.0, -1.0]))
        still.fit(module=module)
        losses.append(float(module.trainer.callback_metrics["val/loss"]))
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-5)


@pytest.mark.parametrize(("data", "counts"), [(DATA, [10, 2]), (BALANCED, [6, 6])], ids=["shuffled", "balanced"])
def test_a_balanced_epoch_shows_every_class_equally_often(uneven, tmp_path, data, counts):
    targets = Targets()
    Run(uneven, tmp_path, data=data).fit([targets])
    assert targets.epochs == [counts, counts]


@pytest.mark.parametrize("data", [DATA, BALANCED], ids=["shuffled", "balanced"])
def test_classes_that_are_reversed_into_each_other_are_shown_and_counted_equally_often(uneven, tmp_path, data):
    pairs = AugmentOptions("none", temporal=TemporalOptions(reverse_pairs=(("left", "right"),)))
    paired = Run(uneven, tmp_path, data=data, augment=pairs, training=TrainingOptions(max_epochs=10))
    assert paired.datamodule().class_counts == {"left": 6, "right": 6}
    targets = Targets()
    paired.fit([targets])
    left, right = map(sum, zip(*targets.epochs, strict=True))
    assert left + right == 120
    assert abs(left - right) < 44  # four standard deviations; shuffled and not reversed it would be 80


def test_the_loss_counts_what_training_shows(make_class_folders, tmp_path):
    root = make_class_folders(tmp_path / "three", {"left": 15, "right": 4, "still": 6}, num_frames=4)
    loss = "task.loss.class_weights=auto"
    words = train_words(root, tmp_path, loss, "augment=none", "training.max_epochs=1", "test=false")
    pairs = "augment.temporal.reverse_pairs=[[left,right]]"
    plain, paired = (
        train(load_config(TrainConfig, "train", [*words, *more])).module.task.criterion.class_weights for more in ([], [pairs])
    )
    assert plain.tolist() == pytest.approx([17 / (3 * count) for count in (11, 2, 4)])
    assert paired.tolist() == pytest.approx([17 / (3 * count) for count in (6.5, 6.5, 4)])


def test_resuming_a_balanced_run_equals_never_stopping(uneven, tmp_path):
    whole = Run(uneven, tmp_path / "whole", data=BALANCED)
    whole.fit()
    stopped = replace(whole, folder=tmp_path / "stopped")
    with pytest.raises(Interrupted, match="stopped by the test"):
        stopped.fit([StopAfter(stopped.last, 1, 0)])
    stopped.fit(resume=stopped.last)
    first, second = load(whole.last), load(stopped.last)
    for key in ("state_dict", "optimizer_states", "global_step"):
        assert_same(first[key], second[key], key)


def test_a_balanced_run_is_not_continued_shuffled(uneven, tmp_path):
    balanced = one_epoch(uneven, tmp_path, data=BALANCED)
    balanced.fit()
    with pytest.raises(CheckpointError, match=r"data\.sampler was balanced, is shuffled, so the batches"):
        replace(balanced, data=DATA, training=TrainingOptions(max_epochs=2)).fit(resume=balanced.last)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            {"data": {"sampler": "balanced"}, "task": {"loss": {"class_weights": "auto"}}},
            r"data\.sampler=balanced and task\.loss\.class_weights=auto",
        ),
        (
            {"data": {"sampler": "balanced"}, "task": {"loss": {"name": "focal", "logit_adjustment": 1}}},
            r"data\.sampler=balanced and task\.loss\.logit_adjustment=1\.0",
        ),
        (
            {"task": {"loss": {"class_weights": "auto", "logit_adjustment": 0.5}}},
            r"task\.loss\.class_weights=auto and task\.loss\.logit_adjustment=0\.5",
        ),
    ],
)
def test_two_corrections_at_once_are_refused(content, words):
    with pytest.raises(ConfigError, match=rf"^{words}: each makes up for classes of different size, together they overdo it;"):
        bind(TrainConfig, {**content, "data": {"root": "videos", **content.get("data", {})}})


def test_class_weights_as_a_list_go_with_each_correction():
    weights = {"class_weights": [1, 2.5]}
    cfg = bind(TrainConfig, {"data": {"root": "videos", "sampler": "balanced"}, "task": {"loss": weights}})
    assert cfg.task.loss == CrossEntropyOptions(class_weights=(1.0, 2.5))
    cfg = bind(TrainConfig, {"data": {"root": "videos"}, "task": {"loss": {"logit_adjustment": 1, "name": "focal", **weights}}})
    assert cfg.task.loss == FocalOptions(class_weights=(1.0, 2.5), logit_adjustment=1.0)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            "task.loss.class_weights=[1,2,3]",
            "task.loss.class_weights has 3 numbers for 2 classes; expected one each, in this order: left, right",
        ),
        (
            "task.loss.class_weights=balanced",
            "task.loss.class_weights must be one of none, auto or a list such as [1,2], got 'balanced'",
        ),
        ("task.loss.class_weights=[1,-2]", "task.loss.class_weights must be positive, one per class, got [1.0, -2.0]"),
        ("task.loss.name=focl", "unknown task.loss.name='focl': did you mean 'focal'? Known: cross_entropy, focal"),
        (
            "task.loss.gamma=2",
            "unknown option task.loss.gamma: it goes with task.loss.name=focal. task.loss knows: class_weights, ",
        ),
        ("data.sampler=balancd", "data.sampler must be one of shuffled, balanced (did you mean 'balanced'?), got 'balancd'"),
        ("training.ema=1", "training.ema must lie in (0, 1), such as 0.999, or be null, got 1.0"),
    ],
)
def test_a_mistake_ends_with_a_message_before_a_run_is_made(capsys, tmp_path, bars, word, message):
    outcome = command(capsys, "train", *train_words(bars, tmp_path, word))
    assert outcome.code == 2
    assert message in outcome.err
    assert not (tmp_path / "outputs").exists()
