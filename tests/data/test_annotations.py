"""Choosing the format of annotations, and what holds for all of them."""

from pathlib import Path
from typing import get_args

import pytest

from tests.data.layouts import make, table, write_csv
from videoseq.data.annotation_format import AnnotationFormat
from videoseq.data.annotations import check_labels, check_two_classes, class_names, read_annotations
from videoseq.data.formats import FORMATS
from videoseq.errors import ConfigError, DataError
from videoseq.types import VideoRecord


def test_explicit_annotations_are_relative_to_the_root_or_to_their_folder(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "labels.csv"
    elsewhere.write_text("path,label\na.mp4,run\n")
    assert table(read_annotations(root, elsewhere), root) == [("a.mp4", "run", None)]
    inside = root / "labels.csv"
    inside.write_text("path,label\nb.mp4,run\n")
    assert table(read_annotations(None, inside), root) == [("b.mp4", "run", None)]
    assert table(read_annotations(None, inside, "csv"), root) == [("b.mp4", "run", None)]


def test_format_chooses_between_folders_and_csv(root: Path, video_bytes: bytes) -> None:
    write_csv(root, "path,label", "a.mp4,from_csv")
    for format in ("auto", "csv"):
        assert class_names(read_annotations(root, format=format)) == ("from_csv",)
    assert class_names(read_annotations(root, format="folders")) == ("sub",)


def test_formats_that_contradict(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"no data set given\. Fix: data\.root=DIR.*or data\.annotations=FILE\.csv"):
        read_annotations(None)
    with pytest.raises(ConfigError, match=r"data\.format=folders reads no CSV\. Fix: remove data\.annotations"):
        read_annotations(root, root / "x.csv", "folders")
    with pytest.raises(ConfigError, match=r"unknown data\.format 'cvs': did you mean 'csv'\?"):
        read_annotations(root, format="cvs")
    with pytest.raises(DataError, match=r"there is no file '.*/annotations\.csv'.*Fix: set data\.annotations=FILE\.csv"):
        read_annotations(root, format="csv")
    with pytest.raises(
        DataError, match=r"x\.csv' does not exist, expected a CSV\. Fix: correct data\.annotations or data\.format"
    ):
        read_annotations(root, root / "x.csv")
    with pytest.raises(DataError, match=r"sub' is a folder, expected a CSV"):
        read_annotations(root, root / "sub")


def test_every_format_is_a_choice_of_the_options() -> None:
    assert get_args(AnnotationFormat) == ("auto", *FORMATS)


@pytest.mark.parametrize(
    ("sign", "format"),
    [
        ("ucfTrainTestlist/classInd.txt", "ucf101"),
        ("trainlist01.txt", "ucf101"),
        ("testTrainMulti_7030_splits/wave_test_split1.txt", "hmdb51"),
        ("train.csv", "kinetics"),
        ("validate.csv", "kinetics"),
        ("something-something-v1-train.csv", "something"),
        ("something-something-v2-train.json", "something"),
        ("train.json", "something"),
        ("labels/train.json", "something"),
        ("labels/something-something-v1-train.csv", "something"),
        ("labels/train.csv", "jester"),
        ("labels/jester-v1-train.csv", "jester"),
        ("annotations/train.csv", "kinetics"),
        ("annotations/train.txt", "kinetics"),
        ("jester-v1-train.csv", "jester"),
        ("test.txt", "list"),
    ],
)
def test_auto_names_a_format_whose_files_it_sees_and_takes_it_not(
    root: Path, video_bytes: bytes, sign: str, format: AnnotationFormat
) -> None:
    make(root, b"", sign)
    seen = sign if sign.startswith(("labels/", "annotations/")) else sign.split("/")[0]
    message = rf"holds '{seen}', which data\.format={format} reads\. Fix: set data\.format={format}, or .*=folders"
    with pytest.raises(DataError, match=message):
        read_annotations(root)
    assert len(read_annotations(root, format="folders")) == 1
    write_csv(root, "path,label", "a.mp4,run")
    assert class_names(read_annotations(root)) == ("run",)


def test_auto_takes_no_text_list_for_a_csv(root: Path) -> None:
    with pytest.raises(DataError, match=r"data\.annotations='x\.txt' is no CSV by its name\. Fix: data\.format=list reads"):
        read_annotations(root, Path("x.txt"))


@pytest.mark.parametrize("format", [name for name, each in FORMATS.items() if not each.num_splits])
def test_an_index_for_a_format_without_official_splits(root: Path, format: AnnotationFormat) -> None:
    message = (
        rf"data\.split\.index=1 chooses an official split, data\.format={format} has none, only ucf101 and hmdb51 have\. "
        "Fix: correct or remove it"
    )
    with pytest.raises(ConfigError, match=message):
        read_annotations(root, format=format, index=1)


def test_class_names_are_sorted() -> None:
    records = [VideoRecord(Path(f"/{index}"), label) for index, label in enumerate(["b", "c", "a", "b"])]
    assert class_names(records) == ("a", "b", "c")


def test_class_names_that_are_whole_numbers_are_sorted_by_value() -> None:
    def names(*labels: str) -> tuple[str, ...]:
        return class_names([VideoRecord(Path(f"/{label}"), label) for label in labels])

    assert names("10", "2", "0") == ("0", "2", "10")
    assert names("10", "2", "x") == ("10", "2", "x")


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
        check_two_classes(records)


def test_unknown_labels_name_the_nearest() -> None:
    records = [VideoRecord(Path("/a"), "run", row="x.csv row 2"), VideoRecord(Path("/b"), "jmup", row="x.csv row 3")]
    check_labels(records, ["run", "jmup"])
    with pytest.raises(DataError, match=r"x.csv row 3: unknown label 'jmup', expected one of the 2 .*mean 'jump'\?"):
        check_labels(records, ["run", "jump"])


@pytest.mark.real_data
def test_surveillance_fight(real_data: Path) -> None:
    records = read_annotations(real_data / "surveillance_fight")
    assert class_names(records) == ("fight", "noFight")
    assert len(records) == 240
    assert all(record.group for record in records)
