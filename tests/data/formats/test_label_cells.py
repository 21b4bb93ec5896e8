"""CSV files with several classes or a value in a row, and files that are those of another task."""

from pathlib import Path

import pytest

from tests.data.layouts import write_csv
from videoseq.data.annotations import read_annotations
from videoseq.errors import ConfigError, DataError
from videoseq.types import TaskSpec

CLASSIFICATION, MULTILABEL, VALUE = TaskSpec(), TaskSpec("multilabel"), TaskSpec("regression")
FRAMES, VALUES = TaskSpec("frames", per_frame=True), TaskSpec("regression", per_frame=True)


def labels_of(root: Path, task: TaskSpec) -> list[str | None]:
    return list(read_annotations(root, task=task).labels)


def test_several_classes_are_sorted(root: Path) -> None:
    write_csv(root, "path,labels", "a.mp4,run|jump", "b.mp4,", "sub/c.mp4, wave | run ")
    assert labels_of(root, MULTILABEL) == ["jump|run", "", "run|wave"]


def test_one_name_in_two_spellings_is_one_class(root: Path) -> None:
    write_csv(root, "path,labels", "a.mp4,caf\u00e9|run", "b.mp4,cafe\u0301")
    assert labels_of(root, MULTILABEL) == ["caf\u00e9|run", "caf\u00e9"]
    write_csv(root, "path,label", "a.mp4,caf\u00e9", "b.mp4,cafe\u0301")
    assert labels_of(root, CLASSIFICATION) == ["caf\u00e9"] * 2


def test_values_are_written_alike(root: Path) -> None:
    write_csv(root, "path,value", "a.mp4,1", "b.mp4,-2.50", "sub/c.mp4,1e3")
    assert labels_of(root, VALUE) == ["1.0", "-2.5", "1000.0"]


@pytest.mark.parametrize("quoted", [False, True])
def test_parts_splits_and_groups_are_those_of_classes(root: Path, quoted: bool) -> None:
    label = '"run|jump"' if quoted else "run|jump"
    header = "path,labels,split,group,start_seconds,end_seconds"
    write_csv(root, header, f"a.mp4,{label},train,g,0.5,1", "a.mp4,,val,,1,2")
    one, other = read_annotations(root, task=MULTILABEL)
    assert (one.label, one.split, one.group, one.start_seconds, one.end_seconds) == ("jump|run", "train", "g", 0.5, 1)
    assert (other.label, other.split, other.group, other.start_seconds, other.row) == (
        "",
        "val",
        None,
        1,
        "annotations.csv row 3",
    )


@pytest.mark.parametrize(
    ("task", "lines", "message"),
    [
        (
            MULTILABEL,
            ["path,labels", "a.mp4,run||jump"],
            r"row 2 column 'labels': 'run\|\|jump' holds an empty name, expected names",
        ),
        (
            MULTILABEL,
            ["path,labels", "a.mp4,a|b|a"],
            r"row 2 column 'labels': 'a\|b\|a' holds 'a' twice, expected each class once",
        ),
        (
            VALUE,
            ["path,value", "a.mp4,1", "b.mp4,fast"],
            r"row 3 column 'value': 'fast' is no number, expected a value such as 2.5",
        ),
        (
            VALUE,
            ["path,value", "a.mp4,"],
            r"row 2 column 'value': '' is no number.*Fix: write a number, decimals with a point, or delete the row",
        ),
        (
            VALUE,
            ["path,value", "a.mp4,1", "b.mp4,-1e39"],
            r"row 3 column 'value': '-1e39' is too large, expected at most 3\.4e\+38\. Fix: correct it, or write all values in",
        ),
        (
            MULTILABEL,
            ["path,labels,start_seconds", 'a.mp4,run,"0,1"'],
            r"row 2 column 'start_seconds': '0,1' is not a number of seconds.*Fix: write a number, decimals with a point, or",
        ),
        (VALUE, ["path,value", "a.mp4,inf"], r"row 2 column 'value': 'inf' is no number"),
        (
            VALUE,
            ["path,value", "a.mp4,1", "a.mp4,2"],
            r"row 3: the same video 'a.mp4' as .* row 2 with two labels, '1.0' and '2.0'",
        ),
        (
            MULTILABEL,
            ["path,label", "a.mp4,run"],
            r"row 1: unknown column 'label'\. Fix: rename it to 'labels', or set task\.name=classification \(of a .*\)$",
        ),
        (
            CLASSIFICATION,
            ["path,labels", "a.mp4,run"],
            r"Fix: rename it to 'label', or set task\.name=multilabel \(of a checkpoint: in its training\)$",
        ),
        (
            CLASSIFICATION,
            ["path,value", "a.mp4,1"],
            r"row 1: the column 'label' is missing, got path, value, expected path,label\[,split,.* the CSV of "
            r"task\.name=classification\. Fix: set task\.name=regression \(.*\), which reads such a CSV, or add it "
            r"to the header$",
        ),
        (
            VALUE,
            ["path,time_seconds,value", "a.mp4,0,1"],
            r"row 1: path,time_seconds,value\[,split,group\] is the CSV of task\.name=regression task\.per_frame=true, "
            r"expected path,value\[.* Fix: set task\.name=regression task\.per_frame=true \(.*\), or delete the column",
        ),
    ],
)
def test_what_is_wrong_is_named(root: Path, task: TaskSpec, lines: list[str], message: str) -> None:
    write_csv(root, *lines)
    with pytest.raises(DataError, match=message):
        read_annotations(root, task=task)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (
            MULTILABEL,
            r"there is no file '.*/annotations\.csv', expected for task\.name=multilabel with the columns path,labels",
        ),
        (VALUE, r"there is no file '.*/annotations\.csv', expected for task\.name=regression with the columns path,value\["),
        (FRAMES, r"no file '.*/segments\.csv', expected for task\.name=frames .* Fix: set data\.annotations=FILE\.csv, or put"),
        (
            VALUES,
            r"there is no file '.*/values\.csv', expected for task\.name=regression task\.per_frame=true with the columns",
        ),
    ],
)
def test_a_file_that_is_missing_is_named_with_its_columns(root: Path, task: TaskSpec, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_annotations(root, task=task)


def test_other_formats_are_for_classes(root: Path) -> None:
    message = (
        r"^data\.format=folders names one class of each video, got task\.name=frames\. Fix: data\.annotations=FILE\.csv "
        r"with the columns path,start_seconds,end_seconds,label,split,group, and data\.format=csv$"
    )
    with pytest.raises(ConfigError, match=message):
        read_annotations(root, format="folders", task=FRAMES)
    with pytest.raises(ConfigError, match=r"no data set given\. Fix: data\.annotations=FILE.csv .* holds it as values\.csv$"):
        read_annotations(None, task=VALUES)


def test_a_root_with_segments_is_not_read_as_class_folders(root: Path) -> None:
    (root / "segments.csv").write_text("path,start_seconds,end_seconds,label\n")
    with pytest.raises(
        DataError, match=r"holds 'segments\.csv', which task\.name=frames reads\. Fix: set task\.name=frames \(.*\), or"
    ):
        read_annotations(root)
    assert len(read_annotations(root, format="folders")) == 1
