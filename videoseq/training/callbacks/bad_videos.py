"""Counting and listing the videos that turn out unreadable during a run."""

import logging
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl

from videoseq.errors import DataError
from videoseq.training import ranks
from videoseq.types import Split

logger = logging.getLogger(__name__)


class BadVideoLog(pl.Callback):
    """Reports every unreadable video once, whichever process met it, and stops the run when there are too many.

    Args:
        report: Called in the first process with (split, position in the split's table, reason) for each such video.
        num_videos: Videos of all splits, without those that the scan has left out.
        num_bad: Videos that the scan has left out already.
        max_bad_fraction: Share of bad videos above which the run stops, in [0, 1].
    """

    def __init__(
        self, report: Callable[[Split, int, str], None], num_videos: int, num_bad: int, max_bad_fraction: float
    ) -> None:
        self.report = report
        self.num_all = num_videos + num_bad
        self.num_bad = num_bad
        self.max_bad_fraction = max_bad_fraction
        self._seen: set[tuple[Split, int]] = set()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        """Looks for failures of the training split."""
        self._count("train", batch.failures)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        """Looks for failures of the validation split."""
        self._count("val", batch.failures)

    def _count(self, split: Split, failures: tuple[tuple[int, str], ...]) -> None:
        if not ranks.any_of(bool(failures)):
            return
        for position, reason in ranks.gathered(list(failures)):
            if (split, position) in self._seen:
                continue
            self._seen.add((split, position))
            self.num_bad += 1
            logger.warning("left out of %s: %s", split, reason)
            if ranks.rank() == 0:
                self.report(split, position, reason)
            if self.num_bad > self.max_bad_fraction * self.num_all:
                raise DataError(
                    f"{self.num_bad} of {self.num_all} videos cannot be read, more than "
                    f"data.max_bad_fraction={self.max_bad_fraction}; the last: {reason}. "
                    "Repair or remove them, or raise data.max_bad_fraction"
                )
