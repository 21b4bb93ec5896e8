"""The file that keeps scan results from one run to the next, so that known videos are not opened again."""

import logging
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from videoseq.data.scan_rows import to_row
from videoseq.types import Limits, VideoInfo

logger = logging.getLogger(__name__)

_VERSION = b"6"
SCHEMA = pa.schema(
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
        ("can_skip", pa.bool_()),
        ("marks_exact", pa.bool_()),
        ("content_hash", pa.string()),
        ("shown_as", pa.string()),
        ("decord_safe", pa.bool_()),
        ("unsafe_reason", pa.string()),
        ("frame_pattern", pa.string()),
    ],
    metadata={b"videoseq_scan": _VERSION},
)
"""The columns of a scan cache: the fields of `VideoInfo` but for the error."""


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
        self.table = _read(file)

    def find(self, paths: Sequence[bytes], stamps: NDArray[np.int64], limits: Limits) -> NDArray[np.int64]:
        """Returns the row of `table` that counts for each video, (N,) int64; -1 where there is none.

        Args:
            paths: The N files and folders, absolute, encoded.
            stamps: What they are like now, (N, 2): size in bytes and fingerprint.
            limits: The limits that hold now.
        """
        found = pc.index_in(pa.array(paths, pa.binary()), value_set=self.table.column("path"))
        rows: NDArray[np.int64] = found.fill_null(-1).to_numpy().astype(np.int64)
        names = ("size_bytes", "fingerprint", "width", "height", "num_frames")
        size, fingerprint, width, height, num_frames = (self.table.column(name).to_numpy() for name in names)
        keeps = (width * height <= limits.max_pixels) & (num_frames <= limits.max_frames) & (size <= limits.max_bytes)
        here = np.flatnonzero(rows >= 0)
        its = rows[here]
        counts = keeps[its] & (size[its] == stamps[here, 0]) & (fingerprint[its] == stamps[here, 1])
        rows[here[~counts]] = -1
        return rows

    def add(self, infos: Iterable[VideoInfo]) -> None:
        """Writes new results beside those that the file holds now; whoever reads meanwhile sees the old file whole.

        Args:
            infos: The results, each without an error.

        Raises:
            OSError: The file cannot be written.
        """
        new = to_table(infos)
        # Another process may have written since: its rows are kept.
        old = _read(self.file, logging.DEBUG)
        kept = old.filter(pc.invert(pc.is_in(old.column("path"), value_set=new.column("path"))))
        self.file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self.file.parent, prefix=f".{self.file.name}.")
        try:
            with os.fdopen(descriptor, "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as writer:
                writer.write_table(pa.concat_tables([kept, new]).combine_chunks())
            Path(temporary).replace(self.file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def to_table(infos: Iterable[VideoInfo]) -> pa.Table:
    """Returns scan results as a table of the columns of a cache."""
    return pa.Table.from_pylist([to_row(info) | {"path": os.fsencode(info.path)} for info in infos], schema=SCHEMA)


def _read(file: Path, level: int = logging.WARNING) -> pa.Table:
    """Returns the table of a cache file; an empty one if it is absent or cannot be used."""
    try:
        # Read, not mapped: the file may be replaced at any time.
        with file.open("rb") as source:
            table = pa.ipc.open_file(source).read_all()
        table.validate(full=True)
    except FileNotFoundError:
        return SCHEMA.empty_table()
    except (pa.ArrowException, OSError, ValueError) as error:
        logger.log(level, "the scan cache %s is damaged (%s); every video is scanned again", file, error)
        return SCHEMA.empty_table()
    if not table.schema.equals(SCHEMA, check_metadata=True):
        logger.log(level, "the scan cache %s is of another version; every video is scanned again", file)
        return SCHEMA.empty_table()
    return table.combine_chunks()
