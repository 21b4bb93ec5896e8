"""Copies of lists without some rows."""

import json
import os

import pytest

from videoseq.data.preparing.lists import copy_list, find_lists, located, places


@pytest.mark.parametrize(
    ("name", "content", "numbers", "expected"),
    [
        ("a.txt", "x 0\n\ny 1\nz 0", {3}, "x 0\n\nz 0"),
        ("a.txt", "x 0\r\ny 1\r\n", {1}, "y 1\r\n"),
        ("a.txt", "a\x0bb 0\na\u2028b 1\nc 0\n", {2}, "a\x0bb 0\nc 0\n"),
        ("a.csv", "path,label\na,1\nb,2\n", {2}, "path,label\nb,2\n"),
        ("a.csv", 'path,label\na,"1\n2"\n\nb,2\n', {2, 5}, "path,label\n\n"),
        ("a.csv", 'path,label\na,"1\n2"\nb,2\n', {4}, 'path,label\na,"1\n2"\n'),
        ("a.csv", "1;x, y\n2;z\n", {1}, "2;z\n"),
        ("a.json", '[{"id": 1}, {"id": 2}, {"id": 3}]', {0, 2}, '[{"id": 2}]'),
        ("a.txt", "\ufeffx 0\ny 1\n", {2}, "\ufeffx 0\n"),
        ("a.csv", "path,label\n/data/set/a.mp4,1\n", set(), "path,label\na.mp4,1\n"),
        ("a.json", '{"about": "/data/set/"}', set(), '{"about": "/data/set/"}'),
    ],
)
def test_rows_are_left_out_by_the_numbers_that_readers_give_them(tmp_path, name, content, numbers, expected):
    (tmp_path / name).write_bytes(content.encode())
    root = tmp_path.__class__("/data/set")
    copy_list(tmp_path / name, tmp_path / "sub" / name, numbers, [root], "," if name.endswith(".csv") else None)
    assert (tmp_path / "sub" / name).read_bytes().decode() == expected
    assert [path.name for path in (tmp_path / "sub").iterdir()] == [name]


def test_what_is_not_utf8_is_kept_byte_for_byte(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"caf\xe9 0\nb 1\nc 0\n")
    copy_list(tmp_path / "a.txt", tmp_path / "b.txt", {2}, [tmp_path], None)
    assert (tmp_path / "b.txt").read_bytes() == b"caf\xe9 0\nc 0\n"


def test_a_json_list_stays_what_it_says(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"id": "1"}, {"id": "é"}]), encoding="utf-8-sig")
    copy_list(tmp_path / "a.json", tmp_path / "b.json", {0}, [tmp_path], None)
    assert json.loads((tmp_path / "b.json").read_text()) == [{"id": "é"}]


def test_the_format_says_what_a_row_is(tmp_path):
    (tmp_path / "a.txt").write_text('path,label\na,"1\n2"\nb,2\n')
    copy_list(tmp_path / "a.txt", tmp_path / "b.txt", {2}, [tmp_path], ",")
    assert (tmp_path / "b.txt").read_text() == "path,label\nb,2\n"
    (tmp_path / "a.csv").write_text('1;"x\ny"\n2;z\n')
    copy_list(tmp_path / "a.csv", tmp_path / "b.csv", {1}, [tmp_path], ";")
    assert (tmp_path / "b.csv").read_text() == "2;z\n"


def test_a_name_as_long_as_a_disk_takes_is_copied(tmp_path):
    name = "视" * 83 + ".txt"
    (tmp_path / name).write_text("a 0\n")
    copy_list(tmp_path / name, tmp_path / "sub" / name, (), [tmp_path], None)
    assert [path.name for path in (tmp_path / "sub").iterdir()] == [name]


def test_rows_are_those_of_the_list_that_is_read(tmp_path):
    for name in ("train.csv", "labels/train.csv", "other/train.csv", "annotations/val.csv", "lists/train.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    dropped = {"train.csv": {1}, "val.csv": {2}}
    assert located(dropped, tmp_path, None) == {tmp_path / "train.csv": {1}, tmp_path / "annotations" / "val.csv": {2}}
    assert located({"train.csv": {1}}, tmp_path, tmp_path / "lists") == {tmp_path / "lists" / "train.csv": {1}}
    file = tmp_path / "other" / "train.csv"
    assert located(dropped, tmp_path, file) == {file: {1}}


def test_places_are_those_that_records_name():
    rows = ["train.csv row 7", "train.json entry 0", "wave/a.mp4", "my list.txt row 3", "train.csv row 9", "row 3/a.mp4"]
    assert places(rows) == {"train.csv": {7, 9}, "train.json": {0}, "my list.txt": {3}}


def test_lists_are_found_below_the_root(tmp_path):
    names = ["annotations.csv", "labels/train.JSON", "wave/a.mp4", "wave/v1/00001.jpg", "wave/v1/about.txt", ".hidden/a.csv"]
    for name in [*names, ".hidden.csv"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.as_posix() for path in find_lists(tmp_path, {tmp_path / "wave" / "v1"}, allow_outside=False)]
    assert found == ["annotations.csv", "labels/train.JSON"]


def test_only_regular_files_are_lists_and_links_stay_inside(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.txt").touch()
    (root / "a.txt").touch()
    (root / "in.txt").symlink_to("a.txt")
    (root / "out.txt").symlink_to("../outside.txt")
    (root / "nowhere.txt").symlink_to("nothing")
    os.mkfifo(root / "fifo.csv")
    inside = [path.as_posix() for path in find_lists(root, (), allow_outside=False)]
    assert inside == ["a.txt", "in.txt"]
    assert [path.as_posix() for path in find_lists(root, (), allow_outside=True)] == [*inside, "out.txt"]
