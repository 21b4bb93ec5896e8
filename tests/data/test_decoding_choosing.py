from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from videoseq.data.decoding import choose_reader
from videoseq.data.decoding.choosing import COSTS, ReadingCost, expected_milliseconds, frames_to_decode
from videoseq.data.decoding.demux import scan_video
from videoseq.types import VideoInfo


@pytest.mark.parametrize(
    ("num_frames", "num_keyframes", "skippable_fraction", "expected"),
    [
        # All of a video of one group of pictures …
        (160, 1, 0.0, 160),
        (7500, 30, 0.0, 2008),
        # … or half of a short group for each wanted frame.
        (160, 20, 0.0, 72),
        (160, 160, 0.0, 16),
        # The wanted ones are never left out.
        (160, 1, 0.5, 88),
        (160, 1, 1.0, 16),
        (160, 20, 0.5, 44),
        (7, 1, 0.5, 7),
        (1, 1, 0.0, 1),
    ],
)
def test_how_many_frames_are_decoded(num_frames, num_keyframes, skippable_fraction, expected):
    assert frames_to_decode(num_frames, num_keyframes, skippable_fraction) == expected


@pytest.mark.parametrize(
    ("size", "num_frames", "skippable_fraction", "cost", "expected"),
    [
        ((500, 1000), 160, 0.0, ReadingCost(3.0, 2.0, can_skip=True), 3 + 160 * 0.5 * 2),
        ((500, 1000), 160, 0.5, ReadingCost(3.0, 2.0, can_skip=True), 3 + 88 * 0.5 * 2),
        ((500, 1000), 160, 0.5, ReadingCost(3.0, 2.0, can_skip=False), 3 + 160 * 0.5 * 2),
        ((100, 100), 16, 0.5, ReadingCost(1.0, 2.0, can_skip=True), 1 + 16 * 0.01 * 2),
    ],
)
def test_what_reading_is_expected_to_cost(size, num_frames, skippable_fraction, cost, expected):
    info = VideoInfo(
        Path("a.mp4"),
        height=size[0],
        width=size[1],
        num_frames=num_frames,
        keyframes=np.zeros(1, np.int64),
        skippable_fraction=skippable_fraction,
    )
    assert expected_milliseconds(info, cost) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["h264.mp4", "h264_long_gop.mp4", "hevc.mp4", "vp9.webm", "mpeg4.avi"])
def test_auto_takes_the_exact_reader_that_is_expected_to_be_faster(encoded, name):
    info = scan_video(encoded(name)[0])
    assert info.decord_safe
    fastest, slowest = sorted(COSTS, key=lambda reader: expected_milliseconds(info, COSTS[reader]))
    assert choose_reader(info) == (fastest, f"exact, and expected to be faster than {slowest}")


def test_auto_never_takes_a_reader_that_would_be_wrong(encoded):
    info = scan_video(encoded("h264.mp4")[0])
    assert choose_reader(replace(info, decord_safe=False, unsafe_reason="codec av1")) == (
        "pyav",
        "decord would be wrong: codec av1",
    )
    assert choose_reader(info, width=48) == ("pyav", "decord would be wrong: width 48")
