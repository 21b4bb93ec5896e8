"""The table of a data set: what it holds, and what it leaves out."""

import csv
import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

from videoseq.data.manifest import Manifest, build_manifest
from videoseq.data.options import DataOptions
from videoseq.data.split_options import SplitOptions
from videoseq.data.synthetic_options import MovingShapesOptions
from videoseq.errors import CheckpointError, ConfigError, DataError
from videoseq.reporting.progress import progress_bar
from videoseq.types import Limits, TaskSpec


def build(root: Path, expected_classes: tuple[str, ...] | None = None, **changes: object) -> Manifest:
    options = replace(DataOptions(root=str(root), num_workers=0), **changes)
    return build_manifest(options, root.parent / "cache", progress_bar, expected_classes)


@pytest.fixture
def with_bad(make_class_folders, tmp_path) -> Path:
    """Six videos a class, one of the twelve no video."""
    root = make_class_folders(tmp_path / "data", {"left": 6, "right": 6}, num_frames=4)
    (root / "left" / "3.mp4").write_bytes(b"no video at all")
    return root


def write_annotations(root: Path, rows: list[dict[str, object]]) -> None:
    with (root / "annotations.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "label", "split", "start_seconds", "end_seconds"])
        writer.writeheader()
        writer.writerows(rows)


def test_every_video_stands_in_one_split_under_its_class(bars):
    manifest = build(bars)
    assert manifest.class_names == ("left", "right")
    assert {part: len(videos) for part, videos in manifest.videos.items()} == {"train": 16, "val": 4, "test": 4}
    assert manifest.num_videos == 24
    assert manifest.class_counts == {"left": 8, "right": 8}
    everything = [video for videos in manifest.videos.values() for video in videos]
    assert len({video.record.path for video in everything}) == 24
    assert all(manifest.class_names[video.target] == video.record.path.parent.name for video in everything)
    assert all(video.info.num_frames == 10 for video in everything)
    assert manifest.bad == ()


def test_bad_videos_are_left_out_and_told(with_bad, caplog):
    caplog.set_level(logging.WARNING)
    manifest = build(with_bad, max_bad_fraction=0.1)
    assert manifest.num_videos == 11
    (bad,) = manifest.bad
    assert bad.record.path == with_bad / "left" / "3.mp4"
    assert "not a known video container" in bad.reason
    assert all(video.record.path != bad.record.path for videos in manifest.videos.values() for video in videos)
    assert "1 of 12 videos are left out; the first: '" + str(with_bad) in caplog.text


def test_too_many_bad_videos_stop_the_run(with_bad):
    message = r"1 of 12 videos cannot be read, more than data\.max_bad_fraction=0\.05; the first: .*3\.mp4.*Repair or remove"
    with pytest.raises(DataError, match=message):
        build(with_bad)


def test_one_bad_video_stops_the_run_where_bad_videos_are_errors(with_bad):
    with pytest.raises(DataError, match=r"^cannot read '.*3\.mp4': not a.*to leave such videos out: data\.bad_videos=skip"):
        build(with_bad, bad_videos="error", max_bad_fraction=1.0)


def test_the_limits_decide_what_is_bad(with_bad):
    manifest = build(with_bad, max_bad_fraction=0.1, limits=Limits(max_frames=4))
    assert len(manifest.bad) == 1
    with pytest.raises(DataError, match=r"12 of 12 videos cannot be read"):
        build(with_bad, limits=Limits(max_frames=3))


def test_a_checkpoint_keeps_its_class_ids(bars):
    manifest = build(bars, expected_classes=("right", "up", "left"))
    assert manifest.class_names == ("right", "up", "left")
    assert {video.target for video in manifest.videos["train"] if video.record.label == "left"} == {2}
    assert manifest.class_counts == {"right": 8, "up": 0, "left": 8}


def test_a_checkpoint_of_other_classes_is_refused(bars):
    message = r"the checkpoint knows the classes cat, dog, the data has left, right: .*data\.root=DIR"
    with pytest.raises(CheckpointError, match=message):
        build(bars, expected_classes=("cat", "dog"))


def test_a_label_that_a_checkpoint_does_not_know_is_refused(bars):
    with pytest.raises(DataError, match=r"unknown label 'right', expected one of the 2 classes.*did you mean 'rigth'\?"):
        build(bars, expected_classes=("left", "rigth"))


@pytest.fixture
def with_lost_class(make_class_folders, tmp_path) -> Path:
    """Three classes, none of the two videos of `up` readable."""
    root = make_class_folders(tmp_path / "data", {"left": 4, "right": 4, "up": 2}, num_frames=4)
    for path in (root / "up").iterdir():
        path.write_bytes(b"no video at all")
    return root


def test_a_class_without_a_readable_video_is_refused(with_lost_class):
    message = r"no video of the class 'up' can be read; the first: '.*up/0\.mp4': not a known video container.*remove the class"
    with pytest.raises(DataError, match=message):
        build(with_lost_class, max_bad_fraction=1.0)


def test_a_class_of_a_checkpoint_may_have_no_readable_video(with_lost_class):
    manifest = build(with_lost_class, expected_classes=("left", "right", "up"), max_bad_fraction=1.0)
    assert manifest.class_names == ("left", "right", "up")
    assert (manifest.num_videos, len(manifest.bad)) == (8, 2)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (1.5, 2.0, r"annotations\.csv row 3: '.*left/1\.mp4': no frame from 1\.5 s to 2 s: the video has 10 frames"),
        (1.0, "", r"annotations\.csv row 3: '.*no frame from 1 s to the end: .*the last frame at 0\.900 s\. Fix: correct"),
        (0.01, 0.09, r"annotations\.csv row 3: '.*no frame from 0\.01 s to 0\.09 s"),
    ],
)
def test_a_part_that_holds_no_frame_is_refused(make_class_folders, tmp_path, start, end, message):
    root = make_class_folders(tmp_path / "data", {"left": 4, "right": 4})  # 10 frames at 10 fps: 1 s
    rows = [{"path": f"{label}/{number}.mp4", "label": label} for label in ("left", "right") for number in range(4)]
    rows[1] |= {"start_seconds": start, "end_seconds": end}
    write_annotations(root, rows)
    with pytest.raises(DataError, match=message):
        build(root)


def test_the_root_may_have_any_name(make_class_folders, tmp_path):
    root = make_class_folders(tmp_path / "data", {"left": 4, "right": 4}, num_frames=4).rename(
        tmp_path / os.fsdecode(b"caf\xe9")
    )
    assert build(root).num_videos == 8


def test_the_median_length_is_that_of_the_labelled_parts(make_class_folders, tmp_path):
    root = make_class_folders(tmp_path / "data", {"left": 4, "right": 4})  # 10 frames at 10 fps: 1 s
    parts = [(None, None), (0.2, 0.5), (0.6, None), (0.3, 7.0), (0.1, 0.4), (0.0, 0.2)]
    rows = []
    for number, (start, end) in enumerate(parts):
        place = f"{('left', 'right')[number % 2]}/{number // 2}.mp4"
        rows.append({"path": place, "label": place[:4], "split": "train", "start_seconds": start, "end_seconds": end})
    for label in ("left", "right"):
        rows.append({"path": f"{label}/3.mp4", "label": label[:4], "split": "val"})
    write_annotations(root, rows)
    manifest = build(root)
    # lengths 1.0, 0.3, 0.4, 0.7, 0.3, 0.2: the median is (0.3 + 0.4) / 2
    assert manifest.median_seconds == pytest.approx(0.35)
    assert len(manifest.videos["train"]) == 6
    assert len(manifest.videos["test"]) == 0


def test_the_scan_is_kept_between_runs(bars, tmp_path, monkeypatch):
    options = DataOptions(root=str(bars), num_workers=0)
    build_manifest(options, tmp_path / "cache", progress_bar)
    (kept,) = (tmp_path / "cache" / "manifests").glob("*.arrow")
    before = kept.stat().st_mtime_ns
    monkeypatch.chdir(bars.parent)
    again = build_manifest(replace(options, root=bars.name), tmp_path / "cache", progress_bar)
    assert again.num_videos == 24
    assert list((tmp_path / "cache" / "manifests").glob("*.arrow")) == [kept]
    assert kept.stat().st_mtime_ns == before


def test_a_synthetic_data_set_is_written_first(tmp_path):
    synthetic = MovingShapesOptions(num_train=16, num_val=8, num_test=8, size=32, num_frames=4)
    manifest = build(tmp_path / "shapes", synthetic=synthetic, split=SplitOptions(strategy="given"))
    assert len(manifest.class_names) == 8
    assert list(manifest.class_counts.values()) == [2] * 8
    assert {part: len(videos) for part, videos in manifest.videos.items()} == {"train": 16, "val": 8, "test": 8}
    info = manifest.videos["test"][0].info
    assert (info.height, info.width, info.num_frames, info.codec) == (32, 32, 4, "h264")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 0}, r"batch_size must be at least 1, got 0"),
        ({"num_workers": -1}, r"num_workers must be 0, more, or null, got -1"),
        ({"max_bad_fraction": 1.5}, r"max_bad_fraction must lie in \[0, 1\], got 1\.5"),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(ConfigError, match=message):
        DataOptions(**changes)


@pytest.mark.parametrize("task", [TaskSpec("multilabel"), TaskSpec("frames", per_frame=True), TaskSpec("regression")])
def test_only_videos_of_one_class_each_are_balanced(task):
    DataOptions(sampler="balanced").check_task(TaskSpec())
    DataOptions().check_task(task)
    message = rf"^data\.sampler=balanced shows videos of every class equally .*got task\.name={task.name}\. Fix: leave it out$"
    with pytest.raises(ConfigError, match=message):
        DataOptions(sampler="balanced").check_task(task)


def test_the_number_of_workers_follows_the_machine_unless_given():
    assert DataOptions(num_workers=3).workers == DataOptions(num_workers=3).workers_of(4) == 3
    assert 1 <= DataOptions().workers <= 8
    assert DataOptions().workers_of(1000) == 1  # devices share the cores


def test_options_with_absolute_paths_mean_the_same_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = DataOptions(root="videos", annotations="a.csv").with_absolute_paths()
    assert (options.root, options.annotations) == (str(tmp_path / "videos"), str(tmp_path / "a.csv"))
    assert DataOptions().with_absolute_paths() == DataOptions()
