"""Loaders of batches: the resumable training loader and the deterministic one for everything else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader

from videoseq.data.batch import ClipBatch, ClipSample
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.samplers import ALONE, EpochBatches, Epochs, Order, Shard, batches_in_order
from videoseq.errors import DataError


class Clips(Protocol):
    """A data set of clips.

    Attributes:
        reading: How their frames are read.
    """

    reading: Reading

    @property
    def collate(self) -> Callable[[Any], ClipBatch]:
        """Makes a batch of what the data set gives."""

    def __len__(self) -> int: ...

    def __getitem__(self, item: Any) -> Any: ...


class ClipLoader(DataLoader[ClipSample]):
    """A loader of clips as `ClipBatch`es.

    Args:
        clips: The data set; its `reading.bad_videos` decides whether a video that cannot be read ends the run.
        num_workers: Processes that decode.
        order: Arguments of `DataLoader` that say which samples come when.
    """

    def __init__(self, clips: Clips, num_workers: int, **order: Any) -> None:
        self.bad_videos = clips.reading.bad_videos
        super().__init__(
            clips,  # type: ignore[arg-type]  # all that a loader asks of a data set
            num_workers=num_workers,
            collate_fn=clips.collate,
            pin_memory=torch.cuda.is_available(),
            persistent_workers=num_workers > 0,
            **order,
        )

    def __iter__(self) -> Iterator[ClipBatch]:  # type: ignore[override]
        """Yields batches.

        Raises:
            DataError: A video cannot be read, and `bad_videos` is `error`; or a process that decodes was killed.
        """
        with telling_of_killed_workers():
            for batch in super().__iter__():
                # Not in the data set: torch turns an exception of a worker into a RuntimeError with its traceback as text.
                if batch.failures and self.bad_videos == "error":
                    raise DataError(f"{batch.failures[0][1]}; to leave such videos out: data.bad_videos=skip")
                yield batch


@contextmanager
def telling_of_killed_workers() -> Iterator[None]:
    """Says what has happened where a process of a `DataLoader` is gone.

    Torch raises that wherever this process is when it learns of it, not only in the loader.

    Raises:
        DataError: A process that decodes was killed.
    """
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker (pid"):
            raise
        raise DataError(
            "a process that decodes videos was killed, most often because the memory is full. Fix: smaller data.num_workers or "
            "data.batch_size, then start again: what is finished stays"
        ) from error


class Resumable:
    """What a training loader keeps so that a resumed run goes on with the next batch.

    Args:
        batches: What every batch is made of.
        batches_done: Says how many batches were trained on, over all epochs; asked when a checkpoint is written.
        start: Batches, over all epochs, behind which the first epoch starts.
    """

    def __init__(self, batches: Epochs[Any], batches_done: Callable[[], int], start: int) -> None:
        self.batches = batches
        self.batches.resume(start)
        self._batches_done = batches_done

    def state_dict(self) -> dict[str, int]:
        """Returns what a resumed run needs to go on with the next batch."""
        return {"batches_done": self._batches_done()}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Lets the next epoch start where the saved run stood."""
        self.batches.resume(state["batches_done"])


class ResumableLoader(Resumable, ClipLoader):
    """A training loader whose state is the number of batches that were trained on.

    Args:
        clips: The data set.
        batch_size: Clips of a batch, those of all processes that train together.
        num_workers: Processes that decode.
        batches_done: Says how many batches were trained on, over all epochs; asked when a checkpoint is written.
        start: Batches, over all epochs, behind which the first epoch starts.
        order: Gives the samples of an epoch; None is each once, shuffled.
        shard: Which part of every batch is this process's.
    """

    def __init__(
        self,
        clips: TrainClips,
        batch_size: int,
        num_workers: int,
        batches_done: Callable[[], int] = lambda: 0,
        start: int = 0,
        order: Order | None = None,
        shard: Shard = ALONE,
    ) -> None:
        Resumable.__init__(self, EpochBatches(len(clips), batch_size, clips.seed, order, shard), batches_done, start)
        ClipLoader.__init__(self, clips, num_workers, batch_sampler=self.batches)


def evaluation_loader(clips: EvalClips, batch_size: int, num_workers: int, shard: Shard = ALONE) -> ClipLoader:
    """Returns a loader that gives every sample once, in order.

    Args:
        clips: The data set.
        batch_size: Clips of a batch, those of all processes that evaluate together.
        num_workers: Processes that decode.
        shard: Which part of every batch is this process's.
    """
    return ClipLoader(clips, num_workers, batch_sampler=batches_in_order(len(clips), batch_size, shard))
