"""Labels in time as users write them: segments and values, in any order, and every mistake by its row."""

from pathlib import Path

import pytest

from videoseq.data.annotations import read_annotations
from videoseq.data.records import Records
from videoseq.errors import DataError
from videoseq.types import TaskSpec

FRAMES, WITH_REST = TaskSpec("frames", per_frame=True), TaskSpec("frames", per_frame=True, background="rest")
VALUES = TaskSpec("regression", per_frame=True)


def read(root: Path, task: TaskSpec, *lines: str) -> Records:
    name = "values.csv" if task is VALUES else "segments.csv"
    (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_annotations(root, task=task)


def segments(records: Records) -> list[tuple[str, list[tuple[float, float, str]]]]:
    tracks = records.tracks
    return [
        (
            record.path.name,
            [
                (float(start), float(end), tracks.names[code])
                for start, end, code in zip(*track_columns(records, at), strict=True)
            ],
        )
        for at, record in enumerate(records)
    ]


def track_columns(records: Records, at: int):
    track = records.tracks[at]
    return track.starts, track.ends, track.values


HEADER = "path,start_seconds,end_seconds,label,split,group"


def test_segments_are_sorted_by_video_and_time(root: Path) -> None:
    rows = ("b.mp4,0,1,run,val,g", "a.mp4,2,3.5,run,train,", "b.mp4,1,2,jump,val,g", "a.mp4,0.5,2,jump,train,")
    records = read(root, FRAMES, HEADER, *rows)
    assert segments(records) == [
        ("a.mp4", [(0.5, 2, "jump"), (2, 3.5, "run")]),
        ("b.mp4", [(0, 1, "run"), (1, 2, "jump")]),
    ]
    a, b = records
    assert (a.split, a.group, a.row, a.label, a.start_seconds, a.end_seconds) == (
        "train", None, "segments.csv row 3", "jump|run", None, None,
    )  # fmt: skip
    assert (b.split, b.group, b.row) == ("val", "g", "segments.csv row 2")
    assert records.tracks.lines(0).tolist() == [5, 3]


def test_columns_may_stand_anywhere_and_paths_be_written_in_two_ways(root: Path) -> None:
    rows = ("run,1,0,x,a.mp4", 'jump,2,"1",y,./a.mp4')
    records = read(root, FRAMES, "label,end_seconds,start_seconds,camera,path", *rows)
    assert segments(records) == [("a.mp4", [(0, 1, "run"), (1, 2, "jump")])]


def test_a_video_without_segments_shows_the_background(root: Path) -> None:
    records = read(root, WITH_REST, HEADER, "a.mp4,0,1,run,,", "b.mp4,,,,,")
    assert segments(records) == [("a.mp4", [(0, 1, "run")]), ("b.mp4", [])]
    assert records[1].label == ""
    with pytest.raises(DataError, match=r"segments\.csv row 3: the video 'b.mp4' has no segment, .*task\.background=NAME$"):
        read(root, FRAMES, HEADER, "a.mp4,0,1,run,,", "b.mp4,,,,,")
    with pytest.raises(DataError, match=r"row 3: the row says that 'a.mp4' has no segment, but the video has other rows"):
        read(root, WITH_REST, HEADER, "a.mp4,0,1,run,,", "a.mp4,,,,,")


def test_what_means_the_same_may_be_written_in_two_ways(root: Path) -> None:
    records = read(root, FRAMES, HEADER, "a.mp4,0,1,caf\u00e9,train,g", "a.mp4,1,2,cafe\u0301,Train,g", "b.mp4,0,1,run,valid,")
    assert segments(records)[0] == ("a.mp4", [(0, 1, "caf\u00e9"), (1, 2, "caf\u00e9")])
    assert [record.split for record in records] == ["train", "val"]


def test_a_video_under_two_names_is_refused(root: Path) -> None:
    (root / "link.mp4").symlink_to(root / "a.mp4")
    with pytest.raises(DataError, match=r"row 3: the same video 'link\.mp4' as .* row 2\. Fix: write the same path in all"):
        read(root, FRAMES, HEADER, "a.mp4,0,1,run,,", "link.mp4,1,2,run,,")


def test_values_are_sorted_by_time(root: Path) -> None:
    records = read(root, VALUES, "path,time_seconds,value,split", "a.mp4,1,-2.5,train", "b.mp4,0,7,val", "a.mp4,0.5,3e1,train")
    times, ends, values = track_columns(records, 0)
    assert (times.tolist(), ends.tolist(), values.tolist()) == ([0.5, 1], [0.5, 1], [30, -2.5])
    assert [(record.path.name, record.label, record.split) for record in records] == [
        ("a.mp4", "", "train"),
        ("b.mp4", "", "val"),
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a.mp4,0,1,run,,", "x.mp4,0,1,run,,"], r"segments\.csv row 3 column 'path': .*x\.mp4"),
        (["a.mp4,0,1,run,,", "a.mp4,2,1,run,,"], r"row 3: start_seconds 2 is not before end_seconds 1\. Fix: swap or correct"),
        (["a.mp4,1,1,run,,"], r"row 2: start_seconds 1 is not before end_seconds 1"),
        (["a.mp4,0,1,,,"], r"row 2 column 'label': it is empty, expected a class name\. Fix: write it, or leave .* all empty"),
        (["a.mp4,,1,run,,"], r"row 2 column 'start_seconds': it is empty, expected seconds"),
        (["a.mp4,0,,run,,"], r"row 2 column 'end_seconds': it is empty, expected seconds"),
        (
            ["a.mp4,0,1,run,,", "a.mp4,1,x,run,,"],
            r"row 3 column 'end_seconds': 'x' is not a number of seconds, expected 0 or more",
        ),
        (
            ["a.mp4,-1,1,run,,"],
            r"row 2 column 'start_seconds': '-1' is not a number of seconds, expected 0 or more, such as 2.5",
        ),
        (["a.mp4,0,inf,run,,"], r"row 2 column 'end_seconds': 'inf' is not a number of seconds"),
        (["a.mp4,0,1,run|jump,,"], r"row 2 column 'label': 'run\|jump' holds '\|', expected one class.*task\.name=multilabel$"),
        (
            ["a.mp4,1,3,run,,", "b.mp4,0,1,run,,", "a.mp4,0,1.5,jump,,"],
            r"row 2: 'run' from 1 s to 3 s overlaps 'jump' from 0 s to 1\.5 s of segments\.csv row 4; a frame has one label",
        ),
        (
            ["a.mp4,0,1,run,train,", "a.mp4,1,2,run,val,"],
            r"row 3 column 'split': got 'val', but .* row 2 of .* says 'train'\. Fix",
        ),
        (
            ["a.mp4,0,1,run,,g", "a.mp4,1,2,run,,"],
            r"row 3 column 'group': got '', but segments\.csv row 2 of the same video says 'g'",
        ),
        (["a.mp4,0,1,run,tain,"], r"row 2 column 'split': unknown split 'tain', expected train, val or test"),
        (["a.mp4,0,1,run,,,,"], r"row 2: got 8 values, expected 6 as in the header"),
        (
            [],
            r"no videos found: '.*segments\.csv' has a header and no rows, expected rows of path,start_seconds,end_sec",
        ),
    ],
)
def test_mistakes_in_segments_are_named(root: Path, lines: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(root, FRAMES, HEADER, *lines)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a.mp4,0,1", "a.mp4,1,"], r"values\.csv row 3 column 'value': '' is not a number, expected a value, such as 2\.5"),
        (["a.mp4,,1"], r"row 2 column 'time_seconds': '' is not a number of seconds, expected 0 or more"),
        (
            ["a.mp4,0,1", "a.mp4,1,1", "a.mp4,0.0,2"],
            r"row 4: the video has a value at 0 s in values\.csv row 2 already\. Fix: delete",
        ),
        (["a.mp4,0,nan"], r"row 2 column 'value': 'nan' is not a number.* Fix: write a number, decimals with a point$"),
        (["a.mp4,0,1", "a.mp4,1,1e39"], r"row 3 column 'value': '1e39' is too large, expected at most 3\.4e\+38\. Fix"),
    ],
)
def test_mistakes_in_values_are_named(root: Path, lines: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(root, VALUES, "path,time_seconds,value", *lines)


@pytest.mark.parametrize(
    ("task", "header", "message"),
    [
        (
            FRAMES,
            "path,label",
            r"segments\.csv row 1: the column 'start_seconds' is missing, got path, label, expected path,start_seconds,"
            r"end_seconds,label\[,split,group\], the CSV of task\.name=frames\. Fix: set task\.name=classification "
            r"\(of a checkpoint: in its training\), which reads such a CSV, or add",
        ),
        (
            VALUES,
            "path,value",
            r"the column 'time_seconds' is missing.* Fix: set task\.name=regression \(.*\), which reads such a CSV",
        ),
        (VALUES, "path,start_seconds,end_seconds,label", r"Fix: set task\.name=frames \(.*\), which reads such a CSV"),
        (
            FRAMES,
            "path;start_seconds;end_seconds;label",
            r"the column 'path' is missing.* Fix: separate the values by ',' and not",
        ),
        (FRAMES, "path,start_second,end_seconds,label", r"unknown column 'start_second'\. Fix: rename it to 'start_seconds'"),
    ],
)
def test_a_header_of_another_kind_is_named(root: Path, task: TaskSpec, header: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(root, task, header, "a.mp4,1,2,3")
