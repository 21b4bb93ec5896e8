"""Prepared copies of data sets with labels of other kinds: they say the same, without the rows of videos that have no copy."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.data.labelled import FRAMES, MULTILABEL, VALUE, VALUES, WITH_REST, build, write_rows, write_videos
from tests.data.preparing.test_formats import SETTINGS
from videoseq.data.manifest import BadVideo
from videoseq.data.options import DataOptions
from videoseq.data.preparing.data_set import data_sets, prepare_data_set
from videoseq.errors import DataError
from videoseq.reporting.progress import progress_bar
from videoseq.types import TaskSpec

FILES: dict[str, tuple[TaskSpec, str, Sequence[str]]] = {
    "multilabel": (MULTILABEL, "annotations.csv", ("path,labels", "0.mp4,a|b", "1.mp4,", "2.mp4,b", "3.mp4,a")),
    "value": (VALUE, "annotations.csv", ("path,value", "0.mp4,1", "1.mp4,2", "2.mp4,2", "3.mp4,1")),
    "frames": (
        FRAMES,
        "segments.csv",
        ("path,start_seconds,end_seconds,label", "0.mp4,0,0.5,a", "3.mp4,0.1,0.2,a", "1.mp4,0.5,0.7,b", "1.mp4,0,0.5,a",
         "3.mp4,0.2,0.4,b", "2.mp4,0.3,1,b"),
    ),
    "frames with a background": (
        WITH_REST,
        "segments.csv",
        ("path,start_seconds,end_seconds,label", "0.mp4,0,0.5,a", "1.mp4,,,", "2.mp4,0,1,a", "3.mp4,,,"),
    ),
    "values": (
        VALUES,
        "values.csv",
        ("path,time_seconds,value", "0.mp4,0,1", "3.mp4,0,2", "1.mp4,0,3", "3.mp4,1,4", "2.mp4,0,5", "2.mp4,0.5,6"),
    ),
}  # fmt: skip


def nothing(path: Path, bad: Sequence[BadVideo]) -> None:
    path.write_text("")


@pytest.mark.parametrize("kind", FILES)
def test_a_copy_says_what_its_source_says(tmp_path: Path, kind: str) -> None:
    task, name, rows = FILES[kind]
    root = write_rows(write_videos(tmp_path / "data", [10, 11, 12, 13]), name, *rows)
    (root / "3.mp4").write_bytes(b"no video")
    options = DataOptions(root=str(root), num_workers=1, max_bad_fraction=0.5)
    source, copy = data_sets(options, tmp_path / "copy", task)
    prepared = prepare_data_set(source, copy, SETTINGS, tmp_path / "cache", progress_bar, nothing)
    assert sorted(prepared.entries) == ["0.mp4", "1.mp4", "2.mp4"]
    assert (copy.root / name).read_text().splitlines() == [row for row in rows if not row.startswith("3.mp4")]
    manifests = [build(each, task, max_bad_fraction=0.5) for each in (root, copy.root)]
    one, other = (
        {video.record.path.name: video for videos in manifest.videos.values() for video in videos} for manifest in manifests
    )
    assert manifests[0].class_names == manifests[1].class_names
    for place in ("0.mp4", "1.mp4", "2.mp4"):
        assert one[place].record.label == other[place].record.label
        if task.per_frame:
            seconds = one[place].info.frame_seconds
            assert str(one[place].target.at(seconds)) == str(other[place].target.at(seconds))


def test_a_class_of_frames_that_no_readable_video_has_is_lost(tmp_path: Path) -> None:
    rows = ("path,start_seconds,end_seconds,label", "0.mp4,0,0.5,a", "1.mp4,0,0.5,b", "1.mp4,0.5,0.7,c", "2.mp4,0,0.5,b")
    root = write_rows(write_videos(tmp_path / "data", [10, 11, 12]), "segments.csv", *rows)
    (root / "1.mp4").write_bytes(b"no video")
    options = DataOptions(root=str(root), num_workers=1, max_bad_fraction=0.5)
    source, copy = data_sets(options, tmp_path / "copy", FRAMES)
    with pytest.raises(DataError, match=r"no video of the class 'c' can be read; the first: '.*1\.mp4'"):
        prepare_data_set(source, copy, SETTINGS, tmp_path / "cache", progress_bar, nothing)
    with pytest.raises(DataError, match=r"no video of the class 'c' can be read; the first: '.*1\.mp4'"):
        build(root, FRAMES, max_bad_fraction=0.5)
    assert not (replace(copy).root / "0.mp4").exists()
