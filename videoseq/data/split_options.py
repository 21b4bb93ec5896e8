"""Options of the splits, free of all that makes them, so that a command's help comes at once."""

from dataclasses import dataclass
from typing import Literal

from videoseq.errors import ConfigError, suggest

SplitStrategy = Literal["auto", "given", "random", "grouped", "kfold"]
_STRATEGIES = ("auto", "given", "random", "grouped", "kfold")


@dataclass(frozen=True)
class SplitOptions:
    """How a data set is split.

    Attributes:
        strategy: `given`: as the annotations say. `random`: stratified by class. `grouped`: stratified, records of one
            group together. `kfold`: grouped folds, of which one is the test split. `auto`: `given` where the
            annotations hold splits, else `grouped` where they hold groups, else `random`.
        index: Which official split of UCF101 or HMDB51, 1 to 3, with `given` or `auto`; null is the first. Other formats have
            one at most.
        fold: The fold that is the test split of `kfold`, in [0, folds).
        folds: Number of folds of `kfold`.
        val_fraction: Share of the records that validate; of those outside the test fold with `kfold`.
        test_fraction: Share of the records that test, with `random` and `grouped`; 0 makes no test split.
        seed: Decides every random choice.
    """

    strategy: SplitStrategy = "auto"
    index: int | None = None
    fold: int = 0
    folds: int = 5
    val_fraction: float = 0.15
    test_fraction: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        if self.strategy not in _STRATEGIES:
            raise ConfigError(f"unknown data.split.strategy {self.strategy!r}: {suggest(self.strategy, _STRATEGIES)}")
        if self.index is not None and self.index < 1:
            raise ConfigError(f"data.split.index must be 1 or more, or null, got {self.index}")
        if self.index is not None and self.strategy not in ("auto", "given"):
            raise ConfigError(
                f"data.split.index={self.index} chooses an official split, data.split.strategy={self.strategy} makes its own. "
                "Fix: remove one of them"
            )
        if self.folds < 2:
            raise ConfigError(f"data.split.folds must be at least 2, got {self.folds}")
        if not 0 <= self.fold < self.folds:
            raise ConfigError(
                f"data.split.fold must lie in [0, folds), got fold={self.fold} of folds={self.folds}. "
                f"Fix: data.split.fold=0 to {self.folds - 1}"
            )
        if not 0 < self.val_fraction < 1:
            raise ConfigError(f"data.split.val_fraction must lie in (0, 1), got {self.val_fraction}")
        if not 0 <= self.test_fraction < 1:
            raise ConfigError(f"data.split.test_fraction must lie in [0, 1), got {self.test_fraction}")
        if self.val_fraction + self.test_fraction >= 1:
            raise ConfigError(
                f"data.split.val_fraction {self.val_fraction} and test_fraction {self.test_fraction} leave nothing to "
                "train on. Fix: their sum must be less than 1"
            )
        if self.seed < 0:
            raise ConfigError(f"data.split.seed must be 0 or more, got {self.seed}")
