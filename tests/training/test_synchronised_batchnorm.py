"""Synchronised BatchNorm waits for all processes, also for one without a clip."""

import warnings
from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from torch import distributed
from torch.nn import SyncBatchNorm
from torch.utils.data import DataLoader

from tests.training.pairs import run_pair
from videoseq.data.batch import ClipSample, collate


class Shared(torch.autograd.Function):
    """Tells all processes as torch does it on GPUs: once in the forward and once in the backward pass, also of nothing."""

    @staticmethod
    def forward(ctx, frames, log):
        ctx.log = log
        log.append(("forward", tell(frames.detach().sum((0, 2, 3)))))
        return frames * 1.0

    @staticmethod
    def backward(ctx, gradient):
        ctx.log.append(("backward", tell(gradient.sum((0, 2, 3)))))
        return gradient, None


def tell(sums):
    everyone = [torch.empty_like(sums) for _ in range(2)]
    distributed.all_gather(everyone, sums)
    return [bool(those.any()) for those in everyone]


class Synchronised(SyncBatchNorm):
    """Stands in for it on the CPU, where torch has none."""

    def forward(self, frames):
        if self.training:
            frames = Shared.apply(frames, self.log)
        return frames * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)


def step(rank, run, owner):
    """Takes one step in which one process has clips, or none, and returns what happened in which order."""
    module = run.module()
    synchronised = Synchronised(4)
    synchronised.log = log = []
    module.model.encoder.trunk[0][1] = synchronised
    for name, parameter in module.model.named_parameters():
        parameter.register_post_accumulate_grad_hook(lambda _, name=name: log.append((name, None)))
    (batch,) = run.datamodule().train_dataloader()
    batches = [batch if rank == owner else collate([ClipSample(None, torch.tensor(0), 3, "torn")])]
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=1,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's advice, from which `fit` spares its users
        trainer.fit(module, DataLoader(batches, batch_size=None, num_workers=0))
    return log, [name for name, _ in module.model.named_parameters()]


@pytest.mark.parametrize("owner", [0, 1])
def test_a_process_without_a_clip_tells_in_the_order_of_the_others(run, tmp_path, owner):
    """Its encoder before the mean of the losses; its head's gradients before those of the encoder."""
    results = run_pair(step, tmp_path / "results", one_batch(run), owner, timeout=60.0)
    for log, names in results:
        order = [word for word, _ in log]
        assert dict(log)["forward"] == dict(log)["backward"] == [owner == 0, owner == 1]
        assert order[0] == "forward"
        place = order.index("backward")
        head = {name for name in names if name.startswith("head.")}
        assert head <= set(order[1:place])
        assert "encoder.trunk.0.0.weight" in order[place:]
        assert sorted(order) == sorted([*names, "forward", "backward"])


def test_where_nobody_has_a_clip_nobody_tells(run, tmp_path):
    for log, names in run_pair(step, tmp_path / "results", one_batch(run), None, timeout=60.0):
        assert sorted(word for word, _ in log) == sorted(names)


def one_batch(run):
    return replace(run, data=replace(run.data, batch_size=16))
