"""What computes in half precision, and where that is fast."""

from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.training.runs import Losses
from videoseq.training.options import TrainerOptions, TrainingOptions
from videoseq.training.trainer import build_trainer, computes_in_bfloat16

BFLOAT16 = TrainerOptions(accelerator="cpu", precision="bf16-mixed")


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"architecture": "x86_64", "avx2": True, "avx512_f": True, "avx512_bf16": True, "amx_bf16": False}, True),
        ({"architecture": "x86_64", "avx512_bf16": False, "amx_bf16": True}, True),
        ({"architecture": "x86_64", "avx2": True, "avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({"architecture": "aarch64", "neon": True, "bf16": True}, True),
        ({"architecture": "aarch64", "neon": True, "bf16": False}, False),
        ({"architecture": "ppc64"}, False),
    ],
)
def test_a_cpu_computes_in_bfloat16_where_it_has_instructions_for_it(capabilities, expected):
    assert computes_in_bfloat16(capabilities) is expected


def test_a_cpu_that_does_not_is_named(caplog, tmp_path):
    build_trainer(tmp_path, TrainingOptions(), BFLOAT16, [])
    assert ("does not compute in bfloat16" in caplog.text) is not computes_in_bfloat16(torch.cpu.get_capabilities())


class Kinds(TorchDispatchMode):
    """Keeps which dtypes the operations of a kind give."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, set[torch.dtype]] = {}

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        results = function(*arguments, **(options or {}))
        for result in results if isinstance(results, tuple | list) else [results]:
            if isinstance(result, torch.Tensor):
                self.of.setdefault(function.overloadpacket.__name__, set()).add(result.dtype)
        return results


class Watched(pl.Callback):
    """Looks at the operations of the first step up to its loss."""

    def __init__(self) -> None:
        self.kinds = Kinds()
        self._steps = 0

    def on_train_batch_start(self, *args) -> None:
        if not self._steps:
            self.kinds.__enter__()

    def on_before_backward(self, *args) -> None:
        if not self._steps:
            self.kinds.__exit__(None, None, None)
        self._steps += 1


def test_convolutions_and_the_lstm_are_bfloat16_frames_and_the_loss_are_not(run):
    watched, losses = Watched(), Losses()
    replace(run, trainer=BFLOAT16, training=TrainingOptions(max_epochs=1)).fit([watched, losses])
    kinds = watched.kinds.of
    assert kinds["convolution"] == {torch.bfloat16}
    assert kinds["addcmul"] == {torch.float32}
    assert kinds["_log_softmax"] == kinds["_softmax"] == {torch.float32}
    (recurrent,) = (those for name, those in kinds.items() if "lstm" in name or "rnn" in name)
    assert recurrent - {torch.uint8} == {torch.bfloat16}  # the other is a workspace
    assert all(value == value for value in losses.values)
