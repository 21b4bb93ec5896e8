"""Labelled parts of videos: each must hold a frame."""

import numpy as np

from videoseq.data.columns import Positions
from videoseq.data.infos import Infos
from videoseq.data.records import Records
from videoseq.data.sampling import available_frames, part_bounds
from videoseq.errors import DataError


def check_parts(records: Records, infos: Infos, info_ids: Positions) -> None:
    """Checks that every labelled part holds a frame.

    Args:
        records: N records.
        infos: What the scan says about the files.
        info_ids: Position in `infos` of each record's file, (N,).

    Raises:
        DataError: One does not; the message names the first such record.
    """
    parts = np.flatnonzero(~(np.isnan(records.starts) & np.isnan(records.ends)))
    parts = parts[np.argsort(info_ids[parts], kind="stable")]  # those of one file side by side
    files, firsts = np.unique(info_ids[parts], return_index=True)
    empty: list[int] = []
    for file, its in zip(files.tolist(), np.split(parts, firsts[1:]), strict=True) if len(parts) else ():
        first, stop = part_bounds(infos[file], records.starts[its], records.ends[its])
        empty += its[first >= stop].tolist()
    if empty:
        record = records[min(empty)]
        try:
            available_frames(
                infos[int(info_ids[min(empty)])],
                start_seconds=record.start_seconds,
                end_seconds=record.end_seconds,
                target_fps=None,
            )
        except DataError as error:
            raise DataError(f"{record.row}: {error}") from None
