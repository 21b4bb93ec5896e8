"""Which samples come when: a pure function of (seed, epoch, position), so that any point of a run can be reached directly."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SampleRequest:
    """What a data set is asked for.

    Attributes:
        index: Position in the data set.
        epoch: The epoch, from which with the data set's seed the sample's randomness follows.
    """

    index: int
    epoch: int


def epoch_order(num_samples: int, seed: int, epoch: int) -> list[int]:
    """Returns the order in which an epoch visits the samples: a permutation that depends on seed and epoch alone."""
    return [int(index) for index in np.random.default_rng([seed, epoch]).permutation(num_samples)]


class EpochBatches:
    """Batches of a shuffled epoch, endlessly many epochs, resumable between any two batches.

    Each iterator that is drawn from gives the next epoch. The length is always that of a whole epoch, also where a resumed
    one is shorter.

    Args:
        num_samples: Samples of the data set.
        batch_size: Samples of a batch; the last batch of an epoch holds what is left.
        seed: Seed of the order.
    """

    def __init__(self, num_samples: int, batch_size: int, seed: int) -> None:
        self.num_samples = num_samples
        self.batch_size = batch_size
        self.seed = seed
        self._next_batch = 0

    def resume(self, batches_done: int) -> None:
        """Lets the next epoch start behind `batches_done` batches, counted over all epochs."""
        self._next_batch = batches_done

    def __len__(self) -> int:
        return -(-self.num_samples // self.batch_size)

    def __iter__(self) -> Iterator[list[SampleRequest]]:
        # A generator, so that only drawing a batch starts an epoch: a loader with workers asks for two iterators and uses one.
        epoch, position = divmod(self._next_batch, len(self))
        self._next_batch = (epoch + 1) * len(self)
        order = epoch_order(self.num_samples, self.seed, epoch)
        for start in range(position * self.batch_size, self.num_samples, self.batch_size):
            yield [SampleRequest(index, epoch) for index in order[start : start + self.batch_size]]
