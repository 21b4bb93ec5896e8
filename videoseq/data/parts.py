"""Labelled parts of videos, each of which must hold a frame, and labels in time, which must lie in the video and name some."""

import logging
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from videoseq.data.columns import Positions
from videoseq.data.infos import Infos
from videoseq.data.records import Records
from videoseq.data.sampling import available_frames, part_bounds
from videoseq.data.tracks import TOLERANCE_SECONDS, Segments, Tracks
from videoseq.data.videos import Videos
from videoseq.errors import DataError
from videoseq.types import IGNORED, Split

logger = logging.getLogger(__name__)


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
    """Checks that labels in time lie in their videos; the last may end up to one frame behind, that of a single frame anywhere.

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
    latest[num_frames[tracks.owners] == 1] = np.inf  # nothing tells when it ends
    beyond = np.flatnonzero(tracks.rows.ends[tracks.own_rows] > latest + TOLERANCE_SECONDS)
    if len(beyond):
        row, video = int(tracks.own_rows[beyond[0]]), int(tracks.owners[beyond[0]])
        file = records.rows[video].rpartition(" ")[0]
        raise DataError(
            f"{file} {tracks.rows.lines[row]}: {tracks.rows.ends[row]:g} s lies behind the end of "
            f"{str(records[video].path)!r}, which lasts {durations[video]:.3f} s, {num_frames[video]} frames. "
            "Fix: correct the row; times are seconds"
        )


def check_labelled(videos: Mapping[Split, Videos]) -> None:
    """Checks that labels in time name frames to train on and to validate by; warns of videos and segments of which none does.

    Source frames count, as they are before a clip takes some of them. Labels of whole videos name all their frames.

    Args:
        videos: Those of each split.

    Raises:
        DataError: No training or no validation video has a frame with a label; the message names the first one and its row.
    """
    for split, part in videos.items():
        tracks = part.targets
        if not isinstance(tracks, Tracks) or not len(part):
            continue
        row_frames = part.row_frames
        _tell_empty_segments(split, part, tracks, row_frames)
        if tracks.outside != IGNORED:
            continue
        unlabelled = np.flatnonzero(np.bincount(tracks.owners, row_frames, len(part)) == 0)
        if not len(unlabelled):
            continue
        first = int(unlabelled[0])
        path = str(part.records[first].path)
        if len(unlabelled) == len(part) and split != "test":
            fps = part[first].info.fps
            raise DataError(
                f"{part.records.rows[first]}: none of the {len(part)} videos of {split} has a frame with a label; the first is "
                f"{path!r}, with {fps:g} frames a second, all of them outside of what its rows name: a segment names the "
                "frames from start_seconds until end_seconds, values those from the first time of a video to the last. "
                "Fix: correct the seconds, or add rows"
            )
        logger.warning(
            "%d of %d videos of %s have no frame with a label, the first is %r (%s): their rows name times between two frames",
            len(unlabelled),
            len(part),
            split,
            path,
            part.records.rows[first],
        )


def _tell_empty_segments(split: Split, part: Videos, tracks: Tracks, row_frames: NDArray[np.int64]) -> None:
    empty = tracks.own_rows[row_frames == 0]
    if tracks.kind is not Segments or not len(empty):
        return
    file = part.records.rows[0].rpartition(" ")[0]
    logger.warning(
        "%d of %d segments of %s hold no frame, since they lie between two; the first is %s %d",
        len(empty),
        len(row_frames),
        split,
        file,
        tracks.rows.lines[empty].min(),
    )
