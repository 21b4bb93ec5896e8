"""Loaders of batches: the resumable training loader and the deterministic one for everything else."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from videoseq.data.batch import ClipSample, collate
from videoseq.data.dataset import TrainClips
from videoseq.data.samplers import EpochBatches


class ResumableLoader(DataLoader[ClipSample]):
    """A training loader whose state is the number of batches that were trained on.

    Args:
        clips: The data set.
        batch_size: Clips of a batch.
        num_workers: Processes that decode.
        batches_done: Says how many batches were trained on, over all epochs; asked when a checkpoint is written.
    """

    def __init__(
        self, clips: TrainClips, batch_size: int, num_workers: int, batches_done: Callable[[], int] = lambda: 0
    ) -> None:
        self.batches = EpochBatches(len(clips), batch_size, clips.seed)
        self._batches_done = batches_done
        super().__init__(clips, batch_sampler=self.batches, **_common(num_workers))

    def state_dict(self) -> dict[str, int]:
        """Returns what a resumed run needs to go on with the next batch."""
        return {"batches_done": self._batches_done()}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Lets the next epoch start where the saved run stood."""
        self.batches.resume(state["batches_done"])


def evaluation_loader(clips: Dataset[ClipSample], batch_size: int, num_workers: int) -> DataLoader[ClipSample]:
    """Returns a loader that gives every sample once, in order."""
    return DataLoader(clips, batch_size=batch_size, shuffle=False, **_common(num_workers))


def _common(num_workers: int) -> dict[str, Any]:
    return {
        "num_workers": num_workers,
        "collate_fn": collate,
        "pin_memory": torch.cuda.is_available(),
        "persistent_workers": num_workers > 0,
    }
