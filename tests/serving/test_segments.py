"""Segments from probabilities of frames."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from videoseq.serving.parts import whole_video
from videoseq.serving.segments import Segment, end_of, segments_of


def probs_of(text, second=""):
    """Probabilities of the classes a, b and c: 0.7 for the letter, 0.2 for the one in `second`, 0.1 for the last."""
    table = []
    for letter, other in zip(text, second or "b" * len(text), strict=True):
        row = {"a": 0.1, "b": 0.1, "c": 0.1, other: 0.2} | {letter: 0.7}
        row = {name: value / sum(row.values()) for name, value in row.items()}
        table.append([row[name] for name in "abc"])
    return torch.tensor(table)


def letters(text, min_seconds=0.0, second=""):
    """Returns the segments of frames of 0.1 s as text again."""
    found = segments_of(probs_of(text, second), np.arange(len(text)) / 10, len(text) / 10, min_seconds)
    return "".join("abc"[one.class_id] * round(10 * (one.end_seconds - one.start_seconds)) for one in found)


def test_frames_of_one_class_are_a_segment_until_the_next_begins():
    probs = torch.tensor([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]])
    assert segments_of(probs, np.array([0.0, 0.5, 2.0]), 2.25) == [
        Segment(0.0, 2.0, 0, 0.625),
        Segment(2.0, 2.25, 1, 0.75),
    ]


@pytest.mark.parametrize(
    ("frames", "min_seconds", "expected"),
    [
        ("aabbbac", 0.0, "aabbbac"),
        ("aaaaabaaaacccc", 0.15, "aaaaaaaaaacccc"),
        ("aaaaabaaaacccc", 0.1, "aaaaabaaaacccc"),  # exactly so long is long enough
        ("aaabbcccc", 0.25, "aaaaacccc"),  # of two neighbours that are equally likely the first
        ("baaaa", 0.15, "aaaaa"),
        ("aaaab", 0.15, "aaaaa"),
        ("a", 10.0, "a"),
    ],
)
def test_short_segments_go_to_a_neighbour(frames, min_seconds, expected):
    assert letters(frames, min_seconds) == expected


def test_the_likelier_neighbour_gets_a_short_segment():
    assert letters("aaabbcccc", 0.25, second="bbbccaaaa") == "aaacccccc"
    assert letters("aaabbcccc", 0.25, second="bbbaaaaaa") == "aaaaacccc"


def test_the_probability_is_that_of_the_class_that_it_has_now():
    (whole,) = segments_of(torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7]]), np.arange(3.0), 3.0, min_seconds=1.5)
    assert whole == Segment(0.0, 3.0, 0, pytest.approx(0.7))


def test_an_hour_of_noise_is_cleaned_in_moderate_time():
    probs = torch.rand(3000, 4, generator=torch.Generator().manual_seed(0)).softmax(1)
    found = segments_of(probs, np.arange(3000) / 25, 120.0, min_seconds=1.0)
    assert all(one.end_seconds - one.start_seconds >= 1.0 for one in found)
    assert (found[0].start_seconds, found[-1].end_seconds) == (0, 120)
    assert all(one.end_seconds == after.start_seconds for one, after in pairwise(found))


def test_a_labelled_part_ends_before_its_video(infos):
    video = whole_video(infos[0])
    assert end_of(video) == pytest.approx(1.0)
    assert end_of(replace(video, record=replace(video.record, end_seconds=0.5))) == 0.5
    assert end_of(replace(video, record=replace(video.record, end_seconds=7.0))) == pytest.approx(1.0)
