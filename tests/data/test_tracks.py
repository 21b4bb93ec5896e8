"""Labels in time: what holds at any second, and the columns of many videos."""

import numpy as np
import pytest

from videoseq.data.tracks import Curve, Segments, TrackRows, Tracks, join_tracks
from videoseq.types import IGNORED

X = IGNORED


def segments(*rows: tuple[float, float, int], outside: int = IGNORED) -> Segments:
    starts, ends, values = (np.array([row[place] for row in rows]) for place in range(3))
    return Segments(starts.astype(float), ends.astype(float), values.astype(np.int64), outside)


def curve(*points: tuple[float, float]) -> Curve:
    times, values = (np.array([point[place] for point in points], float) for place in range(2))
    return Curve(times, times, values)


@pytest.mark.parametrize(
    ("track", "seconds", "expected"),
    [
        (segments((0.1, 0.3, 2), (0.3, 0.4, 0)), [0, 0.1, 0.2, 0.3, 0.4, 0.5], [X, 2, 2, 0, X, X]),
        (segments((0.1, 0.3, 2), outside=1), [0, 0.1, 0.2, 0.3], [1, 2, 2, 1]),
        (segments((0.0, 9.0, 3)), [0, 8.99, 9.0], [3, 3, X]),
        (segments((0.1, 0.3, 2)), [0.3, 0.2, 0.0, 0.2], [X, 2, X, 2]),
        (segments(outside=4), [0, 1], [4, 4]),
        (segments((0.1, 0.2, 2)), [], []),
        # Frame 3 of 30 a second is at 0.1 and ends at 4 / 30: decimals of six digits mean the same frames.
        (segments((0.1, 0.133333, 2), (0.133333, 0.2, 5)), [2 / 30, 3 / 30, 4 / 30, 5 / 30, 6 / 30], [X, 2, 5, 5, X]),
        (segments((0.3, 0.4, 2)), [0.1 + 0.2, 0.1 * 3, 0.4], [2, 2, X]),
    ],
)
def test_class_ids_at_seconds(track, seconds, expected):
    found = track.at(np.array(seconds))
    assert (found.dtype, found.tolist()) == (np.int64, expected)


@pytest.mark.parametrize(
    ("track", "seconds", "expected"),
    [
        (curve((0.1, 1), (0.3, 3)), [0, 0.1, 0.2, 0.3, 0.4], [None, 1, 2, 3, None]),
        (curve((0, 1), (1, 0), (2, 4)), [0.5, 1, 1.25, 2], [0.5, 0, 1, 4]),
        (curve((1, 5)), [0.9, 1, 1.1], [None, 5, None]),
        (curve((0.3, 5), (1, 6)), [0.1 + 0.2, 0.1 * 3], [5, 5]),
    ],
)
def test_values_at_seconds(track, seconds, expected):
    found = track.at(np.array(seconds))
    assert found.dtype == np.float32
    assert [None if np.isnan(value) else pytest.approx(float(value)) for value in found] == expected


def table() -> Tracks:
    """Three videos: one segment, none, two."""
    rows = TrackRows(np.array([0.0, 1, 2]), np.array([1.0, 2, 3]), np.array([1, 0, 1]), np.array([5, 2, 9]))
    return Tracks(Segments, rows, np.array([0, 1, 1]), np.array([1, 0, 2]), ("a", "b"))


def starts(tracks: Tracks) -> list[list[float]]:
    return [track.starts.tolist() for track in tracks]


def test_a_table_of_tracks():
    tracks = table()
    assert len(tracks) == 3
    assert starts(tracks) == [[0], [], [1, 2]]
    assert tracks.lines(2).tolist() == [2, 9]
    assert (tracks.owners.tolist(), tracks.own_rows.tolist()) == ([0, 2, 2], [0, 1, 2])


def test_some_of_them_share_the_rows():
    tracks = table()
    some = tracks.take(np.array([2, 0]))
    assert some.rows is tracks.rows
    assert starts(some) == [[1, 2], [0]]
    assert (some.owners.tolist(), some.own_rows.tolist()) == ([0, 0, 1], [1, 2, 0])
    assert starts(tracks[1:]) == [[], [1, 2]]
    assert np.shares_memory(some[0].starts, tracks.rows.starts)


def test_class_ids_take_the_place_of_names():
    tracks = table().with_classes([7, 3], outside=4)
    assert [track.values.tolist() for track in tracks] == [[3], [], [7, 3]]
    assert tracks[1].at(np.array([0.0])).tolist() == [4]
    assert table()[2].values.tolist() == [0, 1]


def test_tables_are_joined():
    tracks = table()
    parts = [tracks.take(np.array([2])), tracks.take(np.array([0]))]
    assert join_tracks(parts).rows is tracks.rows
    assert starts(join_tracks(parts)) == [[1, 2], [0]]
    other = Tracks.of([segments((5, 6, 1)), segments(), segments((7, 8, 0), (8, 9, 1))])
    assert starts(join_tracks([*parts, other])) == [[1, 2], [0], [5], [], [7, 8]]
