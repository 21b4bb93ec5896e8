"""What is cross-validated; needs no torch, so that it is checked before anything is imported."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from videoseq.data.options import DataOptions
from videoseq.errors import ConfigError
from videoseq.types import TaskSpec

_NO_MATTER = (
    "name",
    "resume",
    "test",
    "paths",
    "data.root",
    "data.annotations",
    "data.num_workers",
    "data.cache_limit_gb",
    "data.split.fold",
)


@dataclass(frozen=True)
class Candidate:
    """What is cross-validated.

    Attributes:
        label: What the user calls it.
        name: Name of its runs.
        words: The words of its training command.
        options: All options of its trainings that change their result, as plain values.
        data: Its data, dealt to folds.
        seed: Seed of the trainings of the first repeat.
        init_from: The checkpoint that its trainings start from.
        task: What its trainings learn.
    """

    label: str
    name: str
    words: tuple[str, ...]
    options: Mapping[str, Any]
    data: DataOptions
    seed: int
    init_from: Path | None
    task: TaskSpec = field(default_factory=TaskSpec)

    @property
    def root(self) -> Path | None:
        """Folder of the data set, absolute; None where paths do not count from one."""
        return Path(self.data.root).expanduser().absolute() if self.data.root is not None else None

    @property
    def file_name(self) -> str:
        """The label as the name of a folder."""
        return re.sub(r"[^\w.=+-]+", "_", self.label)


def result_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options of a training, nested plain values, without those that cannot change its result.

    Where the videos lie is among the latter: which videos they are is told by their identities.
    """

    def keep(part: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
        return {
            name: keep(value, f"{prefix}{name}.") if isinstance(value, Mapping) else value
            for name, value in part.items()
            if prefix + name not in _NO_MATTER
        }

    return keep(options)


def check_all_differ(candidates: Sequence[Candidate]) -> None:
    """Checks that no two candidates are the same.

    Raises:
        ConfigError: Two have the same options and data.
    """
    for one, other in combinations(candidates, 2):
        if (one.options, one.data) == (other.options, other.data):
            raise ConfigError(
                f"compare: {one.label!r} and {other.label!r} have the same options, so there is nothing to compare. "
                "Fix: leave one out, or give it another option"
            )
