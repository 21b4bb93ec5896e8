"""Kinetics: CSV files of videos of which some are no longer there, in the layouts of the usual downloaders."""

import logging
import shutil
from pathlib import Path

import pytest

from tests.data.formats.small import KINETICS_HEADER, manifest_table, write_clip, write_kinetics, write_lines
from tests.data.layouts import make
from videoseq.data.annotations import read_annotations
from videoseq.errors import DataError

HEADER = KINETICS_HEADER.removesuffix(",is_cc")


@pytest.fixture(scope="module")
def kinetics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_kinetics(tmp_path_factory.mktemp("kinetics"))


def test_the_videos_that_are_there(kinetics: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert manifest_table(kinetics, tmp_path, format="kinetics") == [
        ("-id03_000030_000040.mp4", "abseiling", "test", "-id03"),
        ("-id13_000030_000040.mp4", "washing hands, fast", "test", "-id13"),
        ("train/abseiling/-id00_000000_000010.mp4", "abseiling", "train", "-id00"),
        ("train/abseiling/-id01_000010_000020.mp4", "abseiling", "train", "-id01"),
        ("train/washing hands, fast/-id10_000000_000010.mp4", "washing hands, fast", "train", "-id10"),
        ("train/washing hands, fast/-id11_000010_000020.mp4", "washing hands, fast", "train", "-id11"),
        ("val/-id02_000020_000030.mp4", "abseiling", "val", "-id02"),
        ("val/-id12_000020_000030.mp4", "washing hands, fast", "val", "-id12"),
    ]
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["1 of 9 videos are not there and are left out, the first is gone_000003_000013.mp4"]


@pytest.mark.parametrize(
    "place",
    [
        "a_000001_000011.mp4",
        "train/a_000001_000011.mp4",
        "train/air_drumming/a_000001_000011.mp4",
        "train/massaging_persons_head/a_000001_000011.mp4",
        "replacement_for_corrupted/a_000001_000011.mp4",
        "a_000001_000011.mkv",
    ],
)
def test_where_a_video_may_lie(tmp_path: Path, video_bytes: bytes, place: str) -> None:
    make(tmp_path, video_bytes, place)
    write_lines(tmp_path / "annotations" / "train.csv", HEADER, "massaging person's head,a,1,11,train")
    (record,) = read_annotations(tmp_path, format="kinetics")
    assert (record.path, record.label, record.split, record.row) == (
        tmp_path / place,
        "massaging person's head",
        "train",
        "train.csv row 2",
    )


def test_a_class_of_which_no_video_is_there_is_named(kinetics: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = ["abseiling,-id00,0,10,train", "hurling (sport),x,0,10,train", "archery,y,0,10,train"]
    write_lines(tmp_path / "train.csv", HEADER, *rows)
    assert len(read_annotations(kinetics, tmp_path / "train.csv", "kinetics")) == 1
    assert "2 of 3 CLASSES HAVE NO VIDEO and are left out: 'archery', 'hurling (sport)'" in caplog.text


def test_kinetics_600_has_lists_of_other_suffixes(kinetics: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(kinetics, tmp_path / "data"))
    (root / "annotations").mkdir()
    for name, target in (("train.csv", "train.txt"), ("validate.csv", "val.txt"), ("test.csv", "test.csv")):
        (root / name).rename(root / "annotations" / target)
    records = read_annotations(root, format="kinetics")
    assert [record.split for record in records].count("train") == 4
    assert {record.row.split(" ")[0]: record.split for record in records} == {
        "train.txt": "train",
        "val.txt": "val",
        "test.csv": "test",
    }


def test_two_lists_of_one_split_are_not_read_twice(kinetics: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = Path(shutil.copytree(kinetics, tmp_path / "data"))
    shutil.copy(root / "validate.csv", root / "val.csv")
    assert [record.split for record in read_annotations(root, format="kinetics")].count("val") == 2
    assert f"{root}/validate.csv is not read: {root}/val.csv is the list of val" in caplog.text


def test_parts_of_one_video_stay_together_in_every_deal(tmp_path: Path) -> None:
    rows = [f"{label},yt{video},{start},{start + 10},train" for video in range(6) for start, label in ((0, "a"), (20, "b"))]
    for seed, row in enumerate(rows):
        _, video, start, end, _ = row.split(",")
        write_clip(tmp_path / "data" / "train" / f"{video}_{int(start):06d}_{int(end):06d}.mp4", seed)
    write_lines(tmp_path / "data" / "train.csv", HEADER, *rows)
    table = manifest_table(tmp_path / "data", tmp_path, format="kinetics")
    sides = {(group, split) for _, _, split, group in table}
    assert len(sides) == len({group for group, _ in sides}) == 6
    assert {split for _, split in sides} == {"train", "val"}


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
