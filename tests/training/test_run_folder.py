"""Folders of runs: made, found, refused."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from videoseq.errors import CheckpointError, ConfigError
from videoseq.training.run_folder import find_resumable, folder_of_checkpoint, new_run_folder


def make_run(outputs, date, *, finished=False, name="train"):
    folder = outputs / name / date
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "last.ckpt").touch()
    if finished:
        (folder / "metrics.json").touch()
    return folder


def test_runs_started_in_the_same_moment_have_folders_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: new_run_folder(tmp_path, "train"), range(40)))
    assert len(set(folders)) == 40
    assert all(folder.is_dir() and folder.parent == tmp_path / "train" for folder in folders)


def test_a_folder_is_named_by_date_time_and_milliseconds(tmp_path):
    assert len(new_run_folder(tmp_path, "train").name) == len("2026-01-31_23-59-59-123")


def test_a_place_where_no_folder_can_be_is_refused(tmp_path):
    (tmp_path / "outputs").touch()
    with pytest.raises(ConfigError, match=r"cannot make the run's folder '.*outputs.*': Not a directory; paths\.outputs=DIR"):
        new_run_folder(tmp_path / "outputs", "train")


def test_without_resume_a_run_is_new(tmp_path):
    make_run(tmp_path, "2026-01-01_00-00-00-000")
    assert find_resumable(tmp_path, "train", None) is None


def test_auto_takes_the_newest_unfinished_run_of_the_name(tmp_path):
    make_run(tmp_path, "2026-01-01_00-00-00-000")
    newest = make_run(tmp_path, "2026-01-02_00-00-00-000")
    make_run(tmp_path, "2026-01-03_00-00-00-000", finished=True)
    (tmp_path / "train" / "2026-01-04_00-00-00-000").mkdir()  # stopped before a checkpoint
    make_run(tmp_path, "2026-01-05_00-00-00-000", name="other")
    assert find_resumable(tmp_path, "train", "auto") == newest / "checkpoints" / "last.ckpt"


def test_auto_starts_a_new_run_where_none_is_unfinished(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    make_run(tmp_path, "2026-01-03_00-00-00-000", finished=True)
    assert find_resumable(tmp_path, "train", "auto") is None
    assert "resume=auto: no unfinished run of the name 'train'" in caplog.text


def test_a_path_continues_its_run(tmp_path, monkeypatch):
    run = make_run(tmp_path / "elsewhere", "2026-01-03_00-00-00-000", finished=True)
    checkpoint = run / "checkpoints" / "last.ckpt"
    monkeypatch.chdir(tmp_path)
    assert find_resumable(tmp_path, "train", str(checkpoint.relative_to(tmp_path))) == checkpoint
    assert folder_of_checkpoint(checkpoint) == run


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint at '.*gone\.ckpt': resume=PATH names a file such as RUN/"):
        find_resumable(tmp_path, "train", str(tmp_path / "gone.ckpt"))


def test_a_checkpoint_outside_of_a_run_is_refused(tmp_path):
    (tmp_path / "alone.ckpt").touch()
    with pytest.raises(CheckpointError, match=r"alone\.ckpt' does not lie in a run's folder .*init_from=PATH"):
        folder_of_checkpoint(tmp_path / "alone.ckpt")
