from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from videoseq.data.dataset import timeline
from videoseq.data.decoding.demux import scan_video
from videoseq.data.writing import write_video
from videoseq.errors import DataError
from videoseq.serving.parts import frame_windows, usual_window_seconds, whole_video, windows
from videoseq.types import ClipSpec, VideoInfo

VIDEO = VideoInfo(Path("/videos/long.mp4"), num_frames=100, time_base=Fraction(1, 1000), first_pts=40, pts_step=100)
"""10 s at 10 frames a second."""


def times(parts):
    return [tuple(None if at is None else round(at, 6) for at in (v.record.start_seconds, v.record.end_seconds)) for v in parts]


def test_a_whole_video_has_no_borders_and_no_class():
    video = whole_video(VIDEO)
    assert (video.record.path, video.record.start_seconds, video.record.end_seconds, video.target) == (
        VIDEO.path,
        None,
        None,
        -1,
    )
    assert timeline(video, ClipSpec()).tolist() == list(range(100))


@pytest.mark.parametrize(
    ("length", "step", "expected"),
    [
        (4.0, 2.0, [(0, 4), (2, 6), (4, 8), (6, 10)]),
        (4.0, 3.0, [(0, 4), (3, 7), (6, 10)]),
        (4.0, 2.5, [(0, 4), (2.5, 6.5), (5, 9), (6, 10)]),
        (5.0, 5.0, [(0, 5), (5, 10)]),
        (10.0, 1.0, [(None, None)]),
        (12.0, 1.0, [(None, None)]),
        (4.0, 20.0, [(0, 4), (6, 10)]),
    ],
)
def test_windows_cover_the_video_and_the_last_ends_with_it(length, step, expected):
    assert times(windows(VIDEO, length, step)) == expected


@pytest.mark.parametrize("step", [0.1, 0.3, 0.7, 1 / 3])
def test_rounding_never_doubles_the_last_window(step):
    starts = [start for start, _ in times(windows(VIDEO, 3.0, step))]
    assert starts[-1] == 7.0
    assert len(set(starts)) == len(starts)
    assert min(np.diff(starts)) > 1e-3


def test_a_window_holds_frames():
    assert [len(timeline(part, ClipSpec())) for part in windows(VIDEO, 4.0, 3.0)] == [40, 40, 40]


@pytest.mark.parametrize(
    ("clip", "seconds"),
    [
        (ClipSpec(), 2.5),
        (ClipSpec(sampling="segments"), 2.5),
        (ClipSpec(sampling="all"), 2.5),
        (ClipSpec(sampling="random_clip", num_frames=16, frame_stride=2), 3.1),
        (ClipSpec(sampling="random_clip", num_frames=16, frame_stride=2, target_fps=31), 1.0),
    ],
)
def test_a_window_is_as_long_as_what_the_model_was_trained_on(clip, seconds):
    assert usual_window_seconds(clip, VIDEO, trained_seconds=2.5) == pytest.approx(seconds)


def test_a_single_frame_model_gets_the_very_frame():
    asked = [0, 50, 98, 99]
    for frame, part in zip(asked, frame_windows(VIDEO, asked, ClipSpec(num_frames=1), 2.0), strict=True):
        assert timeline(part, ClipSpec(num_frames=1)).tolist() == [frame]


def test_a_single_frame_model_gets_the_very_frame_of_a_variable_rate():
    pts = np.array([0, 3, 10, 11, 12, 400, 401], np.int64)
    video = replace(VIDEO, num_frames=7, irregular_pts=pts, pts_step=0, time_base=Fraction(1, 90_000), first_pts=0)
    parts = frame_windows(video, range(7), ClipSpec(num_frames=1), 2.0)
    assert [timeline(part, ClipSpec(num_frames=1)).tolist() for part in parts] == [[frame] for frame in range(7)]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [(50, (4.0, 6.0)), (0, (0.0, 2.0)), (5, (0.0, 2.0)), (10, (0.0, 2.0)), (12, (0.2, 2.2)), (99, (8.0, 10.0))],
)
def test_other_models_get_the_window_around_the_frame(frame, expected):
    part = frame_windows(VIDEO, [frame], ClipSpec(), 2.0)
    assert times(part) == [expected]
    assert frame in timeline(part[0], ClipSpec())


def test_a_window_longer_than_the_video_is_the_video():
    (part,) = frame_windows(VIDEO, [50], ClipSpec(), 60.0)
    assert timeline(part, ClipSpec()).tolist() == list(range(100))


@pytest.mark.parametrize("frame", [-1, 100])
def test_a_frame_that_is_not_there_is_named(frame):
    with pytest.raises(DataError, match=f"'/videos/long.mp4' has 100 frames, 0 to 99: there is no frame {frame}"):
        frame_windows(VIDEO, [0, frame], ClipSpec(), 2.0)


def test_a_video_of_one_frame_is_one_window(tmp_path):
    path = tmp_path / "one.mp4"
    write_video(path, [np.zeros((32, 32, 3), np.uint8)])
    (window,) = windows(scan_video(path), 1.0, 0.5)
    assert len(timeline(window, ClipSpec())) == 1
