"""The order of an epoch in which every class comes equally often, however many videos it has."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def balanced_order(targets: Sequence[int] | NDArray[np.int64], seed: int, epoch: int) -> list[int]:
    """Returns the N samples that a balanced epoch visits, a pure function of its arguments.

    Draws are numbered over all epochs and dealt to the classes in turn, so the classes of an epoch differ by one draw at most.
    Within an epoch no sample comes again before all of its class have come. Where a class has more samples than draws, its
    share moves on from epoch to epoch, so that all are seen equally often:

        targets 0 0 0 0 0 0 1 1      shuffled once: class 0 is a b c d e f, class 1 is g h
        epoch 0    a b c d, g h g h      each in a new order, the classes mingled
        epoch 1    e f a b, g h g h

    Args:
        targets: Class id of each of the N samples.
        seed: Seed of the order.
        epoch: Which epoch.

    Returns:
        N positions in `targets`; some more than once where the classes differ in size.
    """
    ids = np.asarray(targets)
    classes = np.unique(ids)
    draws = np.arange(epoch * len(ids), (epoch + 1) * len(ids))
    once = np.random.default_rng([seed, 0, 1])  # the last number keeps it apart from every (seed, epoch)
    rng = np.random.default_rng([seed, epoch])
    turns, places = divmod(rng.permutation(draws), len(classes))
    order = np.empty_like(draws)
    for place, target in enumerate(classes):
        mine = places == place
        samples = once.permutation(np.flatnonzero(ids == target))
        order[mine] = _dealt(samples, int(turns[mine].min()), int(mine.sum()), rng)
    samples_in_order: list[int] = order.tolist()
    return samples_in_order


def _dealt(samples: NDArray[np.int64], first: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns the draws `[first, first + count)` of a class: whole shuffled cycles, then what is left of the count."""
    cycles, rest = divmod(count, len(samples))
    window = samples[(first + np.arange(rest)) % len(samples)]
    return np.concatenate([*(rng.permutation(samples) for _ in range(cycles)), rng.permutation(window)])
