"""What a data set to be prepared holds: its records under every official split, its videos, its lists."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videoseq.data.annotations import read_annotations
from videoseq.data.formats import FORMATS
from videoseq.data.options import DataOptions
from videoseq.data.records import Records
from videoseq.errors import ConfigError, DataError
from videoseq.types import SPLITS, TaskSpec

_log = logging.getLogger(__name__)

Row = tuple[str, str | None, str | None, str | None, float, float, str]
"""Place of the video below the root, label, split, group, start and end in seconds, -1 where there is none, digest of the
labels in time."""


@dataclass(frozen=True)
class DataSet:
    """Where a data set lies.

    Attributes:
        root: Its folder, absolute.
        annotations: The file or folder of its annotations, absolute, where one is named.
        class_names: The file that names its classes, absolute, where one is named.
        options: How it is read.
        task: What its labels are.
    """

    root: Path
    annotations: Path | None
    class_names: Path | None
    options: DataOptions
    task: TaskSpec

    @classmethod
    def of(cls, options: DataOptions, task: TaskSpec) -> "DataSet":
        """Returns the data set that options mean.

        Raises:
            ConfigError: They name none.
        """
        root, annotations, class_names = (
            # As the paths of records: `..` removed, links kept.
            None if name is None else Path(os.path.abspath(Path(name).expanduser()))  # noqa: PTH100
            for name in (options.root, options.annotations, options.class_names)
        )
        if root is None and annotations is not None:
            root = annotations if annotations.is_dir() else annotations.parent
        if root is None:
            raise ConfigError("nothing to prepare. Name the data set as in training: data.root=DIR")
        if options.synthetic is not None and not root.exists():
            raise ConfigError(
                f"the data set {options.synthetic.name!r} is not written yet, there is no folder {str(root)!r}. "
                "Fix: train on it first, which writes it"
            )
        return cls(root, annotations, class_names, options, task)

    def moved_to(self, output: Path) -> "DataSet":
        """Returns its copy in a folder: what lies below the root keeps its place there, other lists lie at the top."""

        def place(path: Path | None) -> Path | None:
            return path and output / (path.relative_to(self.root) if path.is_relative_to(self.root) else path.name)

        return DataSet(output, place(self.annotations), place(self.class_names), self.options, self.task)

    def words(self) -> list[str]:
        """Returns the options that name it, as a command takes them."""
        named = {"data.root": self.root, "data.annotations": self.annotations, "data.class_names": self.class_names}
        return [f"{option}={path}" for option, path in named.items() if path is not None]

    def identity(self) -> dict[str, Any]:
        """Returns what decides which videos it has, as plain values."""
        named = {"root": self.root, "annotations": self.annotations, "class_names": self.class_names}
        frames = self.options.frame_folders
        plain = {"format": self.options.format, "pattern": frames.pattern, "fps": frames.fps}
        return {name: None if path is None else str(path) for name, path in named.items()} | plain

    @property
    def names(self) -> tuple[Path, ...]:
        """The names of the root: as it is given, and where that leads."""
        return self.root, Path(os.path.realpath(self.root))

    def read(self, *, unfinished: bool = False) -> dict[int | None, Records]:
        """Returns the records of every official split that is there; of a format without any, those of the only reading.

        Args:
            unfinished: Whether it may be one that is being prepared.

        Raises:
            DataError: The data set cannot be read with the split that is chosen.
        """
        chosen = self.options.split.index
        splits = FORMATS[self.options.format].num_splits if self.options.format in FORMATS else 0
        found: dict[int | None, Records] = {chosen: self._read(chosen, unfinished)}
        for index in range(1, splits + 1):
            if index != (chosen or 1):
                try:
                    found[index] = self._read(index, unfinished)
                except DataError as error:
                    _log.info("the official split %d is not prepared: %s", index, error)
        return found

    def places(self, records: Records) -> dict[int, str]:
        """Returns where below the root videos lie: code of the path in the records -> place.

        Raises:
            DataError: One lies outside the root.
        """
        texts = records.paths.names.to_list()
        codes, firsts = np.unique(records.paths.codes, return_index=True)
        prefixes = [f"{str(name).rstrip(os.sep)}{os.sep}" for name in self.names]
        found: dict[int, str] = {}
        for code, first in zip(codes.tolist(), firsts.tolist(), strict=True):
            prefix = next((prefix for prefix in prefixes if texts[code].startswith(prefix)), None)
            if prefix is None:
                raise DataError(
                    f"{records.rows[first]}: {texts[code]!r} lies outside {str(self.root)!r}, so the copy has no place for it. "
                    "Fix: put a link to its folder below the root, and write the paths so, with data.allow_outside_root=true"
                )
            found[code] = texts[code].removeprefix(prefix)
        return found

    def rows(self, records: Records) -> list[Row]:
        """Returns what records say that their copies must say too.

        Raises:
            DataError: A video lies outside the root.
        """
        places = self.places(records)
        splits = (*SPLITS, None)  # the last one is what -1 finds
        tracks = records.tracks
        return list(
            zip(
                [places[code] for code in records.paths.codes.tolist()],
                records.labels,
                [splits[split] for split in records.splits.tolist()],
                records.groups,
                np.nan_to_num(records.starts, nan=-1.0).tolist(),
                np.nan_to_num(records.ends, nan=-1.0).tolist(),
                ["" if tracks is None else tracks.digest(position) for position in range(len(records))],
                strict=True,
            )
        )

    def _read(self, index: int | None, unfinished: bool) -> Records:
        return read_annotations(
            self.root,
            self.annotations,
            self.options.format,
            index=index,
            class_names_file=self.class_names,
            allow_outside_root=self.options.allow_outside_root,
            frame_folders=self.options.frame_folders,
            unfinished=unfinished,
            task=self.task,
        )
