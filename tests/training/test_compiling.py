"""Compiling changes how fast a run is, neither its checkpoint nor its results."""

from dataclasses import replace

import pytest
import torch

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
