"""Long videos that are written fast, and what is measured on them."""

import numpy as np
import pytest

from videoseq.benchmarks.length import measure_lengths
from videoseq.benchmarks.looped_video import pattern_segments, repeat_video, write_pattern
from videoseq.data.decoding import read_frames
from videoseq.data.decoding.demux import scan_video
from videoseq.types import Limits


def test_a_repeated_video_shows_the_frames_of_the_short_one_again_and_again(tmp_path):
    write_pattern(tmp_path / "short.mp4", 0.4, seed=1)
    repeat_video(tmp_path / "short.mp4", tmp_path / "long.mp4", 7)
    short, long = (scan_video(tmp_path / name, Limits()) for name in ("short.mp4", "long.mp4"))
    assert (short.num_frames, long.num_frames, long.error) == (10, 70, None)
    assert long.duration_seconds == pytest.approx(2.8)
    assert long.irregular_pts is None
    assert long.keyframes.tolist() == [10 * turn for turn in range(7)]
    wanted = np.array([0, 9, 10, 34, 69])
    assert np.array_equal(read_frames(long, wanted), read_frames(short, wanted % 10))


def test_the_pattern_says_what_it_shows_when(tmp_path):
    assert pattern_segments(0.4) == [(0.0, 0.08, "left"), (0.08, 0.2, "right"), (0.2, 0.28, "left"), (0.28, 0.4, "right")]
    write_pattern(tmp_path / "a.mp4", 2, seed=0)
    frames = read_frames(scan_video(tmp_path / "a.mp4", Limits()), np.arange(50))
    assert frames.shape == (50, 240, 320, 3)
    moved = [np.abs(np.roll(frames[k].astype(int), step, 1) - frames[k + 1]).mean(2) for k, step in ((5, -3), (20, 3))]
    still = [np.abs(frames[k].astype(int) - frames[k + 1]).mean(2) for k in (5, 20)]
    for one, other in zip(moved, still, strict=True):  # where the box is, what moved fits better
        assert (one < other - 20).sum() > 500


def test_memory_and_time_are_measured_for_every_length(tmp_path):
    figures = measure_lengths(["data.num_workers=0", "model.encoder.channels=[4]"], 1.0, tmp_path / "videos", repeats=(1,))
    (length,) = figures["lengths"]
    assert length["seconds"] == 1.0
    for name in ("train", "evaluate"):
        seen = length[name]
        assert seen["wall_seconds"] > 0
        assert seen["cpu_seconds"] > 0
        assert len(seen["peak_mb_by_tenth"]) == 10
        assert seen["peak_mb"] == max(seen["peak_mb_by_tenth"]) > 100
    assert figures["memory_longest_to_shortest"] == {"train": 1.0, "evaluate": 1.0}
