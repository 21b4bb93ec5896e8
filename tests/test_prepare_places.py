"""Where `python -m videoseq.prepare` writes, and what a command that fails leaves behind."""

import os
import shlex

import pytest

from tests.commands import run
from videoseq.errors import ConfigError
from videoseq.prepare import locked_place


@pytest.fixture
def small_bars(tmp_path, make_class_folders):
    """A data set of two classes, a video each."""
    return make_class_folders(tmp_path / "bars", {"left": 1, "right": 1})


def prepare(capsys, root, output, *words):
    cache = output.parent / "cache" if hasattr(output, "parent") else "cache"
    return run(capsys, "prepare", f"data.root={root}", f"output={output}", f"paths.cache={cache}", "data.num_workers=1", *words)


def everything(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_command_that_is_refused_touches_nothing_of_the_one_at_work(tmp_path):
    with locked_place(tmp_path / "copy"):
        with pytest.raises(ConfigError, match="another command is at work in"), locked_place(tmp_path / "copy", 0.1):
            pass
        assert everything(tmp_path) == ["copy", "copy/.lock"]
        with pytest.raises(ConfigError, match="another command is at work in"), locked_place(tmp_path / "copy", 0.1):
            pass


@pytest.mark.parametrize("place", [".", "left/copy", "..", "left/x/y/z"])
def test_the_copy_lies_beside_its_source(capsys, tmp_path, small_bars, place):
    before = everything(tmp_path)
    done = prepare(capsys, small_bars, small_bars / place, f"paths.cache={tmp_path / 'cache'}")
    assert done.code == 2
    assert "lie in each other: name a folder beside it" in done.err
    assert everything(tmp_path) == before


@pytest.mark.parametrize("kind", ["new", "inner", "empty", "link"])
def test_a_mistake_leaves_of_the_output_what_was_there(capsys, tmp_path, kind):
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "link").symlink_to("empty")
    output = {"new": tmp_path / "copy", "inner": tmp_path / "a" / "b" / "c", "empty": empty, "link": tmp_path / "link"}[kind]
    before = everything(tmp_path)
    done = prepare(capsys, tmp_path / "nothing", output)
    assert (done.code, "there is no folder" in done.err) == (2, True), done.err
    assert everything(tmp_path) == before


def test_an_output_without_a_name_is_refused(capsys, small_bars):
    done = prepare(capsys, small_bars, "")
    assert (done.code, "output is empty: name the folder of the copy, output=DIR" in done.err) == (2, True), done.err


def test_a_folder_that_holds_something_else_is_left_as_it_is(capsys, tmp_path, small_bars):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "mine.txt").write_text("precious")
    done = prepare(capsys, small_bars, tmp_path / "copy")
    assert done.code == 2
    assert "holds files but no prepared.jsonl, so it is no prepared data set and is left as it is" in done.err
    assert set(everything(tmp_path / "copy")) <= {".lock", "mine.txt"}


def test_the_last_line_can_be_pasted(capsys, tmp_path, small_bars):
    output = tmp_path / "o 10"
    done = prepare(capsys, small_bars, output)
    assert done.code == 0, done.err
    (line,) = [line for line in done.err.splitlines() if "train on the copy" in line]
    assert shlex.split(line.partition(" and ")[2]) == [f"data.root={output}"]
    assert not os.path.lexists(output / ".preparing")


def test_a_built_in_data_set_must_be_written_first(capsys, tmp_path):
    words = ["data=moving_shapes", f"output={tmp_path / 'copy'}", f"paths.cache={tmp_path / 'cache'}"]
    done = run(capsys, "prepare", *words)
    assert done.code == 2
    assert "the data set 'moving_shapes' is not written yet, there is no folder" in done.err
    assert not (tmp_path / "copy").exists()
