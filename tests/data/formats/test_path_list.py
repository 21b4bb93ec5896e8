"""Lists of `path label`: names and ids, files that name the ids, paths with spaces, and MMAction2's frame counts."""

from pathlib import Path

import pytest

from tests.data.formats.small import manifest_table, write_frames, write_lines, write_path_lists
from tests.data.layouts import make, table
from videoseq.data.annotations import read_annotations
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.errors import ConfigError, DataError

FRAMES = FrameFolderOptions("img_%05d.jpg")


@pytest.fixture
def clips(tmp_path: Path, video_bytes: bytes) -> Path:
    """Files `a.mp4`, `b.mp4` and `c.mp4`, none of them in a list yet."""
    return make(tmp_path / "data", video_bytes, "a.mp4", "b.mp4", "c.mp4")


def test_lists_of_names_give_the_splits(tmp_path: Path) -> None:
    lines = {
        "train.txt": ["clips/take 0.mp4 wave", "", "clips/take 1.mp4\tclap", "clips/take 2.mp4  wave"],
        "val.txt": ["clips/take 3.mp4 wave"],
        "test.txt": ["clips/take 4.mp4 clap", "clips/take 5.mp4 wave"],
    }
    root = write_path_lists(tmp_path / "data", lines)
    assert manifest_table(root, tmp_path, format="list") == [
        ("clips/take 0.mp4", "wave", "train", None),
        ("clips/take 1.mp4", "clap", "train", None),
        ("clips/take 2.mp4", "wave", "train", None),
        ("clips/take 3.mp4", "wave", "val", None),
        ("clips/take 4.mp4", "clap", "test", None),
        ("clips/take 5.mp4", "wave", "test", None),
    ]
    assert [record.row for record in read_annotations(root, format="list")][:2] == ["train.txt row 1", "train.txt row 3"]


def test_one_list_has_no_splits_and_lies_anywhere(clips: Path, tmp_path: Path) -> None:
    write_lines(tmp_path / "mine.lst", "a.mp4 wave", "b.mp4 clap")
    expected = [("a.mp4", "wave", None), ("b.mp4", "clap", None)]
    assert table(read_annotations(clips, tmp_path / "mine.lst", "list"), clips) == expected
    write_lines(clips / "mine.lst", "a.mp4 wave", "b.mp4 clap")
    assert table(read_annotations(None, clips / "mine.lst", "list"), clips) == expected


@pytest.mark.parametrize(
    ("name", "lines", "labels"),
    [
        (None, [], ["0", "2", "10"]),
        ("labels.txt", ["zero", "one", "two", *map(str, range(3, 10)), "ten of 10"], ["zero", "two", "ten of 10"]),
        ("classes.txt", ["10 ten", "2 two by two", "0 zero"], ["zero", "two by two", "ten"]),
        ("classInd.txt", ["0 zero", "2 two", "10 ten"], ["zero", "two", "ten"]),
    ],
)
def test_ids_and_their_names(clips: Path, name: str | None, lines: list[str], labels: list[str]) -> None:
    write_lines(clips / "train.txt", "a.mp4 0", "b.mp4 2", "c.mp4 10")
    if name is not None:
        write_lines(clips / name, *lines)
    assert [record.label for record in read_annotations(clips, format="list")] == labels


def test_the_file_of_names_may_be_given(clips: Path, tmp_path: Path) -> None:
    write_lines(clips / "train.txt", "a.mp4 0", "b.mp4 1")
    write_lines(clips / "labels.txt", "wrong", "false")
    write_lines(tmp_path / "right.txt", "wave", "clap")
    records = read_annotations(clips, format="list", class_names_file=tmp_path / "right.txt")
    assert [record.label for record in records] == ["wave", "clap"]


@pytest.mark.parametrize("word", ["validation", "valid", "validate"])
def test_a_list_may_have_any_word_for_its_split(clips: Path, word: str) -> None:
    write_lines(clips / "train.txt", "a.mp4 0", "b.mp4 1")
    write_lines(clips / f"{word}.txt", "c.mp4 0")
    assert [record.split for record in read_annotations(clips, format="list")] == ["train", "train", "val"]


@pytest.mark.parametrize("row", ["clips/take 0.mp4,0", "clips/take 0.mp4, 0", "a.mp4;wave"])
def test_lines_that_are_separated_by_commas(clips: Path, row: str) -> None:
    write_lines(clips / "train.txt", row)
    message = rf"train\.txt row 1: got '{row}', expected white space between path and label.*or set data\.format=csv"
    with pytest.raises(DataError, match=message):
        read_annotations(clips, format="list")


def test_a_comma_may_stand_in_a_path_and_in_a_label(clips: Path, video_bytes: bytes) -> None:
    make(clips, video_bytes, "x,1.mp4")
    write_lines(clips / "train.txt", "x,1.mp4 wave,fast", "a.mp4 clap")
    assert [record.label for record in read_annotations(clips, format="list")] == ["clap", "wave,fast"]


@pytest.mark.parametrize("row", ["raw/v0 6 0", "raw/v0 0"])
def test_folders_of_frames_without_a_pattern(tmp_path: Path, row: str) -> None:
    write_frames(tmp_path / "raw" / "v0", 1, "img_%05d.jpg")
    write_lines(tmp_path / "train.txt", row)
    message = r"train\.txt row 1: 'raw/v0' is a folder, expected a regular.*such as data\.frame_folders\.pattern=img_%05d\.jpg"
    with pytest.raises(DataError, match=message):
        read_annotations(tmp_path, format="list")


def test_counts_of_frames_are_read_and_checked(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for seed, name in enumerate(("run 1", "run 2", "run 3")):
        write_frames(root / name, seed, "img_%05d.jpg", count=4 + seed)
    write_lines(root / "train.txt", "run 1 4 0", "run 2 5 1", "run 3 0")
    assert table(read_annotations(root, format="list", frame_folders=FRAMES), root) == [
        ("run 1", "0", "train"),
        ("run 2", "1", "train"),
        ("run 3", "0", "train"),
    ]
    write_lines(root / "train.txt", "run 1 4 0", "run 2 6 1")
    message = r"train\.txt row 2: the list says 6 frames, the folder '.*run 2' holds 5 named 'img_%05d\.jpg'\. Fix: extract its"
    with pytest.raises(DataError, match=message):
        read_annotations(root, format="list", frame_folders=FRAMES)


@pytest.mark.parametrize(
    ("row", "names", "message"),
    [
        ("a.mp4", [], r"train\.txt row 2: got 'a\.mp4', expected a path and a label, such as 'clips/a\.mp4 wave'"),
        ("x.mp4 wave", [], r"train\.txt row 2: there is no file '.*x\.mp4'"),
        ("../data/../x.mp4 wave", [], r"train\.txt row 2: '.*x\.mp4' lies outside the data set's root"),
        ("https://x.org/a.mp4 wave", [], r"train\.txt row 2: 'https://x\.org/a\.mp4' is a URL"),
        ("a\0.mp4 wave", [], r"train\.txt row 2: the path 'a\\x00\.mp4' holds a NUL character"),
        (". wave", [], r"train\.txt row 2: '\.' is a folder, expected a regular video file"),
        (
            "b.mp4 weave",
            ["wave", "clap"],
            r"train\.txt row 2: the label 'weave' is not in labels\.txt\. Fix: did you mean 'wave'\?",
        ),
    ],
)
def test_wrong_rows(clips: Path, row: str, names: list[str], message: str) -> None:
    write_lines(clips / "train.txt", "a.mp4 wave", row)
    if names:
        write_lines(clips / "labels.txt", *names)
    with pytest.raises(DataError, match=message):
        read_annotations(clips, format="list")


def test_an_id_without_a_name(clips: Path) -> None:
    write_lines(clips / "train.txt", "a.mp4 0", "b.mp4 1")
    write_lines(clips / "classInd.txt", "1 wave", "2 clap")
    message = r"train\.txt row 1: the label 0 has no name in classInd\.txt, which names 1 to 2\. Fix: .*data\.class_names=FILE"
    with pytest.raises(DataError, match=message):
        read_annotations(clips, format="list")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["wave", "clap", "wave"], r"labels\.txt row 3: the class 'wave' or its id 2 is there twice"),
        (["1 wave", "", "1 clap"], r"labels\.txt row 3: the class 'clap' or its id 1 is there twice"),
    ],
)
def test_names_that_are_there_twice(clips: Path, lines: list[str], message: str) -> None:
    write_lines(clips / "train.txt", "a.mp4 0")
    write_lines(clips / "labels.txt", *lines)
    with pytest.raises(DataError, match=message):
        read_annotations(clips, format="list")


def test_missing_files(clips: Path) -> None:
    message = (
        rf"there is no '{clips}/train\.txt' or '{clips}/val\.txt' or '{clips}/test\.txt', expected lists .*Fix: put it there"
    )
    with pytest.raises(DataError, match=message):
        read_annotations(clips, format="list")
    with pytest.raises(
        DataError, match=r"data\.annotations='.*nowhere\.txt' does not exist, expected lists .*Fix: correct data\.annotations"
    ):
        read_annotations(clips, clips / "nowhere.txt", "list")
    with pytest.raises(DataError, match=r"data\.annotations='.*data' is a folder, expected lists"):
        read_annotations(clips, clips, "list")
    write_lines(clips / "train.txt", "")
    with pytest.raises(DataError, match=r"no videos found: .*train\.txt are empty, expected lists .*Fix: add rows"):
        read_annotations(clips, format="list")
    write_lines(clips / "train.txt", "a.mp4 0")
    with pytest.raises(
        DataError, match=r"data\.class_names='nowhere\.txt': there is no such file\. Fix: correct data\.class_names"
    ):
        read_annotations(clips, format="list", class_names_file=Path("nowhere.txt"))


def test_names_of_ids_belong_to_lists_only(clips: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"data\.class_names names the integer labels of data\.format=list, got data\.format=folders"
    ):
        read_annotations(clips, format="folders", class_names_file=clips / "labels.txt")


def test_a_list_that_is_not_utf8(clips: Path) -> None:
    (clips / "train.txt").write_bytes("a.mp4 größe\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"train\.txt row 1 or later: the text is not UTF-8\. Fix: save the file again"):
        read_annotations(clips, format="list")
