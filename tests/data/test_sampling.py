"""Sampling: literal tables for every sampling, padding and length; nothing is ever out of range."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoseq.data.sampling import available_frames, sample_clip
from videoseq.data.writing import write_video
from videoseq.errors import ConfigError, DataError
from videoseq.types import ClipSpec, VideoInfo


def spec(sampling: str, padding: str = "repeat_last", **values: int) -> ClipSpec:
    return ClipSpec(**{"num_frames": 4, "sampling": sampling, "padding": padding, **values})


# --- evaluation: literal tables --------------------------------------------------------------------------------------

UNIFORM = [
    # n, padding, view, num_views, positions for T=4
    (1, "loop", 0, 1, [0, 0, 0, 0]),
    (1, "repeat_last", 0, 1, [0, 0, 0, 0]),
    (1, "mask", 0, 1, [0]),
    (3, "loop", 0, 1, [0, 1, 2, 0]),
    (3, "repeat_last", 0, 1, [0, 1, 2, 2]),
    (3, "mask", 0, 1, [0, 1, 2]),
    (4, "loop", 0, 1, [0, 1, 2, 3]),
    (4, "repeat_last", 0, 1, [0, 1, 2, 3]),
    (4, "mask", 0, 1, [0, 1, 2, 3]),
    (5, "loop", 0, 1, [0, 1, 3, 4]),
    (7, "mask", 0, 1, [0, 2, 4, 6]),
    (8, "repeat_last", 0, 1, [1, 3, 5, 7]),
    (12, "repeat_last", 0, 1, [1, 4, 7, 10]),
    (16, "repeat_last", 0, 1, [2, 6, 10, 14]),
    (16, "repeat_last", 0, 2, [1, 5, 9, 13]),
    (16, "repeat_last", 1, 2, [3, 7, 11, 15]),
    (16, "repeat_last", 0, 4, [0, 4, 8, 12]),
    (16, "repeat_last", 3, 4, [3, 7, 11, 15]),
    (3, "repeat_last", 1, 2, [0, 1, 2, 2]),
    (100, "loop", 0, 1, [12, 37, 62, 87]),
]


@pytest.mark.parametrize("sampling", ["uniform", "segments"])
@pytest.mark.parametrize(("n", "padding", "view", "num_views", "expected"), UNIFORM)
def test_uniform_and_segments(sampling: str, n: int, padding: str, view: int, num_views: int, expected: list[int]) -> None:
    clip = sample_clip(n, spec(sampling, padding), rng=None, view=view, num_views=num_views)
    assert clip.tolist() == expected
    assert clip.dtype == np.int64


@pytest.mark.parametrize(
    ("n", "padding", "view", "num_views", "expected"),
    [
        # T=3, frame_stride=3: clip_span = 7, fxxfxxf
        (7, "loop", 0, 1, [0, 3, 6]),
        (8, "loop", 0, 1, [0, 3, 6]),
        (9, "loop", 0, 1, [1, 4, 7]),
        (17, "mask", 0, 1, [5, 8, 11]),
        (17, "mask", 0, 2, [0, 3, 6]),
        (17, "mask", 1, 2, [10, 13, 16]),
        (17, "mask", 0, 3, [0, 3, 6]),
        (17, "mask", 1, 3, [5, 8, 11]),
        (17, "mask", 2, 3, [10, 13, 16]),
        (7, "mask", 2, 3, [0, 3, 6]),
        (6, "loop", 0, 1, [0, 3, 0]),
        (6, "repeat_last", 0, 1, [0, 3, 5]),
        (6, "mask", 0, 1, [0, 3]),
        (5, "loop", 0, 1, [0, 3, 1]),
        (5, "repeat_last", 0, 1, [0, 3, 4]),
        (5, "mask", 0, 1, [0, 3]),
        (2, "loop", 0, 1, [0, 1, 0]),
        (2, "repeat_last", 0, 1, [0, 1, 1]),
        (2, "mask", 0, 1, [0]),
        (1, "loop", 0, 1, [0, 0, 0]),
        (1, "repeat_last", 0, 1, [0, 0, 0]),
        (1, "mask", 0, 1, [0]),
    ],
)
def test_random_clip(n: int, padding: str, view: int, num_views: int, expected: list[int]) -> None:
    clip_spec = spec("random_clip", padding, num_frames=3, frame_stride=3)
    assert sample_clip(n, clip_spec, rng=None, view=view, num_views=num_views).tolist() == expected


@pytest.mark.parametrize("padding", ["loop", "repeat_last", "mask"])
@pytest.mark.parametrize(
    ("n", "view", "num_views", "expected"),
    [
        # frame_stride=3, max_frames=4
        (1, 0, 1, [0]),
        (3, 0, 1, [0]),
        (4, 0, 1, [0, 3]),
        (12, 0, 1, [0, 3, 6, 9]),
        (12, 1, 2, [0, 3, 6, 9]),
        (13, 0, 1, [1, 4, 7, 10]),
        (20, 0, 1, [5, 8, 11, 14]),
        (20, 0, 2, [0, 3, 6, 9]),
        (20, 1, 2, [10, 13, 16, 19]),
    ],
)
def test_all(padding: str, n: int, view: int, num_views: int, expected: list[int]) -> None:
    clip_spec = spec("all", padding, frame_stride=3, max_frames=4)
    assert sample_clip(n, clip_spec, rng=None, view=view, num_views=num_views).tolist() == expected


# --- training --------------------------------------------------------------------------------------------------------


def draws(n: int, clip_spec: ClipSpec, number: int = 300) -> set[tuple[int, ...]]:
    rng = np.random.default_rng(0)
    return {tuple(sample_clip(n, clip_spec, rng=rng).tolist()) for _ in range(number)}


def test_uniform_is_the_same_in_training() -> None:
    assert draws(12, spec("uniform")) == {(1, 4, 7, 10)}


def test_segments_draw_one_frame_of_each_segment() -> None:
    clips = draws(6, spec("segments"))
    # The borders of four segments of six frames: 0 1 3 4 6
    assert clips == {(0, second, 3, fourth) for second in (1, 2) for fourth in (4, 5)}
    assert draws(3, spec("segments", "loop")) == {(0, 1, 2, 0)}


def test_random_clip_draws_every_legal_start() -> None:
    clips = draws(10, spec("random_clip", num_frames=3, frame_stride=3))
    assert clips == {(0, 3, 6), (1, 4, 7), (2, 5, 8), (3, 6, 9)}
    assert draws(6, spec("random_clip", "repeat_last", num_frames=3, frame_stride=3)) == {(0, 3, 5)}


def test_all_draws_a_run_of_long_videos_only() -> None:
    assert draws(12, spec("all", frame_stride=3, max_frames=4)) == {(0, 3, 6, 9)}
    clips = draws(13, spec("all", frame_stride=3, max_frames=4))
    assert clips == {(start, start + 3, start + 6, start + 9) for start in range(4)}


def test_the_same_seed_gives_the_same_clip() -> None:
    for sampling in ("segments", "random_clip", "all"):
        clips = [
            sample_clip(1000, spec(sampling, max_frames=8), rng=np.random.default_rng(seed)).tolist() for seed in (1, 1, 2)
        ]
        assert clips[0] == clips[1] != clips[2]


@given(
    n=st.integers(1, 400),
    num_frames=st.integers(1, 40),
    frame_stride=st.integers(1, 9),
    max_frames=st.integers(1, 50),
    sampling=st.sampled_from(["uniform", "segments", "random_clip", "all"]),
    padding=st.sampled_from(["loop", "repeat_last", "mask"]),
    seed=st.none() | st.integers(0, 3),
    views=st.integers(1, 5).flatmap(lambda num: st.tuples(st.integers(0, num - 1), st.just(num))),
)
def test_no_position_is_out_of_range(
    n: int,
    num_frames: int,
    frame_stride: int,
    max_frames: int,
    sampling: str,
    padding: str,
    seed: int | None,
    views: tuple[int, int],
) -> None:
    frame_stride = frame_stride if sampling in ("random_clip", "all") else 1
    clip_spec = spec(sampling, padding, num_frames=num_frames, frame_stride=frame_stride, max_frames=max_frames)
    rng = None if seed is None else np.random.default_rng(seed)
    clip = sample_clip(n, clip_spec, rng=rng, view=views[0], num_views=views[1])
    assert clip.dtype == np.int64
    assert len(clip) >= 1
    assert clip.min() >= 0
    assert clip.max() < n
    if padding != "loop" or sampling == "all":
        assert (np.diff(clip) >= 0).all()
    if sampling == "all":
        assert len(clip) == min(max_frames, -(-n // frame_stride))
    elif padding != "mask" or n >= clip_spec.num_frames * frame_stride:
        assert len(clip) == num_frames
    else:
        assert len(clip) <= num_frames


def test_mistakes() -> None:
    with pytest.raises(DataError, match=r"a clip needs at least one frame, got 0"):
        sample_clip(0, spec("uniform"), rng=None)
    with pytest.raises(ConfigError, match=r"view must lie in \[0, num_views\), got view=2 and num_views=2"):
        sample_clip(9, spec("uniform"), rng=None, view=2, num_views=2)
    with pytest.raises(ConfigError, match=r"unknown sampling 'all_of_it'\. Known: all, random_clip, segments, uniform"):
        sample_clip(9, spec("all_of_it"), rng=None)


# --- the timeline ----------------------------------------------------------------------------------------------------


def constant(num_frames: int, fps: int, first_pts: int = 0) -> VideoInfo:
    return VideoInfo(Path("v.mp4"), num_frames=num_frames, time_base=Fraction(1, fps * 512), first_pts=first_pts, pts_step=512)


VARIABLE = VideoInfo(
    Path("v.mp4"),
    num_frames=5,
    time_base=Fraction(1, 1000),
    first_pts=100,
    irregular_pts=np.array([100, 200, 700, 750, 1100]),  # shown at 0, 0.1, 0.6, 0.65 and 1.0 s
)


@pytest.mark.parametrize(
    ("start", "end", "fps", "expected"),
    [
        (None, None, None, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (0.2, 0.5, None, [2, 3, 4]),
        (0.15, 0.41, None, [2, 3, 4]),
        (0.9, None, None, [9]),
        (None, 0.1, None, [0]),
        (0.3, 99.0, None, [3, 4, 5, 6, 7, 8, 9]),
        (None, None, 10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (None, None, 5, [0, 2, 4, 6, 8]),
        (None, None, 4, [0, 2, 5, 7]),
        (None, None, 3, [0, 3, 6]),
        (None, None, 20, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9]),
        (0.2, 0.6, 5, [2, 4]),
        (0.2, 0.6, 20, [2, 2, 3, 3, 4, 4, 5, 5]),
        (0.3, 99.0, 5, [3, 5, 7, 9]),
        (0.2, 0.5, 0.01, [2]),
    ],
)
def test_constant_frame_rate(start: float | None, end: float | None, fps: float | None, expected: list[int]) -> None:
    for first_pts in (0, 777):
        frames = available_frames(constant(10, 10, first_pts), start_seconds=start, end_seconds=end, target_fps=fps)
        assert frames.tolist() == expected
        assert frames.dtype == np.int64


@pytest.mark.parametrize(
    ("start", "end", "fps", "expected"),
    [
        (None, None, None, [0, 1, 2, 3, 4]),
        (0.1, 0.65, None, [1, 2]),
        (0.11, None, None, [2, 3, 4]),
        (None, None, 10, [0, 1, 1, 1, 1, 1, 2, 3, 3, 3, 4, 4, 4]),
        (None, None, 2, [0, 1, 4]),
        (0.1, 0.65, 10, [1, 1, 1, 1, 1, 2]),
    ],
)
def test_variable_frame_rate(start: float | None, end: float | None, fps: float | None, expected: list[int]) -> None:
    frames = available_frames(VARIABLE, start_seconds=start, end_seconds=end, target_fps=fps)
    assert frames.tolist() == expected


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
def test_seconds_written_as_decimals_hit_their_frames(fps: int) -> None:
    info = constant(3 * fps, fps)
    for first in range(0, fps, 7):
        for stop in range(first + 1, 2 * fps, 11):
            frames = available_frames(info, start_seconds=first / fps, end_seconds=stop / fps, target_fps=None)
            assert frames.tolist() == list(range(first, stop))
            same = available_frames(info, start_seconds=first / fps, end_seconds=stop / fps, target_fps=fps)
            assert same.tolist() == list(range(first, stop))


def test_a_video_of_one_frame() -> None:
    info = VideoInfo(Path("v.mp4"), num_frames=1)
    for fps in (None, 10.0):
        assert available_frames(info, start_seconds=None, end_seconds=None, target_fps=fps).tolist() == [0]


def test_no_frame_in_the_range() -> None:
    with pytest.raises(
        DataError, match=r"'v.mp4': no frame from 5 s to the end: the video has 10 frames, the last frame at 0\.900 s"
    ):
        available_frames(constant(10, 10), start_seconds=5, end_seconds=None, target_fps=None)
    with pytest.raises(DataError, match=r"no frame from 0\.11 s to 0\.19 s.*Fix: correct start_seconds and end_seconds"):
        available_frames(constant(10, 10), start_seconds=0.11, end_seconds=0.19, target_fps=10)
    with pytest.raises(DataError, match=r"no frame from 0 s to the end: the video has 0 frames\."):
        available_frames(VideoInfo(Path("v.mp4")), start_seconds=None, end_seconds=None, target_fps=None)


def test_an_encoded_video_of_variable_frame_rate(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    times = [0, 100, 600, 650, 1000, 1040]  # ms
    write_video(path, np.zeros((6, 16, 16, 3), np.uint8), pts=times)
    with av.open(str(path)) as container:
        pts = np.array([frame.pts for frame in container.decode(video=0)])
        time_base = container.streams.video[0].time_base
    info = VideoInfo(path, num_frames=6, time_base=time_base, first_pts=int(pts[0]), irregular_pts=pts)
    frames = available_frames(info, start_seconds=None, end_seconds=1.05, target_fps=10)
    assert frames.tolist() == [0, 1, 1, 1, 1, 1, 2, 3, 3, 3, 4]
