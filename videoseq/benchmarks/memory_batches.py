"""Batches of random clips that are in memory already."""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import pytorch_lightning as pl
import torch

from videoseq.data.batch import ClipBatch
from videoseq.types import ClipSpec

_NUM_DIFFERENT = 4


class MemoryBatches(pl.LightningDataModule):
    """A data module whose loaders cost nothing: a few random batches that come again and again.

    Args:
        clip: Frames and size of the clips.
        batch_size: Clips of a batch.
        num_classes: K.
        num_batches: Batches of an epoch of training; validation has a single one.
    """

    def __init__(self, clip: ClipSpec, batch_size: int, num_classes: int, num_batches: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        shape = (batch_size, clip.num_frames, 3, clip.height, clip.width)
        self._different = [
            ClipBatch(
                torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator),  # (B, T, C, H, W)
                torch.full((batch_size,), clip.num_frames),
                torch.randint(num_classes, (batch_size,), generator=generator),
                tuple(range(batch_size)),
            )
            for _ in range(_NUM_DIFFERENT)
        ]
        if torch.cuda.is_available():
            self._different = [batch.pin_memory() for batch in self._different]
        self.num_batches = num_batches

    def train_dataloader(self) -> "Repeated":
        """Returns the batches of an epoch."""
        return Repeated(self._different, self.num_batches)

    def val_dataloader(self) -> "Repeated":
        """Returns the one batch of validation."""
        return Repeated(self._different, 1)


class Repeated:
    """A few batches again and again; not a list, which Lightning takes for several loaders.

    Args:
        batches: The batches.
        count: How many are given in all.
    """

    def __init__(self, batches: Sequence[ClipBatch], count: int) -> None:
        self.batches = batches
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[ClipBatch]:
        return islice(cycle(self.batches), self.count)
