"""Labelled parts of videos, each of which must hold a frame, and labels in time, which must lie in the video."""

import numpy as np

from videoseq.data.columns import Positions
from videoseq.data.infos import Infos
from videoseq.data.records import Records
from videoseq.data.sampling import available_frames, part_bounds
from videoseq.data.tracks import TOLERANCE_SECONDS
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


def check_tracks(records: Records, infos: Infos, info_ids: Positions) -> None:
    """Checks that labels in time lie in their videos; the last may end up to one frame behind.

    Args:
        records: N records.
        infos: What the scan says about the files.
        info_ids: Position in `infos` of each record's file, (N,).

    Raises:
        DataError: One does not; the message names the first such row.
    """
    tracks = records.tracks
    if tracks is None:
        return
    durations, num_frames = infos.duration_seconds[info_ids], infos.num_frames[info_ids]
    latest = (durations + durations / np.maximum(num_frames, 1))[tracks.owners]
    beyond = np.flatnonzero(tracks.rows.ends[tracks.own_rows] > latest + TOLERANCE_SECONDS)
    if len(beyond):
        row, video = int(tracks.own_rows[beyond[0]]), int(tracks.owners[beyond[0]])
        file = records.rows[video].rpartition(" ")[0]
        raise DataError(
            f"{file} {tracks.rows.lines[row]}: {tracks.rows.ends[row]:g} s lies behind the end of "
            f"{str(records[video].path)!r}, which lasts {durations[video]:.3f} s, {num_frames[video]} frames. "
            "Fix: correct the row; times are seconds"
        )
