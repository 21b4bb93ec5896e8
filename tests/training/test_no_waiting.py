"""A step never makes the host wait for the device: on the meta device, where nothing can be read back, it runs as anywhere."""

from dataclasses import replace

import pytest
import torch

from videoseq.data.batch import ClipSample, collate
from videoseq.data.mixing import MixedCollate
from videoseq.models.checkpoint import build_model, checkpoint_payload
from videoseq.training.module import SequenceModule
from videoseq.training.task_options import (
    BinaryCrossEntropyOptions,
    ClassificationOptions,
    CrossEntropyOptions,
    FocalOptions,
    FramesOptions,
    HuberOptions,
    MultilabelOptions,
    RegressionOptions,
)
from videoseq.training.tasks import build_task
from videoseq.types import IGNORED

SAMPLES = [
    ClipSample(torch.zeros(1, length, 3, 16, 16, dtype=torch.uint8), torch.tensor(length % 2), 0, seed=length)
    for length in (4, 1, 3)
]
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


FRAME_LABELS = torch.tensor([[0, 1, IGNORED, 1], [IGNORED] * 4, [1, IGNORED, 0, IGNORED]])
OTHER_TASKS = {
    "multilabel": (
        MultilabelOptions(loss=BinaryCrossEntropyOptions(pos_weight="auto")),
        torch.tensor([[0.0, 1], [1, 1], [0, 0]]),
    ),
    "frames": (FramesOptions(loss=CrossEntropyOptions(class_weights="auto")), FRAME_LABELS),
    "regression": (RegressionOptions(loss=HuberOptions()), torch.tensor([0.5, 2.0, -1.0])),
    "values": (RegressionOptions(per_frame=True), torch.where(FRAME_LABELS == IGNORED, torch.nan, FRAME_LABELS.float())),
}


def module_of(run, name):
    """Returns the module of a run of another task, and a batch of it."""
    options, targets = OTHER_TASKS[name]
    names = ("left", "right") if options.spec.has_classes else ("value",)
    task = build_task(options, options.spec, dict.fromkeys(names, 1), 3)
    config = replace(run.config, class_names=names, task=options.spec)
    payload = checkpoint_payload(config)
    module = SequenceModule(build_model(config), task, run.optimizer, monitor="loss", payload=payload, seed=0)
    return module.train(), replace(collate(SAMPLES), targets=targets)


@pytest.mark.parametrize("name", OTHER_TASKS)
def test_nor_does_one_of_another_task(run, name):
    module, batch = module_of(run, name)
    module, batch = module.to("meta"), batch.to("meta")
    module.training_step(batch, 0).backward()
    assert all(value.grad is not None for value in module.parameters())
    assert module.eval().validation_step(batch, 0).device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
@pytest.mark.parametrize("name", ["classification", *OTHER_TASKS])
def test_a_step_on_a_gpu_makes_no_host_wait(run, name):
    module, batch = (run.module(), collate(SAMPLES)) if name == "classification" else module_of(run, name)
    module = module.cuda().train()
    batches = [batch.pin_memory() for _ in range(3)]
    module.training_step(batches[0].to("cuda"), 0).backward()  # what is set up once
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for batch in batches:
            module.training_step(batch.to("cuda"), 0).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
