"""What the videos of a data set are labelled with, as numbers: one target of each video, or a track of each."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.data.tracks import Track, Tracks, join_tracks

Target = int | float | NDArray[np.float32] | Track
"""A class id (-1 where the class is not known); a value; (K,) of 0 and 1, which classes occur; or what holds when."""

Targets = NDArray[Any] | Tracks
"""Those of N videos: (N,) int64 class ids, (N,) float64 values, (N, K) float32 of 0 and 1, or tracks."""


def targets_of(listed: Sequence[Target]) -> Targets:
    """Returns the targets of some videos, all of one kind, as a column."""
    tracks = [target for target in listed if isinstance(target, Track)]
    if tracks:
        return Tracks.of(tracks)
    column = np.array(listed)
    return column if column.dtype.kind == "f" else column.astype(np.int64)


def target_at(targets: Targets, index: int) -> Target:
    """Returns the target of one video."""
    target = targets[index]
    return target.item() if isinstance(target, np.generic) else target


def take_targets(targets: Targets, positions: NDArray[np.integer]) -> Targets:
    """Returns the targets of some videos."""
    return targets.take(positions) if isinstance(targets, Tracks) else targets[positions]


def targets_digest(targets: Targets) -> str:
    """Returns a digest of the targets of some videos, in their order."""
    columns = [targets]
    if isinstance(targets, Tracks):
        rows, its = targets.rows, targets.own_rows
        columns = [targets.counts, rows.starts[its], rows.ends[its], rows.values[its], np.array(targets.outside)]
    return hashlib.sha256(b"".join(np.asarray(column).tobytes() for column in columns)).hexdigest()[:8]


def join_targets(tables: Sequence[Targets]) -> Targets:
    """Returns the targets of several tables one after the other, at least one table."""
    tracks = [table for table in tables if isinstance(table, Tracks)]
    return join_tracks(tracks) if tracks else np.concatenate([table for table in tables if not isinstance(table, Tracks)])
