"""The table of a data set whose labels are not one class a video: splits, counts, checks against videos and checkpoints."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.formats.small import write_frames
from tests.data.labelled import FRAMES, MULTILABEL, VALUE, VALUES, WITH_REST, build, write_rows, write_videos
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.split_options import SplitOptions
from videoseq.data.targets import targets_digest
from videoseq.data.tracks import Track, Tracks
from videoseq.data.videos import Videos, join_videos
from videoseq.errors import CheckpointError, ConfigError, DataError
from videoseq.types import IGNORED, LONE_FRAME_SECONDS, TaskSpec

LENGTHS = (10, 11, 12, 13, 14, 15, 16, 17)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight videos of 1.0 to 1.7 seconds; a test writes its own CSV into it."""
    return write_videos(tmp_path_factory.mktemp("labelled") / "data", LENGTHS)


@pytest.fixture
def root(shared: Path) -> Path:
    for path in shared.glob("*.csv"):
        path.unlink()
    return shared


def segments(root: Path, *rows: str, header: str = "path,start_seconds,end_seconds,label,split") -> Path:
    return write_rows(root, "segments.csv", header, *rows)


def names_of(manifest, split: str) -> list[str]:
    return [video.record.path.name for video in manifest.videos[split]]


def test_a_background_makes_seconds_of_what_no_segment_names(root: Path) -> None:
    rows = ("0.mp4,0.2,0.5,run,train", "0.mp4,0.5,1.05,jump,train", "1.mp4,,,,train", "2.mp4,0,1.2,run,val")
    manifest = build(segments(root, *rows), WITH_REST)
    assert manifest.class_names == ("jump", "rest", "run")
    assert manifest.class_counts == pytest.approx({"jump": 0.5, "rest": 0.2 + 1.1, "run": 0.3})
    labelled = build(segments(root, *(row for row in rows if ",,," not in row)), FRAMES)
    assert labelled.class_counts == pytest.approx({"jump": 0.5, "run": 0.3})


def test_counts_of_whole_videos(root: Path) -> None:
    write_rows(root, "annotations.csv", "path,labels,split", "0.mp4,a|b,train", "1.mp4,b,train", "2.mp4,,train", "3.mp4,c,val")
    assert build(root, MULTILABEL).class_counts == {"a": 1, "b": 2, "c": 0}
    write_rows(root, "annotations.csv", "path,value,split", "0.mp4,1,train", "1.mp4,2,train", "3.mp4,3,val")
    assert build(root, VALUE).class_counts == {"value": 2}


def test_a_class_that_no_training_video_shows_is_told(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    build(segments(root, "0.mp4,0,1,run,train", "1.mp4,0,1,rest,train", "2.mp4,0,1,jump,val"), FRAMES)
    assert "no training video shows 'jump', so it cannot be learnt: add videos" in caplog.text


def test_a_class_only_between_two_frames_is_not_seen(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    rows = ("0.mp4,0.51,0.59,jump,train", "1.mp4,0,0.25,run,train", "1.mp4,0.3,0.4,rest,train", "2.mp4,0,1,jump,val")
    assert build(segments(root, *rows), FRAMES).class_counts == pytest.approx({"jump": 0, "rest": 0.1, "run": 0.3})
    messages = [record.getMessage() for record in caplog.records]
    assert "1 of 3 segments of train hold no frame, since they lie between two; the first is segments.csv row 2" in messages
    assert "no training video shows 'jump', so it cannot be learnt: add videos" in messages
    told = [message for message in messages if "of train have no frame with a label, the first is" in message]
    assert len(told) == 1
    assert told[0].startswith("1 of 2 videos ")
    assert told[0].endswith("0.mp4' (segments.csv row 2): their rows name times between two frames")


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_of_which_no_frame_has_a_label_is_refused(root: Path, split: str) -> None:
    other = {"train": "val", "val": "train"}[split]
    message = rf"row 3: none of the 2 videos of {split} has a frame with a label; the first is '.*1\.mp4', with 10 frames"
    labelled = f"0.mp4,0,1,run,{other}"
    segments(root, labelled, f"1.mp4,0.51,0.59,run,{split}", f"2.mp4,0.11,0.19,jump,{split}")
    with pytest.raises(DataError, match=rf"^segments\.csv {message} a second, .* Fix: correct the seconds, or add rows$"):
        build(root, FRAMES)
    assert build(root, WITH_REST).num_videos == 3
    assert build(root, FRAMES, ("run", "jump")).num_videos == 3
    header = "path,time_seconds,value,split"
    write_rows(root, "values.csv", header, f"0.mp4,0,1,{other}", f"1.mp4,0.55,2,{split}", f"2.mp4,0.55,3,{split}")
    with pytest.raises(DataError, match=rf"^values\.csv {message}"):
        build(root, VALUES)
    write_rows(root, "values.csv", header, f"0.mp4,0,1,{other}", f"1.mp4,0.5,2,{split}", f"2.mp4,0.55,3,{split}")
    assert build(root, VALUES).num_videos == 3


@pytest.mark.parametrize(("end", "is_refused"), [(1.0, False), (1.1, False), (1.11, True), (100, True)])
def test_segments_may_end_one_frame_behind_the_video(root: Path, end: float, is_refused: bool) -> None:
    segments(root, "1.mp4,0,1,run,train", f"0.mp4,0.5,{end},jump,train", "2.mp4,0,1,run,val")
    if not is_refused:
        assert build(root, FRAMES).num_videos == 3
        return
    message = (
        rf"^segments\.csv row 3: {end:g} s lies behind the end of '.*0\.mp4', which lasts 1\.000 s, 10 frames\. Fix: correct "
        "the row; times are seconds$"
    )
    with pytest.raises(DataError, match=message):
        build(root, FRAMES)


def test_a_label_of_a_single_frame_may_end_anywhere(root: Path) -> None:
    write_videos(root / "lone", [1])
    segments(root, "1.mp4,0,1,run,train", "0.mp4,0.5,1,jump,train", "2.mp4,0,1,run,val", "lone/0.mp4,0,0.1,run,train")
    train = build(root, FRAMES).videos["train"]
    lone = train[[path.endswith("lone/0.mp4") for path in train.records.paths].index(True)]
    assert lone.info.duration_seconds == LONE_FRAME_SECONDS
    assert isinstance(lone.target, Track)
    assert lone.target.at(lone.info.frame_seconds).tolist() == [1]


@pytest.mark.parametrize("task", [FRAMES, WITH_REST])
def test_a_data_set_of_nothing_but_tests_can_be_measured(root: Path, task: TaskSpec) -> None:
    segments(root, "1.mp4,0,1,run,test", "0.mp4,0.5,1,jump,test", "2.mp4,0,1,run,test")
    names = ("jump", "rest", "run")
    manifest = build(root, task, names)
    assert {split: len(videos) for split, videos in manifest.videos.items()} == {"train": 0, "val": 0, "test": 3}
    with pytest.raises(DataError, match=r"^no video is in train, got only test\. Fix: give split train to some rows"):
        build(root, task)


def test_values_behind_the_end_are_refused(root: Path) -> None:
    write_rows(root, "values.csv", "path,time_seconds,value", "0.mp4,0,1", "1.mp4,3,1", "1.mp4,9,2")
    with pytest.raises(DataError, match=r"^values\.csv row 3: 3 s lies behind the end of '.*1\.mp4', which lasts 1\.100 s"):
        build(root, VALUES)


def test_mean_and_deviation_are_those_of_the_training_values(root: Path) -> None:
    write_rows(root, "annotations.csv", "path,value,split", "0.mp4,1,train", "1.mp4,5,train", "2.mp4,100,val")
    manifest = build(root, VALUE)
    assert manifest.fitted_task == replace(VALUE, mean=3.0, std=2.0)
    rows = ("0.mp4,0,1,train", "0.mp4,0.5,2,train", "1.mp4,0,6,train", "2.mp4,0,100,val")
    write_rows(root, "values.csv", "path,time_seconds,value,split", *rows)
    fitted = build(root, VALUES).fitted_task
    assert (fitted.mean, fitted.std) == (pytest.approx(3), pytest.approx(np.std([1, 2, 6])))
    write_rows(root, "annotations.csv", "path,value,split", "0.mp4,1,train", "1.mp4,1,train", "2.mp4,2,val")
    with pytest.raises(
        DataError, match=r"^all 2 values of the training videos are 1; expected different ones\. Fix: add videos"
    ):
        _ = build(root, VALUE).fitted_task
    segments(root, "0.mp4,0,1,run,train", "1.mp4,0,1,jump,train", "2.mp4,0,1,run,val")
    assert build(root, FRAMES).fitted_task == FRAMES


def test_splits_do_not_look_at_the_labels(root: Path) -> None:
    labels = ["a", "", "", "", "", "", "", "b"]
    write_rows(root, "annotations.csv", "path,labels", *(f"{at}.mp4,{label}" for at, label in enumerate(labels)))
    split = SplitOptions(val_fraction=0.25, test_fraction=0.25)
    sizes = {name: len(videos) for name, videos in build(root, MULTILABEL, split=split).videos.items()}
    assert sizes == {"train": 4, "val": 2, "test": 2}


def test_groups_and_folds_are_kept(root: Path) -> None:
    rows = [f"{at}.mp4,0,1,{'ab'[at % 2]},g{at // 2}" for at in range(8)]
    segments(root, *rows, header="path,start_seconds,end_seconds,label,group")
    tested = []
    for fold in range(4):
        manifest = build(root, FRAMES, split=SplitOptions("kfold", folds=4, fold=fold))
        assert not {int(name[0]) // 2 for name in names_of(manifest, "train")} & {
            int(name[0]) // 2 for part in ("val", "test") for name in names_of(manifest, part)
        }
        tested += names_of(manifest, "test")
    assert sorted(tested) == [f"{at}.mp4" for at in range(8)]
    segments(root, *(row.replace(row[-2:], "g0") for row in rows), header="path,start_seconds,end_seconds,label,group")
    with pytest.raises(
        DataError, match=r"^the data set has one group, 'g0', with 8 videos, expected two, one to train and one"
    ):
        build(root, FRAMES)


def test_a_checkpoint_keeps_its_class_ids(root: Path) -> None:
    segments(root, "0.mp4,0,0.5,run,train", "1.mp4,0.1,1,jump,train", "2.mp4,0,1,run,val")
    manifest = build(root, WITH_REST, ("run", "jump", "rest"))
    assert manifest.class_names == ("run", "jump", "rest")
    assert manifest.videos["train"][1].target.at(np.array([0, 0.1, 1.0])).tolist() == [2, 1, 2]
    with pytest.raises(DataError, match=r"^segments\.csv row 3: unknown label 'jump', expected one of the 2 .* mean 'jmup'\?"):
        build(root, FRAMES, ("run", "jmup"))
    with pytest.raises(CheckpointError, match=r"the checkpoint knows the classes a, b, the data has jump, run"):
        build(root, FRAMES, ("a", "b"))
    write_rows(root, "annotations.csv", "path,labels,split", "0.mp4,a,train", "1.mp4,,train", "2.mp4,b,val")
    assert build(root, MULTILABEL, ("b", "c", "a")).videos["train"].targets.tolist() == [[0, 0, 1], [0, 0, 0]]
    write_rows(root, "annotations.csv", "path,value,split", "0.mp4,1,train", "1.mp4,1,train", "2.mp4,1,val")
    assert build(root, VALUE, ("value",)).videos["val"].targets.tolist() == [1]


def test_tables_of_videos_keep_their_tracks(root: Path) -> None:
    segments(root, "0.mp4,0,0.5,run,train", "1.mp4,0.1,1,jump,train", "2.mp4,0,1,run,val")
    videos = build(root, FRAMES).videos
    joined = join_videos([videos["val"], videos["train"]])
    assert isinstance(joined.targets, Tracks)
    assert joined.targets.rows is videos["val"].targets.rows
    assert [video.target.values.tolist() for video in joined] == [[1], [1], [0]]
    listed = Videos.of([joined[2], joined[0]])
    assert [video.target.ends.tolist() for video in listed] == [[1.0], [1.0]]
    assert [video.target.starts.tolist() for video in listed[:1]] == [[0.1]]


def test_a_digest_changes_with_the_labels(root: Path) -> None:
    def digest(row: str) -> str:
        segments(root, "0.mp4,0,0.5,run,train", row, "2.mp4,0,1,run,val")
        return targets_digest(build(root, FRAMES).videos["train"].targets)

    first = digest("1.mp4,0.1,1,jump,train")
    assert digest("1.mp4,0.10,1.0,jump,train") == first
    assert (
        len({first, digest("1.mp4,0.1,0.9,jump,train"), digest("1.mp4,0.2,1,jump,train"), digest("1.mp4,0.1,1,walk,train")})
        == 4
    )


def test_folders_of_frames_have_segments_by_their_rate(tmp_path: Path) -> None:
    for seed in range(3):
        write_frames(tmp_path / "data" / f"v{seed}", seed, count=8)
    root = segments(tmp_path / "data", "v0,0,1,run,train", "v1,0.5,2,jump,train", "v2,0,2,run,val")
    manifest = build(root, FRAMES, frame_folders=FrameFolderOptions("%05d.jpg", 4.0))
    target, info = manifest.videos["train"][1].target, manifest.videos["train"][1].info
    assert target.at(info.frame_seconds).tolist() == [IGNORED] * 2 + [0] * 6
    assert manifest.class_counts == {"jump": 1.5, "run": 1.0}


def test_class_folders_are_for_classes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^data\.format=folders names one class of each video, got task\.name=multilabel\."):
        build(tmp_path, MULTILABEL, format="folders")
