"""Scan results as rows of plain values: what a worker sends and what the cache stores."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from videoseq.types import VideoInfo

Row = dict[str, Any]


def to_row(info: VideoInfo) -> Row:
    """Returns the fields of a scan result as strings, numbers, booleans, None and lists of integers.

    Args:
        info: The scan result.
    """
    row = dict(vars(info))
    row["path"] = str(info.path)
    row["time_base"] = str(info.time_base)
    row["keyframes"] = info.keyframes.tolist()
    row["irregular_pts"] = None if info.irregular_pts is None else info.irregular_pts.tolist()
    return row


def from_row(row: Row) -> VideoInfo:
    """Returns the scan result that `to_row` made a row of.

    Args:
        row: The row; `keyframes` and `irregular_pts` may be lists or arrays.
    """
    values = dict(row)
    values["path"] = Path(row["path"])
    values["time_base"] = Fraction(row["time_base"])
    values["keyframes"] = np.array(row["keyframes"], np.int64)
    values["irregular_pts"] = None if row["irregular_pts"] is None else np.array(row["irregular_pts"], np.int64)
    return VideoInfo(**values)
