"""Rows of predictions."""

import csv
import json

import pytest

from videoseq.reporting.predictions import print_rows, write_rows

ROWS = [
    {
        "path": "a,b.mp4",
        "start_seconds": 0.0,
        "end_seconds": 1.5,
        "pred": "left",
        "prob": 0.75,
        "above_threshold": True,
        "top": [("left", 0.75), ("right", 0.25)],
    },
    {
        "path": "视频.mp4",
        "start_seconds": 1.5,
        "end_seconds": 3.0,
        "pred": "up",
        "prob": 0.5,
        "above_threshold": False,
        "top": [("up", 0.5), ("left", 0.3)],
    },
]


def test_csv_has_the_further_classes_as_columns(tmp_path):
    write_rows(tmp_path / "rows.csv", ROWS)
    with (tmp_path / "rows.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "start_seconds", "end_seconds", "pred", "prob", "above_threshold", "pred_2", "prob_2"]
    assert list(rows[0].values()) == ["a,b.mp4", "0.0", "1.5", "left", "0.75", "true", "right", "0.25"]
    assert (rows[1]["path"], rows[1]["above_threshold"]) == ("视频.mp4", "false")


def test_json_has_a_list_of_classes(tmp_path):
    write_rows(tmp_path / "rows.json", ROWS)
    rows = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert rows[0]["top"] == [{"label": "left", "prob": 0.75}, {"label": "right", "prob": 0.25}]
    assert {key: value for key, value in rows[1].items() if key != "top"} == {
        key: value for key, value in ROWS[1].items() if key != "top"
    }


@pytest.mark.parametrize(("name", "content"), [("rows.csv", "path,pred,prob,above_threshold\n"), ("rows.json", "[]\n")])
def test_no_rows_make_an_empty_file(tmp_path, name, content):
    write_rows(tmp_path / name, [])
    assert (tmp_path / name).read_text() == content


def test_a_table_is_shown_and_in_a_pipe_a_row_stays_one_line(capsys):
    long = "folder/" * 30 + "a.mp4"
    print_rows([{**ROWS[0], "path": long}, ROWS[1]])
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if long in line]
    assert all(word in line for word in ("left", "0.750", "true", "right 0.250"))
    assert all(word in lines[1] for word in ("path", "start_seconds", "pred", "prob", "above_threshold"))


def test_the_terminal_shows_nothing_without_rows(capsys):
    print_rows([])
    assert capsys.readouterr().out == ""
