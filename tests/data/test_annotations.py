"""Reading class folders and CSV files; every mistake is named with its repair."""

import logging
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from videoseq.data.annotations import check_labels, class_names, read_annotations
from videoseq.data.writing import write_video
from videoseq.errors import ConfigError, DataError
from videoseq.types import VideoRecord


@pytest.fixture(scope="module")
def video_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real H.264 file of two frames."""
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    write_video(path, np.zeros((2, 16, 16, 3), np.uint8))
    return path.read_bytes()


@pytest.fixture
def root(tmp_path: Path, video_bytes: bytes) -> Path:
    """A folder with `a.mp4`, `b.mp4` and `sub/c.mp4`, for CSV files."""
    return make(tmp_path / "data", video_bytes, "a.mp4", "b.mp4", "sub/c.mp4")


def make(root: Path, content: bytes, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def write_csv(root: Path, *lines: str) -> Path:
    (root / "annotations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def table(records: list[VideoRecord], root: Path) -> list[tuple[str, str, str | None]]:
    return [(record.path.relative_to(root).as_posix(), record.label, record.split) for record in records]


# --- class folders ---------------------------------------------------------------------------------------------------


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
    make(tmp_path, b"", "run/a.txt", "run/b.jpg")
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
    assert class_names(read_annotations(tmp_path / "data", allow_outside_root=True)) == ("jump", "run")


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


# --- CSV -------------------------------------------------------------------------------------------------------------


def test_csv_with_every_column(root: Path) -> None:
    write_csv(
        root,
        "\ufeffpath,label,split,group,start_seconds,end_seconds",
        "sub/c.mp4,jump,validation,,,",
        "",
        'a.mp4,"run, fast",train,s1,1.5,3',
        "a.mp4,jump,TRAIN,s1,,1.5",
        f"{root}/b.mp4,jump,test",
    )
    assert read_annotations(root) == [
        VideoRecord(root / "a.mp4", "jump", "train", "s1", None, 1.5, "annotations.csv row 5"),
        VideoRecord(root / "a.mp4", "run, fast", "train", "s1", 1.5, 3.0, "annotations.csv row 4"),
        VideoRecord(root / "b.mp4", "jump", "test", None, None, None, "annotations.csv row 6"),
        VideoRecord(root / "sub/c.mp4", "jump", "val", None, None, None, "annotations.csv row 2"),
    ]


def test_row_numbers_count_the_lines_of_quoted_values(root: Path) -> None:
    write_csv(root, "path,label,note", 'a.mp4,run,"two\nlines"', "b.mp4,,")
    with pytest.raises(DataError, match=r"annotations.csv row 4 column 'label'"):
        read_annotations(root)


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
    with pytest.raises(DataError, match=r"there is no '.*/annotations\.csv'.*Fix: set data\.annotations=FILE\.csv"):
        read_annotations(root, format="csv")
    with pytest.raises(DataError, match=r"x\.csv': does not exist, expected a CSV\. Fix: correct data\.annotations"):
        read_annotations(root, root / "x.csv")
    with pytest.raises(DataError, match=r"sub': is a folder, expected a CSV"):
        read_annotations(root, root / "sub")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["path,group", "a.mp4,s"], r"annotations.csv row 1: the column 'label' is missing, got path, group, expected"),
        (["label", "run"], r"row 1: the column 'path' is missing.*Fix: add it to the header"),
        (
            ["path;label", "a.mp4;run"],
            r"row 1: the column 'path' is missing.*Fix: separate the values by ',' and not by",
        ),
        ([""], r"row 1: the column 'path' is missing, got nothing"),
        (["path,labels", "a.mp4,run"], r"row 1: unknown column 'labels'\. Fix: rename it to 'label'"),
        (["path,label,groups", "a.mp4,run,s"], r"row 1: unknown column 'groups'\. Fix: rename it to 'group'"),
        (["path,label,label", "a.mp4,run,s"], r"row 1: the column 'label' is there twice"),
        (["path,label"], r"no videos found: '.*annotations.csv' has a header and no rows.*Fix: add rows"),
        (["path,label", "x.mp4,run"], r"row 2 column 'path': there is no file '.*x.mp4'\. Fix: correct the path"),
        (["path,label", "a.mp4/x.mp4,run"], r"row 2 column 'path': there is no file"),
        (
            ["path,label", ",run"],
            r"row 2 column 'path': the path is empty.*Fix: write the file's path or delete the row",
        ),
        (["path,label", "a.mp4,run", "b.mp4, "], r"row 3 column 'label': the label is empty.*Fix: write it"),
        (["path,label", "a.mp4"], r"row 2 column 'label': the label is empty"),
        (["path,label", "a.mp4,run,fast"], r'row 2: got 3 values, expected 2 as in the header\. Fix: .* "quotes"'),
        (["path,label", 'a.mp4,"run'], r"row 2: not a CSV row \(.*\)\. Fix: the quotes of this row"),
        (
            ["path,label,split", "a.mp4,run,trian"],
            r"row 2 column 'split': unknown split 'trian'.*did you mean 'train'\?",
        ),
        (
            ["path,label,start_seconds", "a.mp4,run,1s"],
            r"row 2 column 'start_seconds': '1s' is not a number of seconds",
        ),
        (["path,label,end_seconds", "a.mp4,run,nan"], r"row 2 column 'end_seconds': 'nan' is not a number of seconds"),
        (
            ["path,label,end_seconds", "a.mp4,run,inf"],
            r"column 'end_seconds': 'inf' is not a number.*Fix: write a number",
        ),
        (
            ["path,label,start_seconds", "a.mp4,run,-1"],
            r"column 'start_seconds': '-1' is not a number.*expected 0 or more",
        ),
        (
            ["path,label,start_seconds,end_seconds", "a.mp4,run,2,2"],
            r"row 2: start_seconds 2 is not before end_seconds 2\. Fix: swap or correct them",
        ),
        (["path,label,end_seconds", "a.mp4,run,0"], r"row 2: start_seconds 0 is not before end_seconds 0"),
        (
            ["path,label", "https://x.org/a.mp4,run"],
            r"row 2 column 'path': 'https://x.org/a.mp4' is a URL.*Fix: download",
        ),
        (["path,label", "file:///etc/passwd,run"], r"row 2 column 'path': 'file:///etc/passwd' is a URL"),
        (["path,label", "a\0.mp4,run"], r"row 2 column 'path': the path 'a\\x00.mp4' holds a NUL character"),
        (["path,label", "sub,run"], r"row 2 column 'path': 'sub' is a folder, expected a regular video file"),
        (["path,label", "fifo.mp4,run"], r"row 2 column 'path': 'fifo.mp4' is a FIFO, expected a regular video file"),
        (["path,label", "../secret.mp4,run"], r"'../secret.mp4' lies outside.*move.*data\.allow_outside_root=true"),
        (["path,label", "sub/../../secret.mp4,run"], r"row 2 column 'path': .* lies outside the data set's root"),
        (["path,label", "/dev/null,run"], r"row 2 column 'path': '/dev/null' lies outside the data set's root"),
        (
            ["path,label", "link.mp4,run"],
            r"'link.mp4' lies outside.*\(it leads to '.*secret.mp4'\).*Fix: move the file",
        ),
        (["path,label", "folder_link/secret.mp4,run"], r"'folder_link/secret.mp4' lies outside the data set's root"),
        (["path,label", "circle.mp4,run"], r"row 2 column 'path': cannot look at 'circle.mp4': Too many levels"),
        (["path,label", f"{'x' * 300}.mp4,run"], r"row 2 column 'path': cannot look at 'xxx.*: File name too long"),
        (
            ["path,label", "a.mp4,run", "b.mp4,run", "./sub/../a.mp4,run"],
            r"row 4: the same video 'a.mp4' as annotations.csv row 2\. Fix: delete one of the two",
        ),
        (
            ["path,label", "a.mp4,run", "a.mp4,jump"],
            r"row 3: the same video 'a.mp4' as annotations.csv row 2 with two labels, 'run' and 'jump'",
        ),
    ],
)
def test_mistakes_in_a_csv(root: Path, tmp_path: Path, video_bytes: bytes, lines: list[str], message: str) -> None:
    make(tmp_path, video_bytes, "secret.mp4")
    os.mkfifo(root / "fifo.mp4")
    (root / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    (root / "folder_link").symlink_to(tmp_path)
    (root / "circle.mp4").symlink_to(root / "circle.mp4")
    write_csv(root, *lines)
    with pytest.raises(DataError, match=message):
        read_annotations(root)


def test_outside_of_the_root_where_it_is_allowed(root: Path, tmp_path: Path, video_bytes: bytes) -> None:
    make(tmp_path, video_bytes, "secret.mp4")
    write_csv(root, "path,label", "../secret.mp4,run")
    records = read_annotations(root, allow_outside_root=True)
    assert [record.path for record in records] == [tmp_path / "secret.mp4"]
    write_csv(root, "path,label", "/dev/null,run")
    with pytest.raises(DataError, match=r"'/dev/null' is a device, expected a regular video file"):
        read_annotations(root, allow_outside_root=True)


def test_a_csv_that_is_not_utf8(root: Path) -> None:
    (root / "annotations.csv").write_bytes("path,label\na.mp4,größe\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"annotations.csv row 1 or later: the text is not UTF-8\. Fix: save the file"):
        read_annotations(root)


def test_unused_columns_are_named(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    write_csv(root, "Path, LABEL ,camera", "a.mp4,run,3")
    assert table(read_annotations(root), root) == [("a.mp4", "run", None)]
    assert "the columns camera are not used" in caplog.text


# --- labels ----------------------------------------------------------------------------------------------------------


def test_class_names_are_sorted() -> None:
    records = [VideoRecord(Path(f"/{index}"), label) for index, label in enumerate(["b", "c", "a", "b"])]
    assert class_names(records) == ("a", "b", "c")


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
