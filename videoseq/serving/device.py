"""Where inference runs, and in which precision."""

from contextlib import AbstractContextManager, nullcontext

import torch

from videoseq.errors import ConfigError


def choose_device(accelerator: str, num_threads: int | None = None) -> torch.device:
    """Returns the device that `auto`, `cpu`, `gpu` or `mps` stands for on this machine.

    Args:
        accelerator: The word.
        num_threads: Threads that one operation on the CPU uses from now on; None leaves them as they are.

    Raises:
        ConfigError: There is no such device here.
    """
    if num_threads is not None:
        torch.set_num_threads(num_threads)
    if accelerator == "gpu" or (accelerator == "auto" and torch.cuda.is_available()):
        if not torch.cuda.is_available():
            raise ConfigError("trainer.accelerator=gpu, but torch finds no GPU here: use trainer=cpu or trainer=auto")
        return torch.device("cuda")
    if accelerator == "mps" or (accelerator == "auto" and torch.backends.mps.is_available()):
        if not torch.backends.mps.is_available():
            raise ConfigError("trainer.accelerator=mps, but torch finds none here: use trainer=cpu or trainer=auto")
        return torch.device("mps")
    return torch.device("cpu")


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Returns the context in which a model runs in `32-true`, `bf16-mixed` or `16-mixed`."""
    if precision == "32-true":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16 if precision == "bf16-mixed" else torch.float16)
