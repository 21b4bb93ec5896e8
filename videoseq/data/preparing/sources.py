"""What a data set to be prepared holds: its records under every official split, its videos, its lists."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from videoseq.data.annotations import read_annotations
from videoseq.data.formats import FORMATS
from videoseq.data.options import DataOptions
from videoseq.errors import ConfigError, DataError
from videoseq.types import VideoRecord

_log = logging.getLogger(__name__)

Row = tuple[str, str, str | None, str | None, float | None, float | None]


@dataclass(frozen=True)
class DataSet:
    """Where a data set lies.

    Attributes:
        root: Its folder, absolute.
        annotations: The file or folder of its annotations, absolute, where one is named.
        class_names: The file that names its classes, absolute, where one is named.
        options: How it is read.
    """

    root: Path
    annotations: Path | None
    class_names: Path | None
    options: DataOptions

    @classmethod
    def of(cls, options: DataOptions) -> "DataSet":
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
        return cls(root, annotations, class_names, options)

    def moved_to(self, output: Path) -> "DataSet":
        """Returns its copy in a folder: what lies below the root keeps its place there, other lists lie at the top."""

        def place(path: Path | None) -> Path | None:
            return path and output / (path.relative_to(self.root) if path.is_relative_to(self.root) else path.name)

        return DataSet(output, place(self.annotations), place(self.class_names), self.options)

    def words(self) -> list[str]:
        """Returns the options that name it, as a command takes them."""
        named = {"data.root": self.root, "data.annotations": self.annotations, "data.class_names": self.class_names}
        return [f"{option}={path}" for option, path in named.items() if path is not None]

    def read(self) -> dict[int | None, Sequence[VideoRecord]]:
        """Returns the records of every official split that is there; of a format without any, those of the only reading.

        Raises:
            DataError: The data set cannot be read with the split that is chosen.
        """
        chosen = self.options.split.index
        splits = FORMATS[self.options.format].num_splits if self.options.format in FORMATS else 0
        found: dict[int | None, Sequence[VideoRecord]] = {chosen: self._read(chosen)}
        for index in range(1, splits + 1):
            if index != (chosen or 1):
                try:
                    found[index] = self._read(index)
                except DataError as error:
                    _log.info("the official split %d is not prepared: %s", index, error)
        return found

    def row(self, record: VideoRecord) -> Row:
        """Returns what a record says that its copy must say too.

        Raises:
            DataError: Its video lies outside the root.
        """
        path = record.path
        if not path.is_relative_to(self.root):
            raise DataError(
                f"{record.row}: {str(path)!r} lies outside {str(self.root)!r}, so the copy has no place for it. Fix: put a "
                "link to its folder below the root, and write the paths so, with data.allow_outside_root=true"
            )
        below = path.relative_to(self.root).as_posix()
        return below, record.label, record.split, record.group, record.start_seconds, record.end_seconds

    def _read(self, index: int | None) -> Sequence[VideoRecord]:
        return read_annotations(
            self.root,
            self.annotations,
            self.options.format,
            index=index,
            class_names_file=self.class_names,
            allow_outside_root=self.options.allow_outside_root,
            frame_folders=self.options.frame_folders,
        )
