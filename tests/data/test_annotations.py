"""Choosing the format of annotations, and what holds for all of them."""

from pathlib import Path
from typing import get_args

import pytest

from tests.data.layouts import make, table, write_csv
from videoseq.data.annotation_format import AnnotationFormat
from videoseq.data.annotations import read_annotations
from videoseq.data.formats import FORMATS
from videoseq.errors import ConfigError, DataError


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
        assert read_annotations(root, format=format).labels.used == ["from_csv"]
    assert read_annotations(root, format="folders").labels.used == ["sub"]


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
    assert read_annotations(root).labels.used == ["run"]


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


@pytest.mark.real_data
def test_surveillance_fight(real_data: Path) -> None:
    records = read_annotations(real_data / "surveillance_fight")
    assert records.labels.used == ["fight", "noFight"]
    assert len(records) == 240
    assert all(record.group for record in records)
