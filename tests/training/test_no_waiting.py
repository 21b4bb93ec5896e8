"""A step never makes the host wait for the device: on the meta device, where nothing can be read back, it runs as anywhere."""

from dataclasses import replace

import pytest
import torch

from videoseq.data.batch import ClipSample, collate
from videoseq.data.mixing import MixedCollate
from videoseq.training.task_options import ClassificationOptions, CrossEntropyOptions, FocalOptions

SAMPLES = [ClipSample(torch.zeros(1, length, 3, 16, 16, dtype=torch.uint8), torch.tensor(length % 2), 0, seed=length) for length in (4, 1, 3)]
LOSSES = [CrossEntropyOptions(label_smoothing=0.1, class_weights=(1.0, 2.0)), FocalOptions(logit_adjustment=0.5)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("collated", [collate, MixedCollate(0.4, 0.4, 2)])
def test_no_step_reads_anything_back_from_the_device(run, loss, collated):
    module = replace(run, task=ClassificationOptions(loss=loss)).module().to("meta").train()
    batch = collated(SAMPLES).to("meta")
    assert (batch.video.device.type, batch.lengths.device.type) == ("meta", "cpu")
    module.on_train_batch_start(batch, 0)
    module.training_step(batch, 0).backward()
    assert all(value.grad is not None for value in module.parameters())
    logits = module.eval().validation_step(batch, 0)
    assert logits.device.type == "meta"
    with pytest.raises(RuntimeError, match="meta"):
        logits.sum().item()  # what reads a value back fails here


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_step_on_a_gpu_makes_no_host_wait(run):
    module = run.module().cuda().train()
    batches = [collate(SAMPLES).pin_memory() for _ in range(3)]
    module.training_step(batches[0].to("cuda"), 0).backward()  # what is set up once
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for batch in batches:
            module.training_step(batch.to("cuda"), 0).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
