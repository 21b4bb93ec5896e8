"""Segments and their scores, against tables made by hand."""

import numpy as np
import pytest

from videoseq.reporting.scores import segment_figures
from videoseq.reporting.segmental import edit_score, segment_sums, segments_of
from videoseq.types import IGNORED

_NAMES = {".": IGNORED, "b": 0, "x": 1, "y": 2, "z": 3}


def ids(word: str) -> np.ndarray:
    """One letter a frame; `b` is the background, `.` a frame without a label."""
    return np.array([_NAMES[letter] for letter in word], np.int64)


@pytest.mark.parametrize(
    ("word", "background", "expected"),
    [
        ("", None, []),
        ("x", None, [(0, 1, 1)]),
        ("xxyyyx", None, [(0, 2, 1), (2, 5, 2), (5, 6, 1)]),
        ("bxxb", None, [(0, 1, 0), (1, 3, 1), (3, 4, 0)]),
        ("bxxbbxxyb", 0, [(1, 3, 1), (5, 7, 1), (7, 8, 2)]),
        ("bbb", 0, []),
        ("..xx.x..", None, [(2, 4, 1), (5, 6, 1)]),
    ],
)
def test_segments(word, background, expected):
    assert list(zip(*segments_of(ids(word), background), strict=True)) == expected


@pytest.mark.parametrize(
    ("true", "predicted", "expected"),
    [
        ("", "", 1.0),
        ("xyz", "xyz", 1.0),
        ("xyz", "", 0.0),
        ("", "xy", 0.0),
        ("xyz", "xz", 2 / 3),  # one left out
        ("xyz", "xyxz", 3 / 4),  # one too many
        ("xyz", "xxz", 2 / 3),  # one replaced
        ("xyxy", "yxyx", 1 / 2),  # one dropped in front, one added behind
        ("xyz", "zyx", 1 / 3),
    ],
)
def test_edit_score(true, predicted, expected):
    assert edit_score(ids(true), ids(predicted)) == pytest.approx(expected)
    assert edit_score(ids(predicted), ids(true)) == pytest.approx(expected)


def _edits(true, predicted):
    """The table of Wagner and Fischer, cell by cell."""
    row = list(range(len(predicted) + 1))
    for place, label in enumerate(true, start=1):
        before, row = row, [place]
        for column, other in enumerate(predicted, start=1):
            row.append(min(row[-1] + 1, before[column] + 1, before[column - 1] + (label != other)))
    return row[-1]


@pytest.mark.parametrize("seed", range(20))
def test_edits_are_those_of_the_whole_table(seed):
    rng = np.random.default_rng(seed)
    sequences = (rng.integers(1 + seed % 5, size=rng.integers(1, 200)) for _ in range(2))
    true, predicted = (sequence - 3 * (seed % 2) for sequence in sequences)
    expected = 1 - _edits(true.tolist(), predicted.tolist()) / max(len(true), len(predicted))
    assert edit_score(true, predicted) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("true", "predicted", "expected"),
    [
        # edit, then (right, wrong, missed) at overlaps of 10, 25 and 50 %
        ("xxyy", "xxyy", (1.0, (2, 0, 0), (2, 0, 0), (2, 0, 0))),
        # x overlaps 4 / 4; of the two y one 1 / 6 and one 1 / 6: the first is right at 10 %, the second one is too many
        ("xxxxyyyyyy", "xxxxyzzzzy", (0.5, (2, 2, 0), (1, 3, 1), (1, 3, 1))),
        # intersection 3, union 6: half is enough
        ("xxxxxxyy", "xxxyyyyy", (1.0, (2, 0, 0), (2, 0, 0), (1, 1, 1))),
        ("bxxb", "bbbb", (0.0, (0, 0, 1), (0, 0, 1), (0, 0, 1))),
        ("bbbb", "bxxb", (0.0, (0, 1, 0), (0, 1, 0), (0, 1, 0))),
        ("bbbb", "bbbb", (1.0, (0, 0, 0), (0, 0, 0), (0, 0, 0))),
        # what is said about frames without a label counts nowhere
        ("..xx..yy", "zzxxzzyy", (1.0, (2, 0, 0), (2, 0, 0), (2, 0, 0))),
        # the same class at another time is no hit
        ("xxbbbbbb", "bbbbbbxx", (1.0, (0, 1, 1), (0, 1, 1), (0, 1, 1))),
    ],
)
def test_sums_of_a_video(true, predicted, expected):
    edit, *counts = expected
    sums = segment_sums(ids(true), ids(predicted), background=0)
    np.testing.assert_allclose(sums, [1, edit, *(number for triple in counts for number in triple)])


def test_figures_add_counts_and_average_edits():
    first = segment_sums(ids("xxyy"), ids("xxyy"))  # 2 right
    second = segment_sums(ids("xxyyzz"), ids("xxxxxx"))  # x: 2 / 6; y and z missed; edit 1 / 3
    figures = segment_figures(first + second)
    expected = {"edit": 2 / 3, "f1_10": 6 / 8, "f1_25": 6 / 8, "f1_50": 4 / 8}
    assert {name: float(value) for name, value in figures.items()} == pytest.approx(expected)


def _as_ms_tcn_counts(true, predicted, percent):
    """The counting of MS-TCN's evaluation, segment by segment."""
    hits = np.zeros(len(true.labels))
    right = wrong = 0
    for start, end, label in zip(*predicted, strict=True):
        common = np.minimum(end, true.ends) - np.maximum(start, true.starts)
        union = np.maximum(end, true.ends) - np.minimum(start, true.starts)
        overlap = common / union * (true.labels == label)
        best = overlap.argmax()
        if overlap[best] >= percent / 100 and not hits[best]:
            right, hits[best] = right + 1, 1
        else:
            wrong += 1
    return right, wrong, len(hits) - hits.sum()


@pytest.mark.parametrize("seed", range(20))
def test_counts_are_those_of_the_segment_by_segment_evaluation(seed):
    rng = np.random.default_rng(seed)
    true = np.repeat(rng.integers(0, 4, 40), rng.integers(1, 12, 40))
    predicted = np.where(rng.random(len(true)) < 0.1, rng.integers(0, 4, len(true)), np.roll(true, rng.integers(6)))
    sums = segment_sums(true, predicted, background=0)
    segments = segments_of(true, 0), segments_of(predicted, 0)
    expected = [_as_ms_tcn_counts(*segments, percent) for percent in (10, 25, 50)]
    np.testing.assert_array_equal(sums[2:].reshape(3, 3), expected)
