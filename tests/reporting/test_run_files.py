"""What a run says about itself."""

import platform
import subprocess
from pathlib import Path

import pytest

from videoseq import __version__
from videoseq.reporting.run_files import BadVideoFile, git_commit, versions


def test_versions_name_what_a_result_depends_on():
    found = versions()
    assert set(found) == {"python", "videoseq", "torch", "torchvision", "pytorch-lightning", "av"}
    assert found["python"] == platform.python_version()
    assert found["videoseq"] == __version__


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--no-verify", "-m", "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commit_is_that_of_the_working_folder(repository):
    commit = git(repository, "rev-parse", "HEAD")
    assert git_commit() == commit
    (repository / "file").write_text("two")
    assert git_commit() == f"{commit}-dirty"


def test_there_is_no_commit_outside_a_repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert git_commit() is None


def test_bad_videos_are_listed_with_their_reasons(tmp_path):
    path = tmp_path / "bad_videos.csv"
    listed = BadVideoFile(path)
    assert path.read_text() == "path,row,split,reason\n"
    listed.add(Path("/data/a.mp4"), "annotations.csv row 3", "train", "torn, badly")
    BadVideoFile(path).add(Path("/data/b.mp4"), "left/b.mp4", "", "empty")
    assert path.read_text() == (
        'path,row,split,reason\n/data/a.mp4,annotations.csv row 3,train,"torn, badly"\n/data/b.mp4,left/b.mp4,,empty\n'
    )


def test_a_video_is_listed_once_also_by_a_resumed_run(tmp_path):
    path = tmp_path / "bad_videos.csv"
    for _ in range(2):
        listed = BadVideoFile(path)
        for _ in range(2):
            listed.add(Path("/data/a\udcff.mp4"), "a.mp4", "", "torn,\nbadly")
        listed.add(Path("/data/a\udcff.mp4"), "a.mp4", "val", "torn,\nbadly")
    assert path.read_text() == (
        'path,row,split,reason\n/data/a\\udcff.mp4,a.mp4,,"torn,\nbadly"\n/data/a\\udcff.mp4,a.mp4,val,"torn,\nbadly"\n'
    )


def test_a_new_list_is_empty(tmp_path):
    path = tmp_path / "bad_videos.csv"
    BadVideoFile(path).add(Path("/data/a.mp4"), "", "", "torn")
    BadVideoFile(path, new=True)
    assert path.read_text() == "path,row,split,reason\n"
