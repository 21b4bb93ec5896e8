"""Reading CSV files of annotations; every mistake is named with its row, column and repair."""

import logging
import os
from pathlib import Path

import pytest

from tests.data.layouts import make, table, write_csv
from videoseq.data.annotations import read_annotations
from videoseq.data.formats.csv_columns import read_csv_columns
from videoseq.data.formats.source import Source
from videoseq.errors import DataError
from videoseq.types import VideoRecord


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
    assert list(read_annotations(root)) == [
        VideoRecord(root / "a.mp4", "jump", "train", "s1", None, 1.5, "annotations.csv row 5"),
        VideoRecord(root / "a.mp4", "run, fast", "train", "s1", 1.5, 3.0, "annotations.csv row 4"),
        VideoRecord(root / "b.mp4", "jump", "test", None, None, None, "annotations.csv row 6"),
        VideoRecord(root / "sub/c.mp4", "jump", "val", None, None, None, "annotations.csv row 2"),
    ]


def test_row_numbers_count_the_lines_of_quoted_values(root: Path) -> None:
    write_csv(root, "path,label,note", 'a.mp4,run,"two\nlines"', "b.mp4,,")
    with pytest.raises(DataError, match=r"annotations.csv row 4 column 'label'"):
        read_annotations(root)


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


COLUMNS = "path,label,split,group,start_seconds,end_seconds"
CELLS = ["a.mp4,run,TRAIN,s1, 1.5 ,3", "./b.mp4, jump ,val,,,1e0", "sub/c.mp4,run,,s 2,0,2.5", "a.mp4,run,train,s1,,1.25"]


def csv_bytes(header: str, *rows: str, end: str = "\n", last: str = "\n", start: bytes = b"") -> bytes:
    return start + (end.join([header, *rows]) + last).encode()


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (csv_bytes(COLUMNS, *CELLS), [2, 3, 4, 5]),
        (csv_bytes(COLUMNS, *CELLS, last=""), [2, 3, 4, 5]),
        (csv_bytes(COLUMNS, *CELLS, end="\r\n", last="\r\n"), [2, 3, 4, 5]),
        (csv_bytes(COLUMNS, *CELLS, end="\r", last="\r"), [2, 3, 4, 5]),
        (csv_bytes(COLUMNS, *CELLS, start=b"\xef\xbb\xbf"), [2, 3, 4, 5]),
        (csv_bytes(COLUMNS, "", *CELLS[:2], "  ", ",,,,,", *CELLS[2:], "", ""), [3, 4, 7, 8]),
        (csv_bytes("", COLUMNS, "", *CELLS[:2], ",, ,,,", *CELLS[2:], "", ""), [4, 5, 7, 8]),
        (csv_bytes("", COLUMNS, "", *CELLS, "", end="\r\n", last="", start=b"\xef\xbb\xbf"), [4, 5, 6, 7]),
        (csv_bytes(" ,,", "  ", COLUMNS, *CELLS), [4, 5, 6, 7]),
        (csv_bytes(COLUMNS, *CELLS[:3], 'a.mp4,"run",train,"s1",,1.25'), [2, 3, 4, 5]),
        (csv_bytes(f"{COLUMNS},note", f'{CELLS[0]},"two\nlines"', *CELLS[1:]), [2, 4, 5, 6]),
        (csv_bytes(f"note,{COLUMNS}", *(f"x,{row}" for row in CELLS)), [2, 3, 4, 5]),
        (csv_bytes(f"{COLUMNS},1,2", *CELLS), [2, 3, 4, 5]),
        (csv_bytes(COLUMNS, *CELLS[:3], "a.mp4,run,train,s1,,1_0.0"), [2, 3, 4, 5]),
    ],
    ids=[
        "plain",
        "no last line",
        "crlf",
        "cr",
        "bom",
        "blank",
        "empty",
        "empty crlf",
        "blank first",
        "quotes",
        "lines in quotes",
        "first",
        "short",
        "underscore",
    ],
)
def test_the_same_rows_however_they_are_written(root: Path, content: bytes, lines: list[int]) -> None:
    (root / "annotations.csv").write_bytes(content)
    b, c, whole, part = (f"annotations.csv row {lines[index]}" for index in (1, 2, 0, 3))
    assert list(read_annotations(root)) == [
        VideoRecord(root / "a.mp4", "run", "train", "s1", None, 10.0 if b"1_0" in content else 1.25, part),
        VideoRecord(root / "a.mp4", "run", "train", "s1", 1.5, 3.0, whole),
        VideoRecord(root / "b.mp4", "jump", "val", None, None, 1.0, b),
        VideoRecord(root / "sub/c.mp4", "run", None, "s 2", 0.0, 2.5, c),
    ]


def test_which_rows_are_read_as_columns(root: Path) -> None:
    file = root / "annotations.csv"
    for content, header_line, expected in [
        ([COLUMNS, *CELLS], 1, [2, 3, 4, 5]),
        (["", COLUMNS, "", *CELLS, ",,,,,"], 2, [4, 5, 6, 7]),
        (["  ", COLUMNS, *CELLS], 2, [3, 4, 5, 6]),
        ([COLUMNS, "a.mp4,run", "", "b.mp4,jump,val"], 1, [2, 4]),
        ([COLUMNS, 'a.mp4,"run"', "b.mp4,jump,val,,,"], 1, [2, 3]),
    ]:
        write_csv(root, *content)
        places = {name: place for place, name in enumerate(COLUMNS.split(","))}
        records = read_csv_columns(file, Source(root), places, len(places), header_line)
        assert records is not None
        assert [record.row for record in records] == [f"annotations.csv row {line}" for line in expected]


@pytest.fixture
def many(root: Path, tmp_path: Path, video_bytes: bytes) -> list[str]:
    """Forty files in `many`, so many that their folder is listed; one is a link out of the root, one a link inside."""
    names = [f"{number}.mp4" for number in range(40)]
    make(root / "many", video_bytes, *names)
    make(tmp_path, video_bytes, "secret.mp4")
    (root / "many" / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    (root / "many" / "in.mp4").symlink_to("0.mp4")
    (root / "other").symlink_to("many")
    return names


def test_many_files_of_a_folder(root: Path, many: list[str]) -> None:
    write_csv(root, "path,label", *(f"many/{name},run" for name in many), "./many/../a.mp4,run", f"{root}/b.mp4,run")
    assert sorted(row[0] for row in table(read_annotations(root), root)) == sorted(
        ["a.mp4", "b.mp4", *(f"many/{name}" for name in many)]
    )


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("many/out.mp4", r"row 42 column 'path': 'many/out\.mp4' lies outside the data set's root.*it leads to"),
        ("many/40.mp4", r"row 42 column 'path': there is no file '.*many/40\.mp4'"),
        ("many/in.mp4", r"row 42: the same video 'in\.mp4' as annotations\.csv row 2\."),
        ("many//7.mp4", r"row 42: the same video '7\.mp4' as annotations\.csv row 9\."),
        ("other/7.mp4", r"row 42: the same video '7\.mp4' as annotations\.csv row 9\."),
        ("many", r"row 42 column 'path': 'many' is a folder"),
    ],
)
def test_one_mistake_among_many_files_of_a_folder(root: Path, many: list[str], last: str, message: str) -> None:
    write_csv(root, "path,label", *(f"many/{name},run" for name in many), f"{last},run")
    with pytest.raises(DataError, match=message):
        read_annotations(root)


def test_many_files_of_a_folder_that_leads_out_of_the_root(root: Path, tmp_path: Path, video_bytes: bytes) -> None:
    names = [f"{number}.mp4" for number in range(40)]
    make(tmp_path / "elsewhere", video_bytes, *names)
    (root / "many").symlink_to(tmp_path / "elsewhere")
    write_csv(root, "path,label", *(f"many/{name},run" for name in names))
    with pytest.raises(DataError, match=r"row 2 column 'path': 'many/0\.mp4' lies outside the data set's root"):
        read_annotations(root)
    assert len(read_annotations(root, allow_outside_root=True)) == 40


def test_the_first_of_several_mistakes_is_named(root: Path) -> None:
    write_csv(root, "path,label,split,start_seconds", "a.mp4,run,train,", "b.mp4,,tran,x", "x.mp4,run,,1", 'b.mp4,"run')
    with pytest.raises(DataError, match=r"row 3 column 'split': unknown split 'tran'"):
        read_annotations(root)
