"""Compiling changes how fast a run is, neither its checkpoint nor its results."""

import copy
from dataclasses import replace

import pytest
import torch
from torch._dynamo.utils import counters

from tests.training.runs import Run, load, weights_of
from videoseq.errors import ConfigError
from videoseq.models.encoders import build_encoder
from videoseq.models.options import SimpleEncoderOptions
from videoseq.training.compiling import compile_encoder
from videoseq.training.options import TrainingOptions


@pytest.mark.slow
def test_a_compiled_run_leaves_the_checkpoint_that_any_other_would(run, tmp_path):
    once = TrainingOptions(max_epochs=1)
    (plain, plainly), (compiled, compiledly) = (
        replace(run, folder=tmp_path / str(flag), training=replace(once, compile=flag)).fit() for flag in (False, True)
    )
    assert compiledly.model.encoder._compiled_call_impl is not None
    assert plainly.model.encoder._compiled_call_impl is None
    for name, value in weights_of(plainly).items():
        torch.testing.assert_close(weights_of(compiledly)[name], value, atol=1e-3, rtol=0)
    assert load(Run(run.manifest, tmp_path / "True").last)["state_dict"].keys() == plainly.state_dict().keys()
    assert compiled.steps == plain.steps


@pytest.mark.slow
def test_each_stage_of_unfreezing_is_compiled_anew_and_learns_as_any_other_would():
    options = SimpleEncoderOptions(channels=(4, 6), freeze_batchnorm=True, freeze="all", unfreeze_at_epoch={1: "1", 2: "0"})
    torch.manual_seed(0)
    plain = build_encoder(options, height=16, width=16).train()
    compiled = copy.deepcopy(plain)
    compile_encoder(compiled, torch.device("cpu"))
    frames, learned = torch.rand(5, 3, 16, 16), []
    counters.clear()
    for epoch in range(3):
        gradients = []
        for encoder in (plain, compiled):
            encoder.zero_grad()
            encoder.start_epoch(epoch)
            features = encoder(frames)
            if features.requires_grad:
                features.square().sum().backward()
            gradients.append({name: value.grad for name, value in encoder.named_parameters() if value.grad is not None})
        torch.testing.assert_close(gradients[1], gradients[0], atol=1e-4, rtol=1e-3)
        learned.append((len(gradients[0]), counters["stats"]["unique_graphs"]))
    (none, first), (some, second), (more, third) = learned
    assert 0 == none < some < more
    assert 0 < first < second < third


def test_a_machine_without_a_compiler_says_so(monkeypatch):
    encoder = build_encoder(SimpleEncoderOptions(channels=(4,)), height=16, width=16)
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(
        ConfigError, match=r"^training\.compile=true needs a C\+\+ compiler, and no-such-compiler cannot be found: "
    ):
        compile_encoder(encoder, torch.device("cpu"))
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        ConfigError, match=r"and g\+\+ and clang\+\+ cannot be found: install it, or leave training\.compile out$"
    ):
        compile_encoder(encoder, torch.device("cpu"))
    assert encoder._compiled_call_impl is None
