"""What labels say, kind by kind: the classes, whether there is something to tell apart, targets and counts."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.layouts import make
from videoseq.data.annotations import read_annotations
from videoseq.data.labels import LABELS
from videoseq.data.records import Records
from videoseq.data.tracks import Curve, Segments, TrackRows, Tracks
from videoseq.errors import DataError
from videoseq.types import IGNORED, TaskSpec, VideoRecord

CLASSES, SEVERAL, FRAMES, VALUES = LABELS["classification"], LABELS["multilabel"], LABELS["frames"], LABELS["regression"]
MULTILABEL, REGRESSION = TaskSpec("multilabel"), TaskSpec("regression")


def records_of(*labels: str) -> Records:
    return Records.of([VideoRecord(Path(f"/{at}.mp4"), label, row=f"x.csv row {at + 2}") for at, label in enumerate(labels)])


def segments_of(*rows: tuple[int, float, float, str]) -> Records:
    """Records 0 to n of segments (record, start, end, label) in the order of the records, lines from 2."""
    names = sorted({label for *_, label in rows})
    owners, starts, ends = (np.array([row[place] for row in rows], float) for place in range(3))
    counts = np.bincount(owners.astype(int))
    values = np.array([names.index(label) for *_, label in rows])
    table = TrackRows(starts, ends, values, np.arange(len(rows)) + 2)
    tracks = Tracks(Segments, table, np.cumsum(counts) - counts, counts, tuple(names))
    labels = ["|".join(sorted({label for owner, *_, label in rows if owner == at})) for at in range(len(counts))]
    return replace(records_of(*labels), tracks=tracks)


def spec(background: str | None = None) -> TaskSpec:
    return TaskSpec("frames", per_frame=True, background=background)


def test_class_names_are_sorted() -> None:
    assert CLASSES.class_names(records_of("b", "c", "a", "b"), TaskSpec()) == ("a", "b", "c")


def test_class_names_that_are_whole_numbers_are_sorted_by_value() -> None:
    assert CLASSES.class_names(records_of("10", "2", "0"), TaskSpec()) == ("0", "2", "10")
    assert CLASSES.class_names(records_of("10", "2", "x"), TaskSpec()) == ("10", "2", "x")
    assert SEVERAL.class_names(records_of("10|2", "1"), MULTILABEL) == ("1", "2", "10")


def test_class_names_of_the_other_kinds() -> None:
    assert SEVERAL.class_names(records_of("b|c", "", "a|b"), MULTILABEL) == ("a", "b", "c")
    rows = segments_of((0, 0, 1, "run"), (0, 1, 2, "jump"))
    assert FRAMES.class_names(rows, spec()) == ("jump", "run")
    assert FRAMES.class_names(rows, spec("rest")) == ("jump", "rest", "run")
    assert FRAMES.class_names(rows, spec("run")) == ("jump", "run")
    assert VALUES.class_names(records_of("1.5", "2.0"), REGRESSION) == ("value",)


@pytest.mark.parametrize(
    ("place", "fix"),
    [
        ("UCF-101/run/1.mp4", r"where the classes are the folders in it, data\.root=.*/UCF-101; else add .*set data\.format"),
        ("run/1.mp4", "add videos of another class$"),
    ],
)
def test_one_class_is_refused(tmp_path: Path, video_bytes: bytes, place: str, fix: str) -> None:
    records = read_annotations(make(tmp_path, video_bytes, place))
    with pytest.raises(DataError, match=rf"there is one class, '[-\w]+', with 1 videos; expected at least two.*Fix: {fix}"):
        CLASSES.check_variety(records, records.labels.used)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("", ""), r"^2 videos have no class in any of them; expected a class that some have and others have not\. Fix: add"),
        (("a|b", "a|b", "a|b"), r"^3 videos have 'a', 'b' in all of them; expected a class that some have"),
    ],
)
def test_labels_of_which_none_varies_are_refused(labels: Sequence[str], message: str) -> None:
    records = records_of(*labels)
    with pytest.raises(DataError, match=message):
        SEVERAL.check_variety(records, SEVERAL.class_names(records, MULTILABEL))


def test_a_class_that_all_videos_have_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    SEVERAL.check_variety(records_of("a|b", "b"), ("a", "b"))
    assert "there is nothing to tell apart in 'b': all videos have them" in caplog.text


def test_several_names_without_the_separator_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    SEVERAL.check_variety(records_of("run; jump|wave", "run", "high, low"), ("high, low", "run", "run; jump", "wave"))
    (record,) = caplog.records
    assert record.getMessage() == (
        "'run; jump' is one class, although 'run' is another: the names of several classes are separated by '|'"
    )


def test_one_class_of_frames_needs_a_background() -> None:
    records = segments_of((0, 0, 1, "run"))
    with pytest.raises(DataError, match=r"^there is one class of frames, 'run'; expected .*task\.background=NAME$"):
        FRAMES.check_variety(records, FRAMES.class_names(records, spec()))
    FRAMES.check_variety(records, FRAMES.class_names(records, spec("rest")))


def test_equal_values_are_refused() -> None:
    with pytest.raises(DataError, match=r"^all 2 values are 1\.5; expected at least two different ones\. Fix: correct"):
        VALUES.check_variety(records_of("1.5", "1.5"), ["value"])
    VALUES.check_variety(records_of("1.5", "1.5", "2.0"), ["value"])


def test_values_that_rounding_makes_alike_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    VALUES.check_variety(records_of("1700.0", "1701.0", "1703.0"), ["value"])
    assert not caplog.records
    VALUES.check_variety(records_of("1700000000.0", "1700000001.0", "1700000003.0"), ["value"])
    (record,) = caplog.records
    assert record.getMessage().startswith("values are rounded by up to 3 when they are learnt (float32), and their standard")
    assert "is 1.25: subtract a constant, such as 1.7e+09, from all values" in record.getMessage()


def test_unknown_labels_name_the_nearest() -> None:
    records = records_of("run", "jmup")
    CLASSES.check_known(records, ["run", "jmup"])
    with pytest.raises(DataError, match=r"x.csv row 3: unknown label 'jmup', expected one of the 2 .*mean 'jump'\?"):
        CLASSES.check_known(records, ["run", "jump"])


def test_unknown_labels_of_the_other_kinds_name_their_row() -> None:
    with pytest.raises(DataError, match=r"^x.csv row 4: unknown label 'jmup', expected one of the 2 .*mean 'jump'\?"):
        SEVERAL.check_known(records_of("run", "", "jmup|run"), ["run", "jump"])
    rows = segments_of((0, 0, 1, "run"), (0, 1, 2, "jump"), (1, 0, 1, "jump"), (1, 2, 3, "jmup"))
    FRAMES.check_known(rows.take(np.array([0])), ["run", "jump"])
    with pytest.raises(DataError, match=r"^x.csv row 5: unknown label 'jmup', expected one of the 2 .*mean 'jump'\?"):
        FRAMES.check_known(rows, ["run", "jump"])


def test_targets_of_whole_videos() -> None:
    assert CLASSES.targets(records_of("b", "a", "c"), ("b", "a"), TaskSpec()).tolist() == [0, 1, -1]
    several = SEVERAL.targets(records_of("a|c", "", "b"), ("c", "b", "a"), MULTILABEL)
    assert (several.dtype, several.tolist()) == (np.float32, [[1, 0, 1], [0, 0, 0], [0, 1, 0]])
    values = VALUES.targets(records_of("2.5", "-1.0", "2.5"), ("value",), REGRESSION)
    assert (values.dtype, values.tolist()) == (np.float64, [2.5, -1, 2.5])


@pytest.mark.parametrize(("background", "expected"), [(None, [1, IGNORED, 2]), ("rest", [1, 0, 2]), ("run", [1, 1, 2])])
def test_targets_of_frames_are_class_ids(background: str | None, expected: list[int]) -> None:
    names = ("rest", "run", "jump")
    tracks = FRAMES.targets(segments_of((0, 0, 1, "run"), (0, 2, 3, "jump"), (1, 0, 1, "jump")), names, spec(background))
    assert tracks[0].at(np.array([0.5, 1.5, 2.5])).tolist() == expected
    assert tracks[1].at(np.array([0.5])).tolist() == [2]


def test_values_of_curves_are_those_at_the_given_times() -> None:
    curves = Tracks.of([Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([2.0, 4.0]))])
    assert VALUES.values(curves).tolist() == [2, 4]
    assert VALUES.values(curves.take(np.zeros(0, int))).tolist() == []
