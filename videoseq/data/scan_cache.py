"""The file that keeps scan results from one run to the next, so that known videos are not opened again."""

import logging
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from videoseq.data.scan_rows import from_row, to_row
from videoseq.types import Limits, VideoInfo

logger = logging.getLogger(__name__)

_VERSION = b"4"
_SCHEMA = pa.schema(
    [
        # Bytes: a file name need not be valid UTF-8.
        ("path", pa.binary()),
        ("size_bytes", pa.int64()),
        ("fingerprint", pa.int64()),
        ("container", pa.string()),
        ("codec", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("rotation", pa.int64()),
        ("num_frames", pa.int64()),
        ("time_base", pa.string()),
        ("first_pts", pa.int64()),
        ("pts_step", pa.int64()),
        ("irregular_pts", pa.list_(pa.int64())),
        ("keyframes", pa.list_(pa.int64())),
        ("content_hash", pa.string()),
        ("decord_safe", pa.bool_()),
        ("unsafe_reason", pa.string()),
        ("frame_pattern", pa.string()),
    ],
    metadata={b"videoseq_scan": _VERSION},
)


class Stamp(NamedTuple):
    """What tells a video that was scanned from one that has changed since.

    Attributes:
        size_bytes: `VideoInfo.size_bytes` as it is now.
        fingerprint: `VideoInfo.fingerprint` as it is now.
    """

    size_bytes: int
    fingerprint: int


class ScanCache:
    """The scan results of good files and folders of frames in one Arrow IPC file.

    A result counts for a video as long as its stamp agrees, under all limits that it keeps.
    """

    def __init__(self, file: Path) -> None:
        """Reads the file; one that is absent, damaged or of another version is empty, the latter two with a warning.

        Args:
            file: Where the cache is, or will be.
        """
        self.file = file
        self._table = _read(file)
        paths = self._table.column("path").to_pylist()
        self._row_of = {path: row for row, path in enumerate(paths)}
        self._columns = {name: self._table.column(name) for name in self._table.column_names}

    def get(self, path: Path, stamp: Stamp, limits: Limits) -> VideoInfo | None:
        """Returns the result that counts for a video; None if there is none.

        Args:
            path: The file or folder, absolute.
            stamp: What it is like now.
            limits: The limits that hold now.
        """
        row = self._row_of.get(os.fsencode(path))
        if row is None:
            return None
        if (self._value("size_bytes", row), self._value("fingerprint", row)) != stamp:
            return None
        info = from_row({name: self._value(name, row) for name in self._columns} | {"path": path})
        keeps = (
            info.width * info.height <= limits.max_pixels
            and info.num_frames <= limits.max_frames
            and info.size_bytes <= limits.max_bytes
        )
        return info if keeps else None

    def add(self, infos: Iterable[VideoInfo]) -> None:
        """Writes new results beside those that the file holds now; whoever reads meanwhile sees the old file whole.

        Args:
            infos: The results, each without an error.

        Raises:
            OSError: The file cannot be written.
        """
        rows = [to_row(info) | {"path": os.fsencode(info.path)} for info in infos]
        new = pa.Table.from_pylist(rows, schema=_SCHEMA)
        # Another process may have written since: its rows are kept.
        old = _read(self.file, logging.DEBUG)
        replaced = set(new.column("path").to_pylist())
        kept = old.filter(pa.array([path not in replaced for path in old.column("path").to_pylist()], pa.bool_()))
        self.file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self.file.parent, prefix=f".{self.file.name}.")
        try:
            with os.fdopen(descriptor, "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as writer:
                writer.write_table(pa.concat_tables([kept, new]).combine_chunks())
            Path(temporary).replace(self.file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _value(self, name: str, row: int) -> Any:
        value = self._columns[name][row]
        if isinstance(value, pa.ListScalar):
            return None if value.values is None else np.asarray(value.values)
        return value.as_py()


def _read(file: Path, level: int = logging.WARNING) -> pa.Table:
    """Returns the table of a cache file; an empty one if it is absent or cannot be used."""
    try:
        # Read, not mapped: the file may be replaced at any time.
        with file.open("rb") as source:
            table = pa.ipc.open_file(source).read_all()
        table.validate(full=True)
    except FileNotFoundError:
        return _SCHEMA.empty_table()
    except (pa.ArrowException, OSError, ValueError) as error:
        logger.log(level, "the scan cache %s is damaged (%s); every video is scanned again", file, error)
        return _SCHEMA.empty_table()
    if not table.schema.equals(_SCHEMA, check_metadata=True):
        logger.log(level, "the scan cache %s is of another version; every video is scanned again", file)
        return _SCHEMA.empty_table()
    return table.combine_chunks()
