"""What a fit does to a model."""

from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from torch.nn import SyncBatchNorm

from tests.training.runs import ENCODER, HEAD, Losses, Repeated, differs, weights_of
from videoseq.data.batch import ClipSample, collate
from videoseq.models.checkpoint import load_checkpoint
from videoseq.training.options import OptimizerOptions, SchedulerOptions, TrainingOptions


class Epochs(pl.Callback):
    """Keeps the weights at the start and after every epoch."""

    def __init__(self) -> None:
        self.weights = []

    def on_train_start(self, trainer, pl_module) -> None:
        self.weights.append(weights_of(pl_module))

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        self.weights.append(weights_of(pl_module))


def encoder_of(weights):
    return {name: value for name, value in weights.items() if name.startswith("encoder.trunk")}


def head_of(weights):
    return {name: value for name, value in weights.items() if name.startswith("head")}


@pytest.fixture
def batch(run):
    """Sixteen clips of both classes, decoded from their files."""
    changed = replace(run, data=replace(run.data, batch_size=16), clip=replace(run.clip, num_frames=6))
    (batch,) = changed.datamodule().train_dataloader()
    return batch


def test_one_batch_is_learned_by_heart(run, batch):
    changed = replace(
        run,
        clip=replace(run.clip, num_frames=6),
        optimizer=OptimizerOptions(lr=0.03, scheduler=SchedulerOptions("constant")),
        training=TrainingOptions(max_epochs=1),
    )
    losses = Losses()
    report, module = changed.fit([losses], datamodule=Repeated(batch, 120))
    assert losses.values[0] > 0.5
    assert losses.values[-1] < 0.02
    metrics = module.trainer.callback_metrics
    assert float(metrics["val/accuracy"]) == 1.0
    assert float(metrics["val/loss"]) < 0.05
    assert report.epochs == 1


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(run, tmp_path):
    dropout = replace(run, head=replace(HEAD, dropout=0.3))
    runs = [replace(dropout, folder=tmp_path / name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1))]
    first, second, other = (weights_of(one.fit()[1]) for one in runs)
    assert not differs(first, second)
    assert differs(first, other)


def test_the_seed_decides_dropout_not_what_was_drawn_before(run, tmp_path):
    dropout = replace(run, head=replace(HEAD, dropout=0.5), training=TrainingOptions(max_epochs=1))
    here, there = Losses(), Losses()
    module = dropout.module()
    torch.rand(17)
    replace(dropout, folder=tmp_path / "a").fit([here], module=module)
    replace(dropout, folder=tmp_path / "b").fit([there])
    assert here.values == there.values


def test_a_frozen_encoder_stays_as_it_is(run):
    frozen = replace(run, encoder=replace(ENCODER, freeze="all"))
    kept = Epochs()
    frozen.fit([kept])
    before, _, after = kept.weights
    assert any("running_mean" in name for name in encoder_of(before))
    assert not differs(encoder_of(before), encoder_of(after))
    assert differs(head_of(before), head_of(after))


def test_an_encoder_that_is_not_frozen_moves_with_its_statistics(run):
    kept = Epochs()
    run.fit([kept])
    before, _, after = kept.weights
    assert not torch.equal(before["encoder.trunk.0.0.weight"], after["encoder.trunk.0.0.weight"])
    assert not torch.equal(before["encoder.trunk.0.1.running_mean"], after["encoder.trunk.0.1.running_mean"])


def test_an_encoder_is_unfrozen_from_its_epoch_on(run):
    changed = replace(run, encoder=replace(ENCODER, freeze="all", unfreeze_at_epoch=2), training=TrainingOptions(max_epochs=3))
    kept = Epochs()
    changed.fit([kept])
    before, first, second, third = (encoder_of(weights) for weights in kept.weights)
    assert not differs(before, first)
    assert not differs(first, second)
    assert differs(second, third)
    assert not torch.equal(second["encoder.trunk.0.0.weight"], third["encoder.trunk.0.0.weight"])
    assert not torch.equal(second["encoder.trunk.0.1.running_mean"], third["encoder.trunk.0.1.running_mean"])


def test_a_checkpoint_gives_the_same_logits(run, batch):
    _, module = run.fit()
    loaded = load_checkpoint(run.last)
    assert loaded.config == run.config
    module.eval()
    with torch.no_grad():
        expected, _ = module.model(batch.video, batch.lengths)
        given, _ = loaded.model(batch.video, batch.lengths)
    assert torch.equal(expected, given)


@pytest.mark.parametrize("is_synchronised", [False, True])
def test_a_batch_of_which_nothing_could_be_read_changes_nothing(run, batch, is_synchronised):
    empty = collate([ClipSample(None, torch.tensor(0), 3, "torn")])
    decaying = replace(run, optimizer=OptimizerOptions(lr=0.1, weight_decay=0.5), clip=replace(run.clip, num_frames=6))
    kept, losses, module = Epochs(), Losses(), decaying.module()
    if is_synchronised:
        module.model.encoder.trunk = SyncBatchNorm.convert_sync_batchnorm(module.model.encoder.trunk)
    decaying.fit([kept, losses], module=module, datamodule=Repeated(empty, 3, val=batch))
    counter = "encoder.trunk.0.1.num_batches_tracked"
    assert [int(weights.pop(counter)) for weights in (kept.weights[0], kept.weights[-1])] == [0, 0]
    assert not differs(kept.weights[0], kept.weights[-1])
    assert module.optimizers().optimizer.state == {}
    assert losses.values == [0.0] * 6
    assert module.trainer.global_step == 6
    assert module.validation_step(empty, 0) is None
