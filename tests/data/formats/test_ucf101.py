"""UCF101 in its official layout: the three splits, the groups, and what is wrong with lists."""

import logging
import shutil
from pathlib import Path

import pytest

from tests.data.formats.small import manifest_table, ucf101_videos, write_frames, write_lines, write_ucf101
from videoseq.data.annotations import read_annotations
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.errors import ConfigError, DataError

EYE, STAND = "ApplyEyeMakeup/v_ApplyEyeMakeup", "HandstandPushups/v_HandStandPushups"


@pytest.fixture(scope="module")
def ucf101(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ucf101(tmp_path_factory.mktemp("ucf101"))


@pytest.fixture
def lists(tmp_path: Path, ucf101: Path) -> Path:
    """The lists of their own, to be spoilt."""
    return Path(shutil.copytree(ucf101 / "ucfTrainTestlist", tmp_path / "lists"))


@pytest.mark.parametrize("index", [None, 1])
def test_the_first_split(ucf101: Path, tmp_path: Path, index: int | None) -> None:
    assert manifest_table(ucf101, tmp_path, format="ucf101", index=index) == [
        (f"{EYE}_g01_c01.avi", "ApplyEyeMakeup", "test", "ApplyEyeMakeup_g01"),
        (f"{EYE}_g08_c01.avi", "ApplyEyeMakeup", "train", "ApplyEyeMakeup_g08"),
        (f"{EYE}_g08_c02.avi", "ApplyEyeMakeup", "train", "ApplyEyeMakeup_g08"),
        (f"{EYE}_g09_c01.avi", "ApplyEyeMakeup", "val", "ApplyEyeMakeup_g09"),
        (f"{STAND}_g01_c01.avi", "HandstandPushups", "test", "HandstandPushups_g01"),
        (f"{STAND}_g08_c01.avi", "HandstandPushups", "train", "HandstandPushups_g08"),
        (f"{STAND}_g08_c02.avi", "HandstandPushups", "train", "HandstandPushups_g08"),
        (f"{STAND}_g09_c01.avi", "HandstandPushups", "val", "HandstandPushups_g09"),
    ]


@pytest.mark.parametrize(("index", "tested"), [(2, ["g08_c01", "g08_c02"]), (3, ["g09_c01"])])
def test_the_other_splits(ucf101: Path, tmp_path: Path, index: int, tested: list[str]) -> None:
    table = manifest_table(ucf101, tmp_path, format="ucf101", index=index)
    assert [path for path, _, split, _ in table if split == "test"] == [
        f"{name}_{part}.avi" for name in (EYE, STAND) for part in tested
    ]


def test_videos_of_no_list_are_left_out_and_counted(ucf101: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert len(read_annotations(ucf101, format="ucf101")) == 8
    assert "1 videos are not used by data.split.index=1 and are left out" in caplog.text


def test_videos_may_lie_below_ucf_101_and_the_lists_anywhere(ucf101: Path, lists: Path, tmp_path: Path) -> None:
    shutil.copytree(ucf101, tmp_path / "data" / "UCF-101", ignore=shutil.ignore_patterns("ucfTrainTestlist"))
    records = read_annotations(tmp_path / "data", lists, "ucf101", index=2)
    assert [record.path.relative_to(tmp_path).as_posix() for record in records[:2]] == [
        f"data/UCF-101/{EYE}_g01_c01.avi",
        f"data/UCF-101/{EYE}_g08_c01.avi",
    ]
    assert [record.row for record in records[:2]] == ["trainlist02.txt row 1", "testlist02.txt row 1"]


def test_the_lists_also_name_folders_of_frames(tmp_path: Path, lists: Path) -> None:
    names = [*ucf101_videos("ApplyEyeMakeup"), *ucf101_videos("HandstandPushups")]
    for seed, name in enumerate(names):
        write_frames(tmp_path / "data" / Path(name).with_suffix(""), seed, "frame%06d.jpg")
    frames = FrameFolderOptions("frame%06d.jpg")
    table = manifest_table(tmp_path / "data", tmp_path, format="ucf101", annotations=str(lists), frame_folders=frames)
    assert [path for path, *_ in table] == [name.removesuffix(".avi") for name in names]
    assert table[0] == (f"{EYE}_g01_c01", "ApplyEyeMakeup", "test", "ApplyEyeMakeup_g01")


@pytest.mark.parametrize(
    ("file", "rows", "message"),
    [
        (
            "trainlist01.txt",
            ["ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 2"],
            r"trainlist01\.txt row 1: '.*g08_c01\.avi' has the label 2, but classInd\.txt says 1 for 'ApplyEyeMakeup'\. Fix",
        ),
        (
            "testlist01.txt",
            ["AplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi"],
            r"testlist01\.txt row 1: the class 'AplyEyeMakeup' is not in classInd\.txt\. Fix: did you mean 'ApplyEyeMakeup'\?",
        ),
        (
            "trainlist01.txt",
            ["", "ApplyEyeMakeup/a.avi 1"],
            r"trainlist01\.txt row 2: got 'ApplyEyeMakeup/a\.avi', expected a video such as ClassName/v_ClassName_g01_c01\.avi",
        ),
        (
            "trainlist01.txt",
            ["ApplyEyeMakeup/v_ApplyEyeMakeup_g99_c01.avi 1"],
            r"trainlist01\.txt row 1: there is no file '.*g99_c01\.avi'\. Fix: correct the path",
        ),
        (
            "trainlist01.txt",
            ["ApplyEyeMakeup/../../v_x_g99_c01.avi 1"],
            r"trainlist01\.txt row 1: '.*' lies outside the data set's root",
        ),
        (
            "classInd.txt",
            ["ApplyEyeMakeup"],
            r"classInd\.txt row 1: got 'ApplyEyeMakeup', expected an id and a class such as '1 ",
        ),
    ],
)
def test_wrong_rows(ucf101: Path, lists: Path, file: str, rows: list[str], message: str) -> None:
    write_lines(lists / file, *rows)
    with pytest.raises(DataError, match=message):
        read_annotations(ucf101, lists, "ucf101")


@pytest.mark.parametrize("file", ["classInd.txt", "trainlist01.txt", "testlist01.txt"])
def test_a_missing_list_is_named_with_its_path_and_the_layout(ucf101: Path, lists: Path, file: str) -> None:
    (lists / file).unlink()
    with pytest.raises(
        DataError, match=rf"there is no '{lists / file}', expected the videos ClassName/v_.*trainlist01\.txt.*Fix"
    ):
        read_annotations(ucf101, lists, "ucf101")


def test_missing_lists_are_looked_for_in_both_places(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=rf"there is no '{tmp_path}/ucfTrainTestlist/classInd.txt' or '{tmp_path}/classInd.txt'"
    ):
        read_annotations(tmp_path, format="ucf101")


def test_annotations_must_be_the_folder(ucf101: Path, lists: Path) -> None:
    with pytest.raises(DataError, match=r"trainlist01\.txt' is a file, expected the folder of the lists"):
        read_annotations(ucf101, lists / "trainlist01.txt", "ucf101")
    with pytest.raises(
        DataError, match=r"nowhere' does not exist, expected the folder of the lists\. Fix: correct data\.annotations"
    ):
        read_annotations(ucf101, lists / "nowhere", "ucf101")


def test_videos_in_another_layout(tmp_path: Path, lists: Path) -> None:
    (tmp_path / "data" / "videos" / "v_ApplyEyeMakeup").mkdir(parents=True)
    message = (
        r"there is no 'ApplyEyeMakeup' in '.*data' or '.*data/UCF-101', expected the videos ClassName/.*; "
        r"the root holds 'videos'\. Fix: give the folder of the videos as data\.root"
    )
    with pytest.raises(DataError, match=message):
        read_annotations(tmp_path / "data", lists, "ucf101")


@pytest.mark.parametrize("index", [0, 4])
def test_an_index_out_of_range(ucf101: Path, index: int) -> None:
    with pytest.raises(ConfigError, match=rf"data\.split\.index={index} .*data\.format=ucf101 has the official splits 1 to 3"):
        read_annotations(ucf101, format="ucf101", index=index)
