"""Following links, once for each folder."""

import os
from pathlib import Path

import pytest

from videoseq.data.resolving import Resolver


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder with a file, links to it and to its folder, and a circle."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "x.mp4").touch()
    (tmp_path / "a" / "link.mp4").symlink_to("b/x.mp4")
    (tmp_path / "c").symlink_to(tmp_path / "a" / "b")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    return tmp_path


@pytest.mark.parametrize("name", ["a", "a/b/x.mp4", "a/b/none.mp4", "a/link.mp4", "c", "c/x.mp4", "circle", "circle/x"])
def test_a_path_leads_where_realpath_says(linked: Path, name: str) -> None:
    resolver = Resolver()
    path = linked / name
    assert [resolver(path), resolver(path)] == [os.path.realpath(path)] * 2


def test_the_root_of_all(tmp_path: Path) -> None:
    assert Resolver()(Path("/")) == "/"
    assert Resolver()(tmp_path / ("x" * 300)) == str(tmp_path.resolve() / ("x" * 300))
