"""Mixed batches through the real loss."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from tests.training.runs import DATA, Losses, Run
from videoseq.data.augment_options import AugmentOptions
from videoseq.training.options import TrainingOptions
from videoseq.training.task_options import ClassificationOptions, CrossEntropyOptions


def one_batch(run: Run, mixup: float = 0.0, cutmix: float = 0.0, smoothing: float = 0.0) -> Run:
    """A run of one epoch of one batch of sixteen mixed clips, sorted by nothing: both classes."""
    return replace(
        run,
        data=replace(DATA, batch_size=16),
        augment=AugmentOptions("none", mixup=mixup, cutmix=cutmix),
        task=ClassificationOptions(loss=CrossEntropyOptions(label_smoothing=smoothing)),
        training=TrainingOptions(max_epochs=1),
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("switches", [{"mixup": 1.0}, {"cutmix": 1.0}, {"mixup": 1.0, "cutmix": 1.0}])
def test_the_loss_is_that_of_both_labels_in_their_shares(run, switches, smoothing):
    changed = one_batch(run, **switches, smoothing=smoothing)
    (batch,) = changed.datamodule().train_dataloader()
    own, partners = batch.targets, batch.targets.roll(-1)
    different = own != partners
    assert 3 < int(different.sum()) < 14
    share = torch.where(different, batch.soft_targets.gather(1, own[:, None])[:, 0], 1.0)  # (B,)
    module = changed.module().train()
    with torch.no_grad():
        logits, _ = module.model(batch.video, batch.lengths)
    losses = [cross_entropy(logits, one, reduction="none", label_smoothing=smoothing) for one in (own, partners)]
    expected = float((share * losses[0] + (1 - share) * losses[1]).mean())

    kept = Losses()
    changed.fit([kept])
    assert kept.values == [pytest.approx(expected, abs=1e-6)]
    unmixed = Losses()
    replace(changed, augment=AugmentOptions("none"), folder=run.folder / "unmixed").fit([unmixed])
    assert abs(unmixed.values[0] - expected) > 1e-4


def test_validation_is_measured_on_whole_clips(run, tmp_path):
    """With the weights kept where they are, mixing changes what is trained on and not what is measured."""
    figures = []
    for name, mixup in (("whole", 0.0), ("mixed", 1.0)):
        still = replace(run.optimizer, lr=1e-12)
        changed = replace(one_batch(run, mixup=mixup), folder=tmp_path / name, optimizer=still)
        frozen = replace(changed, encoder=replace(changed.encoder, freeze="all"))
        _, module = frozen.fit()
        figures.append({name: float(value) for name, value in module.trainer.callback_metrics.items()})
    assert figures[0]["val/loss"] == pytest.approx(figures[1]["val/loss"], abs=1e-6)
    assert figures[0]["train/loss"] != pytest.approx(figures[1]["train/loss"], abs=1e-6)
