import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.runs import scan
from videoseq.data.membership import check_sides, number_units, restore_split, split_identities, warn_of_seen
from videoseq.data.videos import Video, Videos, join_videos
from videoseq.errors import CheckpointError, DataError
from videoseq.types import VideoInfo, VideoRecord


def names(videos):
    return {video.info.path.relative_to(video.info.path.parents[1]) for video in videos}


@pytest.fixture
def folder(bars, tmp_path):
    return shutil.copytree(bars, tmp_path / "copy")


def test_a_split_stays_that_of_the_training_when_videos_come_and_go(folder, make_class_folders, tmp_path, caplog):
    before = scan(folder, tmp_path / "cache")
    identities = split_identities(before)
    gone = before.videos["test"][0].info.path
    gone.unlink()
    make_class_folders(folder, {"left": 3, "right": 3}, names=["a.mp4", "b.mp4", "c.mp4"], seed=9)
    after = scan(folder, tmp_path / "cache")
    assert names(after.videos["test"]) & names(before.videos["train"])  # what a new deal would have measured on
    restored = restore_split(after, identities, "test")
    assert names(restored) == names(before.videos["test"]) - names([before.videos["test"][0]])
    assert "6 videos are new and left out, 1 of 4 test videos are gone or changed" in caplog.text


def test_unchanged_data_is_restored_without_a_word(folder, tmp_path, caplog):
    manifest = scan(folder, tmp_path / "cache")
    for split, videos in manifest.videos.items():
        restored = restore_split(manifest, split_identities(manifest), split)
        assert [video.record for video in restored] == [video.record for video in videos]
    assert caplog.text == ""


def test_a_split_of_which_nothing_is_left_is_an_error(bars, make_class_folders, tmp_path):
    identities = split_identities(scan(bars, tmp_path / "cache"))
    other = scan(make_class_folders(tmp_path / "other", {"left": 4, "right": 4}, seed=5), tmp_path / "cache")
    with pytest.raises(DataError, match=r"none of the 4 test videos of the training is there any more: .*data\.root=DIR"):
        restore_split(other, identities, "test")


def test_videos_that_were_trained_on_are_counted(bars, tmp_path, caplog):
    manifest = scan(bars, tmp_path / "cache")
    identities = split_identities(manifest)
    warn_of_seen(manifest.videos["test"], identities)
    assert caplog.text == ""
    warn_of_seen(join_videos([manifest.videos["test"], manifest.videos["train"][:3]]), identities)
    assert "3 of the 7 videos were trained on or chosen by" in caplog.text


def test_an_identity_is_content_and_part_not_name(bars, tmp_path):
    video, other = scan(bars, tmp_path / "cache").videos["train"][:2]
    assert video.identity != other.identity
    assert replace(video, info=replace(video.info, path=tmp_path / "renamed.mp4")).identity == video.identity
    assert replace(video, record=replace(video.record, start_seconds=0.2)).identity != video.identity


def test_a_copy_on_another_side_is_a_leak_and_of_one_unit(folder, tmp_path):
    shutil.copy(folder / "left" / "0.mp4", folder / "left" / "copy.mp4")
    manifest = scan(folder, tmp_path / "cache")
    check_sides(manifest.videos)
    videos = join_videos([*manifest.videos.values()])
    places = [
        place
        for place, record in enumerate(videos.records)
        if record.path.name in ("0.mp4", "copy.mp4") and record.label == "left"
    ]
    copies = videos.take(np.array(places))
    numbers = number_units(videos)
    assert len(set(numbers)) == len(videos) - 1
    assert len({numbers[place] for place in places}) == 1
    with pytest.raises(
        DataError, match=r"a leak: the same content is on two sides, left/.*mp4 in train and left/.*mp4 in test"
    ):
        check_sides({"train": copies[:1], "val": copies[:0], "test": copies[1:]})


def test_of_several_leaks_the_first_one_is_named():
    def videos(*shown):
        return Videos.of(
            Video(VideoRecord(Path(name), "a", row=row), VideoInfo(Path(name), num_frames=1, content_hash=content))
            for name, content, row in shown
        )

    train, test = videos(("/1", "A", "row 1"), ("/2", "B", "row 2")), videos(("/3", "A", "row 3"), ("/2", "B", "row 4"))
    with pytest.raises(DataError, match="the same content is on two sides, row 1 in train and row 3 in test"):
        check_sides({"train": train, "val": train[:0], "test": test})


@pytest.mark.parametrize("text", ["no base64", "QUJD", ["03f1"], None])
def test_what_no_checkpoint_of_ours_says_is_refused(bars, tmp_path, text):
    manifest = scan(bars, tmp_path / "cache")
    with pytest.raises(CheckpointError, match=r"names the videos that it was trained on as .*Fix: .*or train again"):
        warn_of_seen(manifest.videos["test"], {"train": text})
