"""What the processes of a run tell each other; a run of one process is told its own words.

Every function that tells must be called by all processes, in the same order. Plain values go between the processes' memories
and make no device wait; tensors stay on their device.
"""

from typing import TypeVar

import torch
from torch import Tensor, distributed

T = TypeVar("T")


def world_size() -> int:
    """Returns the number of processes."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Returns the number of this process, from 0; the first one speaks and writes for all."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def summed(values: Tensor) -> Tensor:
    """Returns the sum of a tensor over all processes, on its device; without gradient."""
    values = values.detach().clone()
    if world_size() > 1:
        distributed.all_reduce(values)
    return values


def total(number: int) -> int:
    """Returns the sum of a number over all processes."""
    return int(summed(torch.tensor(number))) if world_size() > 1 else number


def any_of(flag: bool) -> bool:
    """Says whether any process says yes."""
    return total(int(flag)) > 0


def gathered(values: list[T]) -> list[T]:
    """Returns the values of all processes, which may be of any number and size, those of the first process first."""
    if world_size() == 1:
        return values
    everyone: list[list[T]] = [[] for _ in range(world_size())]
    distributed.all_gather_object(everyone, values)
    return [value for those in everyone for value in those]


def mean(values: Tensor, weights: Tensor) -> Tensor:
    """Returns `sum(values) / sum(weights)` over all processes, 0 where there are none.

    The gradient is this process's part of it, scaled so that its average over the processes, which is what they step with,
    is the gradient of the mean.

    Args:
        values: (n,) float, n any number, another one in each process.
        weights: (n,) float.
    """
    value, weight = summed(torch.stack([values.sum(), weights.sum()]))
    weight = weight.clamp(min=torch.finfo(weight.dtype).tiny)
    if world_size() == 1:  # below, an infinite loss would become no number
        alone: Tensor = values.sum() / weight
        return alone
    own = values.sum() / weight * world_size()
    shared: Tensor = value / weight + (own - own.detach())
    return shared
