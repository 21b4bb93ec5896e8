"""Reading class folders; every mistake is named with its repair."""

import logging
import os
import sys
from pathlib import Path

import pytest

from tests.data.layouts import make, table
from videoseq.data.annotations import read_annotations
from videoseq.errors import DataError


def test_class_folders(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "run/2.MP4", "run/deep/er/1.mkv", "jump/1.avi", "jump/notes.txt", ".git/x.mp4")
    make(tmp_path, video_bytes, "jump/.hidden.mp4", "run/.cache/3.mp4")
    records = read_annotations(tmp_path)
    assert table(records, tmp_path) == [
        ("jump/1.avi", "jump", None),
        ("run/2.MP4", "run", None),
        ("run/deep/er/1.mkv", "run", None),
    ]
    assert [record.row for record in records] == ["jump/1.avi", "run/2.MP4", "run/deep/er/1.mkv"]


def test_one_name_in_two_spellings_is_one_class(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "train/caf\u00e9/1.mp4", "val/cafe\u0301/2.mp4")
    assert [record.label for record in read_annotations(tmp_path)] == ["caf\u00e9"] * 2


@pytest.mark.parametrize(
    "suffix", ["mp4", "m4v", "mov", "avi", "mkv", "webm", "mpg", "mpeg", "ts", "flv", "ogv", "wmv", "3gp", "MoV"]
)
def test_every_video_suffix_is_found(tmp_path: Path, video_bytes: bytes, suffix: str) -> None:
    make(tmp_path, video_bytes, f"run/a.{suffix}")
    assert len(read_annotations(tmp_path)) == 1


def test_split_folders(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "train/run/1.mp4", "train/jump/1.mp4", "valid/run/2.mp4", "test/jump/deep/3.mp4")
    assert table(read_annotations(tmp_path), tmp_path) == [
        ("test/jump/deep/3.mp4", "jump", "test"),
        ("train/jump/1.mp4", "jump", "train"),
        ("train/run/1.mp4", "run", "train"),
        ("valid/run/2.mp4", "run", "val"),
    ]


@pytest.mark.parametrize(("name", "split"), [("train", "train"), ("Validation", "val"), ("val", "val"), ("test", "test")])
def test_one_split_folder_is_enough(tmp_path: Path, video_bytes: bytes, name: str, split: str) -> None:
    make(tmp_path, video_bytes, f"{name}/run/1.mp4")
    assert table(read_annotations(tmp_path), tmp_path) == [(f"{name}/run/1.mp4", "run", split)]


def test_a_class_may_be_called_train(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "train/1.mp4", "car/1.mp4")
    assert table(read_annotations(tmp_path), tmp_path) == [("car/1.mp4", "car", None), ("train/1.mp4", "train", None)]


def test_a_mixture_of_layouts_is_refused(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "train/run/1.mp4", "test/run/2.mp4", "extra/3.mp4")
    with pytest.raises(DataError, match=r"'test' looks like a split and 'extra' like a class.*Fix: move 'extra' out"):
        read_annotations(tmp_path)


def test_a_video_in_a_split_but_in_no_class(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "train/1.mp4", "train/run/2.mp4")
    with pytest.raises(DataError, match=r"'train/1.mp4' lies in a split's folder.*move it to train/<class_name>/1.mp4"):
        read_annotations(tmp_path)


def test_order_does_not_depend_on_the_order_of_writing(tmp_path: Path, video_bytes: bytes) -> None:
    names = [f"{label}/{index}.mp4" for label in "ba" for index in (2, 10, 1)]
    first = read_annotations(make(tmp_path / "x", video_bytes, *names))
    second = read_annotations(make(tmp_path / "y", video_bytes, *reversed(names)))
    assert [record.row for record in first] == [record.row for record in second]
    assert [record.row for record in first] == ["a/1.mp4", "a/10.mp4", "a/2.mp4", "b/1.mp4", "b/10.mp4", "b/2.mp4"]


def test_no_videos_found_names_both_layouts(tmp_path: Path, video_bytes: bytes) -> None:
    with pytest.raises(DataError, match=r"no videos found.*no files.*class_name/\*\.mp4 or \{train,val,test\}/class_name"):
        read_annotations(tmp_path)
    make(tmp_path, b"", "run/a.txt", "run/b.bin")
    with pytest.raises(DataError, match=r"no videos found.*got 2 files of other suffixes.*\.mp4.*Fix: give the folder"):
        read_annotations(tmp_path)
    make(tmp_path, video_bytes, "loose.mp4")
    with pytest.raises(DataError, match=r"1 videos that lie directly in it.*'loose.mp4'.*Fix: move each video into"):
        read_annotations(tmp_path)


def test_an_empty_class_folder_is_a_warning(tmp_path: Path, video_bytes: bytes, caplog: pytest.LogCaptureFixture) -> None:
    make(tmp_path / "flat", video_bytes, "run/1.mp4")
    (tmp_path / "flat" / "jump").mkdir()
    make(tmp_path / "split", video_bytes, "train/run/1.mp4")
    (tmp_path / "split" / "train" / "jump").mkdir()
    (tmp_path / "split" / "val").mkdir()
    assert len(read_annotations(tmp_path / "flat")) == 1
    assert len(read_annotations(tmp_path / "split")) == 1
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert [message.split(": ")[1] for message in warnings] == [
        "the folder 'jump' holds no video and is left out",
        "the folder 'train/jump' holds no video and is left out",
        "the folder 'val' holds no video and is left out",
    ]


def test_other_files_are_counted_and_loose_videos_warned_of(
    tmp_path: Path, video_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    make(tmp_path, video_bytes, "run/1.mp4", "run/1.txt", "run/in/2.jpg", "run/.hidden", "loose.mp4")
    assert len(read_annotations(tmp_path)) == 1
    assert "2 files are no videos by their suffix and were ignored" in caplog.text
    assert "1 videos lie in no class folder and are left out, the first is 'loose.mp4'" in caplog.text


def test_every_folder_is_listed_once(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "train/run/1.mp4", "train/run/in/2.mp4", "val/run/3.mp4")
    listed: list[str] = []
    is_watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if is_watching and event in ("os.listdir", "os.scandir"):
            listed.append(os.fspath(arguments[0]))

    sys.addaudithook(watch)  # it cannot be taken away again, only told to stop
    try:
        assert len(read_annotations(tmp_path)) == 3
    finally:
        is_watching = False
    assert sorted(listed) == [str(tmp_path / name) for name in ("", "train", "train/run", "train/run/in", "val", "val/run")]


def test_root_missing_or_a_file(tmp_path: Path, video_bytes: bytes) -> None:
    with pytest.raises(DataError, match=r"there is no folder '.*nowhere'\. Fix: correct data\.root"):
        read_annotations(tmp_path / "nowhere")
    make(tmp_path, video_bytes, "a.mp4", "a.csv")
    with pytest.raises(DataError, match=r"data\.root='.*a\.mp4' is a file, expected a folder"):
        read_annotations(tmp_path / "a.mp4")
    with pytest.raises(DataError, match=r"is a file, expected a folder. Fix: give it as data\.annotations"):
        read_annotations(tmp_path / "a.csv")


def test_links_out_of_the_root_are_refused(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "outside/x/1.mp4", "data/run/1.mp4")
    (tmp_path / "data/run/2.mp4").symlink_to(tmp_path / "outside/x/1.mp4")
    with pytest.raises(DataError, match=r"'run/2.mp4' lies outside.*it leads to.*Fix: move.*data\.allow_outside_root=true"):
        read_annotations(tmp_path / "data")
    assert len(read_annotations(tmp_path / "data", allow_outside_root=True)) == 2
    (tmp_path / "data/run/2.mp4").unlink()
    (tmp_path / "data/jump").symlink_to(tmp_path / "outside/x")
    with pytest.raises(DataError, match=r"'jump' lies outside.*data\.allow_outside_root=true"):
        read_annotations(tmp_path / "data")
    assert read_annotations(tmp_path / "data", allow_outside_root=True).labels.used == ["jump", "run"]


def test_a_circle_of_links_ends(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "run/1.mp4", "run/in/2.mp4")
    (tmp_path / "run/in/up").symlink_to(tmp_path / "run")
    (tmp_path / "run/in/root").symlink_to(tmp_path)
    assert [record.row for record in read_annotations(tmp_path)] == ["run/1.mp4", "run/in/2.mp4"]


def test_the_same_file_in_two_classes(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "run/1.mp4")
    (tmp_path / "jump").mkdir()
    (tmp_path / "jump/1.mp4").symlink_to(tmp_path / "run/1.mp4")
    with pytest.raises(DataError, match=r"run/1.mp4: the same video '1.mp4' as jump/1.mp4 with two labels, 'jump' and"):
        read_annotations(tmp_path)


def test_a_fifo_in_a_class_folder(tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "run/1.mp4")
    os.mkfifo(tmp_path / "run" / "2.mp4")
    with pytest.raises(DataError, match=r"run/2.mp4: 'run/2.mp4' is a FIFO, expected a regular video file"):
        read_annotations(tmp_path)
