"""Which samples come when: a pure function of (seed, epoch, position), so that any point of a run can be reached directly."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Request = TypeVar("Request")

Order = Callable[[int], Sequence[int]]
"""Gives the samples of an epoch in the order in which they come."""


@dataclass(frozen=True)
class SampleRequest:
    """What a data set is asked for.

    Attributes:
        index: Position in the data set.
        epoch: The epoch, from which with the data set's seed the sample's randomness follows.
        repeat: How often the sample has come in this epoch already; each time it is varied anew.
    """

    index: int
    epoch: int
    repeat: int = 0


@dataclass(frozen=True)
class Shard:
    """The part of every batch that one process of several takes.

    Attributes:
        rank: Which process, from 0.
        world_size: How many there are.
    """

    rank: int = 0
    world_size: int = 1

    def of(self, start: int, end: int) -> tuple[int, int]:
        """Returns the bounds of this process's slice of the positions `[start, end)`.

        The slices lie side by side in the order of the ranks and differ by one position at most; a short range leaves the
        last ranks with nothing:

            [0, 8) for 2:   0 0 0 0 1 1 1 1          [0, 5) for 2:   0 0 0 1 1          [0, 1) for 2:   0
        """
        first, last = (-(-(end - start) * rank // self.world_size) for rank in (self.rank, self.rank + 1))
        return start + first, start + last


ALONE = Shard()
"""One process, which takes all."""


def epoch_order(num_samples: int, seed: int, epoch: int) -> list[int]:
    """Returns the order in which an epoch visits the samples: a permutation that depends on seed and epoch alone."""
    order: list[int] = np.random.default_rng([seed, epoch]).permutation(num_samples).tolist()
    return order


class Epochs(ABC, Generic[Request]):
    """Batches of what a data set is asked for, endlessly many epochs, resumable between any two batches.

    Each iterator that is drawn from gives the next epoch. The length is always that of a whole epoch, also where a resumed
    one is shorter.
    """

    def __init__(self) -> None:
        self._next_batch = 0

    def resume(self, batches_done: int) -> None:
        """Lets the next epoch start behind `batches_done` batches, counted over all epochs."""
        self._next_batch = batches_done

    @abstractmethod
    def __len__(self) -> int:
        """Returns the number of batches of an epoch, the same for all."""

    @abstractmethod
    def batches(self, epoch: int, position: int) -> Iterator[list[Request]]:
        """Yields the batches of an epoch from a position on."""

    def __iter__(self) -> Iterator[list[Request]]:
        # A generator, so that only drawing a batch starts an epoch: a loader with workers asks for two iterators and uses one.
        epoch, position = divmod(self._next_batch, len(self))
        self._next_batch = (epoch + 1) * len(self)
        yield from self.batches(epoch, position)


class EpochBatches(Epochs[SampleRequest]):
    """Batches of an epoch in which each sample, or as many, comes once.

    Several processes share the one order: each takes its slice of every batch, and all have equally many batches, some of
    which may be empty.

    Args:
        num_samples: Samples of an epoch.
        batch_size: Samples of a batch, those of all processes together; the last batch of an epoch holds what is left.
        seed: Seed of the order.
        order: Gives the samples of an epoch, `num_samples` of them; None is `epoch_order`.
        shard: Which process of how many.
    """

    def __init__(self, num_samples: int, batch_size: int, seed: int, order: Order | None = None, shard: Shard = ALONE) -> None:
        super().__init__()
        self.num_samples = num_samples
        self.batch_size = batch_size
        self.order = order if order is not None else lambda epoch: epoch_order(num_samples, seed, epoch)
        self.shard = shard

    def __len__(self) -> int:
        return -(-self.num_samples // self.batch_size)

    def batches(self, epoch: int, position: int) -> Iterator[list[SampleRequest]]:
        """Yields the batches of an epoch from a position on."""
        order = np.asarray(self.order(epoch))
        repeats = _repeats(order)
        for start in range(position * self.batch_size, self.num_samples, self.batch_size):
            first, last = self.shard.of(start, min(start + self.batch_size, self.num_samples))
            its = zip(order[first:last].tolist(), repeats[first:last].tolist(), strict=True)
            yield [SampleRequest(index, epoch, repeat) for index, repeat in its]


def batches_in_order(num_samples: int, batch_size: int, shard: Shard = ALONE) -> list[range]:
    """Returns one process's slices of the batches that hold every sample once, in order; all processes have equally many.

    Args:
        num_samples: Samples of the data set.
        batch_size: Samples of a batch, those of all processes together; the last one holds what is left.
        shard: Which process of how many.
    """
    starts = range(0, num_samples, batch_size)
    return [range(*shard.of(start, min(start + batch_size, num_samples))) for start in starts]


def _repeats(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns how often each sample of an epoch has come in it before.

    order    3 1 3 3 0
    repeats  0 0 1 2 0
    """
    places = np.argsort(order, kind="stable")
    _, first, counts = np.unique(order[places], return_index=True, return_counts=True)
    repeats = np.empty(len(order), np.int64)
    repeats[places] = np.arange(len(order)) - np.repeat(first, counts)
    return repeats
