import json
import re
from pathlib import Path

import pytest

from videoseq.errors import DataError
from videoseq.reporting.benchmark_tables import markdown, rewrite_tables, table_rows

TABLE = {
    "title": "3 clips",
    "unit": "clips per CPU second",
    "less_is_better": False,
    "rows": [
        {"name": "ours", "is_ours": True, "median": 20.34, "quartiles": [20.0, 20.5], "runs": [20.34]},
        {"name": "peer", "is_ours": False, "median": 1234.5, "quartiles": [1234.5, 1234.5], "runs": [1234.5]},
        {"name": "other", "is_ours": False, "median": 0.012345, "quartiles": [0.01, 0.02], "runs": [0.012345]},
    ],
    "ratios": [
        {"ours": "ours", "peer": "peer", "median": 1.2, "quartiles": [1.1, 1.25], "aim": 1.15},
        {"ours": "ours", "peer": "other", "median": 2.0, "quartiles": [2.0, 2.0], "aim": None},
    ],
    "notes": ["a note"],
}
CONTENT = {
    "command": "python -m videoseq.benchmark target=decode",
    "machine": {"cpu": "A CPU", "cores": 2, "memory_gb": 23.4, "os": "Linux", "gpu": None},
    "tables": [TABLE],
}
EXPECTED = """`python -m videoseq.benchmark target=decode`  \nA CPU, 2 cores, 23.4 GB

**3 clips**

|  | clips per CPU second | ours is … times as fast | aim |
| --- | --- | --- | --- |
| ours | 20.3 (20–20.5) |  |  |
| peer | 1234 | 1.2 (1.1–1.25) | ≥ 1.15 |
| other | 0.0123 (0.01–0.02) | 2 |  |

- a note
"""


def test_a_table_as_markdown():
    assert markdown(CONTENT) == EXPECTED


def test_a_table_without_ratios_or_aims_has_no_columns_for_them():
    header, first, *_ = table_rows({**TABLE, "ratios": []})
    assert (header, first) == (["", "clips per CPU second"], ["ours", "20.3 (20–20.5)"])


def test_the_tables_of_a_readme_are_written_anew(tmp_path):
    (tmp_path / "decode.json").write_text(json.dumps(CONTENT), encoding="utf-8")
    readme = tmp_path / "README.md"
    readme.write_text("# speed\n\n<!-- tables of decode.json -->\nold\n<!-- end -->\n\nVerdict.\n", encoding="utf-8")
    assert rewrite_tables(readme, tmp_path) == ["decode.json"]
    text = readme.read_text(encoding="utf-8")
    assert text == f"# speed\n\n<!-- tables of decode.json -->\n{EXPECTED}<!-- end -->\n\nVerdict.\n"
    rewrite_tables(readme, tmp_path)
    assert readme.read_text(encoding="utf-8") == text


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(DataError, match=r"README\.md' is not there: write one with a line <!-- tables of"):
        rewrite_tables(tmp_path / "README.md", tmp_path)
    (tmp_path / "README.md").write_text("<!-- tables of a.json -->\n<!-- end -->\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json' is not there, and the README has a place for its tables"):
        rewrite_tables(tmp_path / "README.md", tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tables": []}', json.dumps(CONTENT).replace("quartiles", "quarters")])
def test_a_file_that_holds_no_figures_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    (tmp_path / "README.md").write_text("<!-- tables of a.json -->\n<!-- end -->\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json' is no result of videoseq\.benchmark: measure it anew"):
        rewrite_tables(tmp_path / "README.md", tmp_path)


def test_the_tables_of_the_experiment_are_those_of_its_files():
    folder = Path(__file__).parents[2] / "experiments" / "speed"
    text = (folder / "README.md").read_text(encoding="utf-8")
    places = re.findall(r"<!-- tables of (\S+\.json) -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert places
    for name, shown in places:
        file = folder / name
        assert shown == (markdown(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else ""), name
