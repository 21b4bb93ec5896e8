"""Bringing small tensors to where the others are."""

import torch
from torch import Tensor


def on_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Returns a tensor on a device; the host goes on while it is copied to a GPU, which takes it in its turn.

    Other devices may be read before a copy that was not waited for is there.
    """
    return tensor.to(device, non_blocking=device.type == "cuda")
