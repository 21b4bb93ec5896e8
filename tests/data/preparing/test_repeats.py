"""Preparing a data set again, after it or its copy has changed, and lists that cannot be copied."""

import os
import shutil
from dataclasses import replace

import pytest

from tests.data.formats import small
from tests.data.preparing.test_formats import class_folders, folders_of_frames, list_elsewhere, path_list, prepare, read
from videoseq.data.annotations import read_annotations
from videoseq.data.options import DataOptions
from videoseq.data.preparing.data_set import data_sets, prepare_data_set
from videoseq.data.preparing.settings import Settings
from videoseq.errors import ConfigError, DataError
from videoseq.reporting.progress import progress_bar

SETTINGS = Settings(short_side=24, quality=80, gop=4, min_psnr=25)


def csv_of(folder, rows, **options):
    """A data set of two videos, and a CSV with some rows."""
    for seed in range(2):
        small.write_clip(folder / f"{seed}.mp4", seed)
    small.write_lines(folder / "annotations.csv", "path,label", *rows)
    return DataOptions(root=str(folder), num_workers=1, **options)


def copied(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.mp4"))


@pytest.mark.parametrize("damage", ["shorter", "fewer"])
def test_a_damaged_copy_of_a_folder_of_frames_is_made_again(tmp_path, damage):
    options = replace(folders_of_frames(tmp_path / "data"), num_workers=1)
    prepare(options, tmp_path)
    image = sorted((tmp_path / "copy" / "wave" / "v0").iterdir())[-1]
    whole = image.stat().st_size
    if damage == "shorter":
        image.write_bytes(image.read_bytes()[:-9])
    else:
        image.unlink()
    assert prepare(options, tmp_path).num_copied == 1
    assert image.stat().st_size == whole


def test_until_the_list_of_bad_videos_is_written_the_copy_is_not_finished(tmp_path):
    source, copy = data_sets(replace(class_folders(tmp_path / "data"), num_workers=1), tmp_path / "copy")

    def stop(path, bad):
        assert path == tmp_path / "copy" / "bad_videos.csv"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_data_set(source, copy, SETTINGS, tmp_path / "cache", progress_bar, stop)
    with pytest.raises(DataError, match="is being prepared, or was until something stopped it"):
        read_annotations(tmp_path / "copy")
    assert prepare(source.options, tmp_path).num_copied == 0
    assert len(read_annotations(tmp_path / "copy")) == 4


def test_a_list_that_the_source_no_longer_has_leaves_the_copy_and_a_users_file_stays(tmp_path):
    options = replace(path_list(tmp_path / "data"), num_workers=1)
    prepare(options, tmp_path)
    (tmp_path / "copy" / "mine.txt").write_text("precious")
    (tmp_path / "data" / "test.txt").unlink()
    prepare(options, tmp_path)
    assert sorted(path.name for path in (tmp_path / "copy").glob("*.txt")) == ["labels.txt", "mine.txt", "train.txt", "val.txt"]
    assert len(read(replace(options, root=str(tmp_path / "copy")))) == 4


def test_a_folder_of_frames_that_becomes_a_file_and_the_reverse(tmp_path):
    options = replace(class_folders(tmp_path / "data"), num_workers=1)
    prepare(options, tmp_path)
    video = tmp_path / "data" / "wave" / "session 1" / "0.mp4"
    kept = video.read_bytes()
    video.unlink()
    video.mkdir()
    (video / "inner.mp4").write_bytes(kept)
    prepare(options, tmp_path)
    assert "wave/session 1/0.mp4/inner.mp4" in copied(tmp_path / "copy")
    shutil.rmtree(video)
    video.write_bytes(kept)
    prepare(options, tmp_path)
    assert (tmp_path / "copy" / "wave" / "session 1" / "0.mp4").is_file()


def test_a_list_of_the_same_name_keeps_its_rows(tmp_path):
    options = replace(path_list(tmp_path / "data"), num_workers=1, max_bad_fraction=0.5)
    other = tmp_path / "data" / "sub" / "train.txt"
    small.write_lines(other, "one", "two", "three")
    first = read(options)[0]
    first.path.write_bytes(b"no video")
    prepared = prepare(options, tmp_path)
    assert len(prepared.bad) == 1
    assert (tmp_path / "copy" / "sub" / "train.txt").read_bytes() == other.read_bytes()


def test_other_annotations_in_the_same_output_are_refused(tmp_path):
    options = csv_of(tmp_path / "data", ["0.mp4,wave", "1.mp4,clap"])
    prepare(options, tmp_path)
    small.write_lines(tmp_path / "data" / "one.csv", "path,label", "0.mp4,wave")
    with pytest.raises(ConfigError, match=r"was prepared with annotations=None, now annotations=.*one\.csv: name another"):
        prepare(replace(options, annotations=str(tmp_path / "data" / "one.csv")), tmp_path)
    assert copied(tmp_path / "copy") == ["0.mp4", "1.mp4"]


@pytest.mark.parametrize("row", ["{folder}/./data/0.mp4,wave", "../data/0.mp4,wave", "{folder}/data//0.mp4,wave"])
def test_rows_that_mean_nothing_in_the_copy_are_refused_before_anything_is_copied(tmp_path, row):
    options = csv_of(tmp_path / "data", [row.format(folder=tmp_path), "1.mp4,clap"])
    with pytest.raises(DataError, match=r"copy' cannot be read as '.*data' is: .* Fix: write paths in the lists relative to"):
        prepare(options, tmp_path)
    assert list((tmp_path / "copy").iterdir()) == []


def test_rows_may_name_the_place_that_the_root_leads_to(tmp_path):
    real = tmp_path / "real"
    csv_of(real, [f"{real}/0.mp4,wave", "1.mp4,clap"])
    (tmp_path / "data").symlink_to("real")
    prepare(DataOptions(root=str(tmp_path / "data"), num_workers=1), tmp_path)
    assert (tmp_path / "copy" / "annotations.csv").read_text().splitlines() == ["path,label", "0.mp4,wave", "1.mp4,clap"]


def test_two_lists_from_elsewhere_do_not_share_a_place(tmp_path):
    options = list_elsewhere(tmp_path / "data")
    names = tmp_path / "names" / "all.list"
    small.write_lines(names, "wave", "clap")
    with pytest.raises(ConfigError, match=r"names/all\.list' would be copied to .*, which is the place of '.*lists/all\.list'"):
        prepare(replace(options, class_names=str(names)), tmp_path)


def test_a_list_with_the_name_of_ours_is_refused_and_that_of_an_earlier_copy_is_not(tmp_path):
    options = csv_of(tmp_path / "data", ["0.mp4,wave", "1.mp4,clap"])
    mine = tmp_path / "data" / "bad_videos.csv"
    mine.write_text("path,label\n0.mp4,wave\n")
    with pytest.raises(ConfigError, match=r"bad_videos\.csv' has the name of the list of the videos that are left out"):
        prepare(options, tmp_path)
    mine.write_text("path,row,split,reason\n")
    prepare(options, tmp_path)
    assert (tmp_path / "copy" / "bad_videos.csv").read_text() == ""


def test_what_is_said_of_the_source_is_not_said_again_of_the_copy(tmp_path, caplog):
    options = DataOptions(root=str(small.write_kinetics(tmp_path / "data")), format="kinetics", num_workers=1)
    prepare(options, tmp_path)
    missing = [record.getMessage() for record in caplog.records if "are not there and are left out" in record.getMessage()]
    assert missing == ["1 of 9 videos are not there and are left out, the first is gone_000003_000013.mp4"]


def test_what_is_no_list_is_not_waited_for(tmp_path):
    options = csv_of(tmp_path / "data", ["0.mp4,wave", "1.mp4,clap"])
    os.mkfifo(tmp_path / "data" / "pipe.txt")
    (tmp_path / "data" / "dangling.csv").symlink_to("nothing")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "data" / "secret.txt").symlink_to("../secret.txt")
    prepare(options, tmp_path)
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [
        "0.mp4", "1.mp4", "annotations.csv", "bad_videos.csv", "prepared.jsonl",
    ]  # fmt: skip
