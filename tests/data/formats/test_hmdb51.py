"""HMDB51 in its official layout: lists of every class, and what is wrong with them."""

import logging
import shutil
from pathlib import Path

import pytest

from tests.data.formats.small import manifest_table, write_hmdb51, write_lines
from videoseq.data.annotations import read_annotations
from videoseq.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def hmdb51(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hmdb51(tmp_path_factory.mktemp("hmdb51"))


@pytest.fixture
def lists(tmp_path: Path, hmdb51: Path) -> Path:
    """The lists of their own, to be spoilt."""
    return Path(shutil.copytree(hmdb51 / "testTrainMulti_7030_splits", tmp_path / "lists"))


def test_the_first_split(hmdb51: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert manifest_table(hmdb51, tmp_path, format="hmdb51") == [
        ("brush_hair/50_FIRST DATES (#1)_brush_hair_0.avi", "brush_hair", "train", "50_FIRST DATES (#1)"),
        ("brush_hair/b_brush_hair_1.avi", "brush_hair", "val", "b"),
        ("brush_hair/c_brush_hair_2.avi", "brush_hair", "test", "c"),
        ("wave/50_FIRST DATES (#1)_wave_0.avi", "wave", "train", "50_FIRST DATES (#1)"),
        ("wave/b_wave_1.avi", "wave", "val", "b"),
        ("wave/c_wave_2.avi", "wave", "test", "c"),
    ]
    assert "2 videos are not used by data.split.index=1 and are left out" in caplog.text


@pytest.mark.parametrize(
    ("index", "splits"), [(2, ["train", "test", "train", "train"]), (3, ["test", "train", "train", "train"])]
)
def test_the_other_splits_from_lists_elsewhere(hmdb51: Path, lists: Path, index: int, splits: list[str]) -> None:
    records = read_annotations(hmdb51, lists, "hmdb51", index=index)
    assert [record.split for record in records] == splits * 2
    assert records[0].row == f"brush_hair_test_split{index}.txt row 1"


def test_the_official_split_is_taken_although_it_shows_a_film_on_two_sides(
    hmdb51: Path, lists: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = Path(shutil.copytree(hmdb51, tmp_path / "data"))
    for label in ("brush_hair", "wave"):
        (root / label / f"c_{label}_2.avi").rename(root / label / f"b_{label}_2.avi")
        rows = (
            f"{name}_{label}_{k}.avi {use} " for k, (name, use) in enumerate((("50_FIRST DATES (#1)", 1), ("b", 1), ("b", 2)))
        )
        write_lines(lists / f"{label}_test_split1.txt", *rows)
    table = manifest_table(root, tmp_path, format="hmdb51", annotations=str(lists))
    assert [(split, group) for _, _, split, group in table if group == "b"] == [("val", "b"), ("test", "b")] * 2
    message = "the official split shows 1 groups on two sides, so the result flatters; the first: 'b' is in train and test"
    assert message in caplog.text


def test_a_class_without_a_list(hmdb51: Path, lists: Path) -> None:
    (lists / "wave_test_split1.txt").unlink()
    with pytest.raises(
        DataError, match=rf"there is no '{lists}/wave_test_split1\.txt', expected the videos class_name/\*\.avi"
    ):
        read_annotations(hmdb51, lists, "hmdb51")


def test_a_list_without_a_class(hmdb51: Path, lists: Path) -> None:
    write_lines(lists / "jump_test_split1.txt", "a.avi 1")
    message = r"there is no 'jump' in '.*', expected the videos .*; the root holds 'brush_hair', 'testTrain.*', 'wave'\. Fix"
    with pytest.raises(DataError, match=message):
        read_annotations(hmdb51, lists, "hmdb51")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("b_wave_1.avi 3", r"wave_test_split1\.txt row 1: got 'b_wave_1\.avi 3', expected a video and 0, 1 or 2"),
        ("b_wave_1.avi", r"got 'b_wave_1\.avi', expected a video and 0, 1 or 2, such as 'name\.avi 1'\. Fix: correct the row"),
        ("nowhere.avi 2", r"wave_test_split1\.txt row 1: there is no file '.*wave/nowhere\.avi'"),
        ("../../x.avi 2", r"wave_test_split1\.txt row 1: 'wave/\.\./\.\./x\.avi' lies outside the data set's root"),
    ],
)
def test_wrong_rows(hmdb51: Path, lists: Path, row: str, message: str) -> None:
    write_lines(lists / "wave_test_split1.txt", row)
    with pytest.raises(DataError, match=message):
        read_annotations(hmdb51, lists, "hmdb51")


def test_no_lists_at_all(tmp_path: Path) -> None:
    message = (
        rf"there is no '{tmp_path}/testTrainMulti_7030_splits/class_name_test_split2\.txt' or .*Fix: put it there, or name"
    )
    with pytest.raises(DataError, match=message):
        read_annotations(tmp_path, format="hmdb51", index=2)


def test_an_index_out_of_range(hmdb51: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.split\.index=4 .*data\.format=hmdb51 has the official splits 1 to 3\. Fix"):
        read_annotations(hmdb51, format="hmdb51", index=4)
