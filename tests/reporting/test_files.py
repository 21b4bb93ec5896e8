"""CSV and JSON files."""

import csv
import json
import math

import pytest

from videoseq.reporting.files import append_csv, write_csv, write_json

BROKEN = "clip\udcff.mp4"  # how Python reads a name that is no valid UTF-8


def test_json_is_indented_plain_and_readable(tmp_path):
    path = tmp_path / "new" / "metrics.json"
    write_json(path, {"test": None, "name": "视频", "values": (1, 2.5)})
    assert path.read_text(encoding="utf-8") == (
        '{\n  "test": null,\n  "name": "视频",\n  "values": [\n    1,\n    2.5\n  ]\n}\n'
    )


def test_json_never_holds_a_number_that_json_does_not_know(tmp_path):
    path = tmp_path / "metrics.json"
    write_json(path, {"train": {"loss": math.nan}, "list": [math.inf, -math.inf, 1.0]})
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {"train": {"loss": None}, "list": [None, None, 1.0]}


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "metrics.json"
    write_json(path, {"old": 1})
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_json(path, {"new": object()})
    assert json.loads(path.read_text()) == {"old": 1}
    write_json(path, {"new": 2})
    assert json.loads(path.read_text()) == {"new": 2}
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.json"]


def test_nothing_is_left_of_a_file_that_could_not_be_put_in_its_place(tmp_path):
    (tmp_path / "metrics.json").mkdir()
    with pytest.raises(IsADirectoryError, match=r"metrics\.json"):
        write_json(tmp_path / "metrics.json", {})
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.json"]


def test_a_name_that_is_no_valid_utf8_is_written_with_escapes(tmp_path):
    write_json(tmp_path / "rows.json", {"path": BROKEN})
    assert json.loads((tmp_path / "rows.json").read_text(encoding="utf-8")) == {"path": BROKEN}
    write_csv(tmp_path / "rows.csv", ["path"], [{"path": BROKEN}])
    append_csv(tmp_path / "rows.csv", ["path"], {"path": BROKEN})
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8") == "path\nclip\\udcff.mp4\nclip\\udcff.mp4\n"


def test_csv_quotes_what_needs_it_and_leaves_gaps_empty(tmp_path):
    path = tmp_path / "rows.csv"
    write_csv(path, ["path", "reason"], [{"path": "a,b.mp4", "reason": 'say "no"'}, {"path": "c.mp4"}])
    assert path.read_text() == 'path,reason\n"a,b.mp4","say ""no"""\nc.mp4,\n'
    with path.open(newline="") as file:
        assert next(iter(csv.DictReader(file))) == {"path": "a,b.mp4", "reason": 'say "no"'}


def test_appending_writes_the_header_once(tmp_path):
    path = tmp_path / "new" / "bad.csv"
    append_csv(path, ["path", "reason"], {"path": "a", "reason": "x"})
    append_csv(path, ["path", "reason"], {"path": "b", "reason": "y"})
    assert path.read_text() == "path,reason\na,x\nb,y\n"
