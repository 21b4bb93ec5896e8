"""Compiling the encoder, in place."""

import importlib.util
import os
import shutil

import torch

from videoseq.errors import ConfigError
from videoseq.models.frame_encoder import FrameEncoder


def compile_encoder(encoder: FrameEncoder, device: torch.device) -> None:
    """Lets torch compile the encoder when it is first called; the names of its tensors stay as they are.

    The head is left out: a recurrent network is one operation already. With batches of another size the encoder is compiled
    once more, for any size; so it is where another part of it is frozen.

    Args:
        encoder: The encoder.
        device: Where it will run.

    Raises:
        ConfigError: What torch compiles with is not installed.
    """
    missing = _missing_compiler(device.type)
    if missing is not None:
        raise ConfigError(f"training.compile=true needs {missing}: install it, or leave training.compile out")
    encoder.compile()


def _missing_compiler(device_type: str) -> str | None:
    """Returns what torch would compile with on a device and cannot find; None where nothing is missing."""
    if device_type == "cuda":
        return None if importlib.util.find_spec("triton") else "triton, which is not installed"
    names = [os.environ["CXX"]] if "CXX" in os.environ else ["g++", "clang++"]
    if any(shutil.which(name) for name in names):
        return None
    return f"a C++ compiler, and {' and '.join(names)} cannot be found"
