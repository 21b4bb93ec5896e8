"""Kinetics: CSV files of videos of which some are no longer there, in the layouts of the usual downloaders."""

import logging
import shutil
from pathlib import Path

import pytest

from tests.data.formats.small import KINETICS_HEADER, manifest_table, write_kinetics, write_lines
from tests.data.layouts import make
from videoseq.data.annotations import read_annotations
from videoseq.errors import DataError

HEADER = KINETICS_HEADER.removesuffix(",is_cc")


@pytest.fixture(scope="module")
def kinetics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_kinetics(tmp_path_factory.mktemp("kinetics"))


def test_the_videos_that_are_there(kinetics: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert manifest_table(kinetics, tmp_path, format="kinetics") == [
        ("-id03_000030_000040.mp4", "abseiling", "test", None),
        ("-id13_000030_000040.mp4", "washing hands, fast", "test", None),
        ("train/abseiling/-id00_000000_000010.mp4", "abseiling", "train", None),
        ("train/abseiling/-id01_000010_000020.mp4", "abseiling", "train", None),
        ("train/washing hands, fast/-id10_000000_000010.mp4", "washing hands, fast", "train", None),
        ("train/washing hands, fast/-id11_000010_000020.mp4", "washing hands, fast", "train", None),
        ("val/-id02_000020_000030.mp4", "abseiling", "val", None),
        ("val/-id12_000020_000030.mp4", "washing hands, fast", "val", None),
    ]
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["1 of 9 videos are not there and are left out, the first is gone_000003_000013.mp4"]


@pytest.mark.parametrize(
    "place",
    ["a_000001_000011.mp4", "train/a_000001_000011.mp4", "train/air_drumming/a_000001_000011.mp4", "a_000001_000011.mkv"],
)
def test_where_a_video_may_lie(tmp_path: Path, video_bytes: bytes, place: str) -> None:
    make(tmp_path, video_bytes, place)
    write_lines(tmp_path / "annotations" / "train.csv", HEADER, "air drumming,a,1,11,train")
    (record,) = read_annotations(tmp_path, format="kinetics")
    assert (record.path, record.label, record.split, record.row) == (
        tmp_path / place,
        "air drumming",
        "train",
        "train.csv row 2",
    )


def test_one_file_may_hold_all_splits(kinetics: Path, tmp_path: Path) -> None:
    rows = [f"abseiling,-id0{k},{10 * k},{10 * k + 10},{split}" for k, split in enumerate(("train", "train", "val", "test"))]
    write_lines(tmp_path / "k400.csv", HEADER, *rows)
    records = read_annotations(kinetics, tmp_path / "k400.csv", "kinetics")
    assert {record.split: record.path.parent.name for record in records} == {
        "train": "abseiling",
        "val": "val",
        "test": kinetics.name,
    }


def test_rows_of_test_without_a_label_are_left_out_and_counted(
    tmp_path: Path, kinetics: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    root = Path(shutil.copytree(kinetics, tmp_path / "data"))
    write_lines(root / "test.csv", "youtube_id,time_start,time_end,split", "-id03,30,40,test", "-id13,30,40,test")
    assert {record.split for record in read_annotations(root, format="kinetics")} == {"train", "val"}
    assert "2 rows have no label and are left out" in caplog.text


def test_none_of_the_videos_is_there(tmp_path: Path) -> None:
    write_lines(tmp_path / "train.csv", HEADER, "air drumming,a,1,11,train", "air drumming,b,2,12,train")
    message = r"train\.csv name 2 videos, the first 'a_000001_000011\.mp4', and none is there below .*, expected CSV files"
    with pytest.raises(DataError, match=message):
        read_annotations(tmp_path, format="kinetics")


def test_no_csv_at_all(tmp_path: Path) -> None:
    message = (
        rf"there is no '{tmp_path}/train\.csv' or '{tmp_path}/val\.csv' or .*'{tmp_path}/annotations/test\.csv', expected CSV"
    )
    with pytest.raises(DataError, match=message):
        read_annotations(tmp_path, format="kinetics")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["path,label", "a.mp4,x"],
            r"train\.csv row 1: the column 'youtube_id' is missing, got path, label, expected label,youtube",
        ),
        (["youtube_id,time_start,time_end,split", "a,1,2,train"], r"train\.csv row 1: the column 'label' is missing"),
        ([HEADER, "a, b,id,1,2,train"], r"train\.csv row 2: got 6 values, expected 5 as in the header.* \"quotes\""),
        ([HEADER, "a,id,1.5,2,train"], r"row 2 column 'time_start': '1\.5' is no whole number of seconds"),
        ([HEADER, "a,id,1,-2,train"], r"row 2 column 'time_end': '-2' is no whole number of seconds"),
        ([HEADER, "a,id,1,2,trian"], r"row 2 column 'split': unknown split 'trian'.*did you mean 'train'\?"),
    ],
)
def test_wrong_files(tmp_path: Path, lines: list[str], message: str) -> None:
    write_lines(tmp_path / "train.csv", *lines)
    with pytest.raises(DataError, match=message):
        read_annotations(tmp_path, format="kinetics")
