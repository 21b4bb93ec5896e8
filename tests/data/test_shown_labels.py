"""A training none of whose frames has a label is refused before it starts."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.data.labelled import CLIP, FRAMES, VALUES, WITH_REST, build, write_rows, write_videos
from videoseq.data.augment_options import TemporalOptions
from videoseq.data.manifest import Manifest
from videoseq.data.shown_labels import check_shown_labels
from videoseq.errors import DataError
from videoseq.types import TaskSpec

ALL = replace(CLIP, sampling="all", frame_stride=4)  # frames 0, 4, 8 and so on, of ten a second
OFF = TemporalOptions()


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_videos(tmp_path_factory.mktemp("labelled") / "data", (12, 13, 14))


@pytest.fixture
def manifest_of(videos, tmp_path):
    def manifest_of(task: TaskSpec, *rows: str) -> Manifest:
        (tmp_path / "data").mkdir()
        for path in videos.iterdir():
            (tmp_path / "data" / path.name).symlink_to(path)
        name, columns = "segments.csv", "start_seconds,end_seconds,label"
        if task == VALUES:
            name, columns = "values.csv", "time_seconds,value"
        root = write_rows(tmp_path / "data", name, f"path,{columns},split", *rows)
        return build(root, task, allow_outside_root=True)

    return manifest_of


def segments(train: str, val: str) -> Sequence[str]:
    """Both training videos have the same labels, of two classes; so has validation."""
    return [*(f"{at}.mp4,{train},{'left' if at else 'right'},train" for at in range(2)), f"2.mp4,{val},left,val"]


@pytest.mark.parametrize(
    ("train", "val", "clip", "temporal", "refused"),
    [
        ("0.0,0.4", "0.0,0.4", ALL, OFF, None),
        ("0.1,0.4", "0.4,0.5", ALL, OFF, "2 videos of the split train show has a label, so there is nothing to learn from"),
        ("0.4,0.5", "0.1,0.4", ALL, OFF, "1 videos of the split val show has a label, so no checkpoint can be chosen"),
        ("0.1,0.4", "0.4,0.5", ALL, TemporalOptions(speed=2.0), None),  # shows others at times
        ("0.1,0.4", "0.4,0.5", replace(ALL, max_frames=2), OFF, None),  # begins anywhere
        ("0.1,0.4", "0.4,0.5", replace(ALL, sampling="random_clip"), OFF, None),
        ("0.1,0.4", "0.1,0.4", replace(ALL, frame_stride=1), OFF, None),
        ("0.1,0.4", "0.1,0.4", replace(ALL, frame_stride=1, target_fps=2.5), OFF, "split train"),
    ],
)
def test_segments_must_hold_a_frame_that_is_shown(manifest_of, train, val, clip, temporal, refused):
    manifest = manifest_of(FRAMES, *segments(train, val))
    if refused is None:
        check_shown_labels(manifest, clip, temporal)
        return
    with pytest.raises(DataError, match=re.escape(refused)):
        check_shown_labels(manifest, clip, temporal)


def test_the_background_is_a_label(manifest_of):
    check_shown_labels(manifest_of(WITH_REST, *segments("0.1,0.4", "0.1,0.4")), ALL, OFF)


def test_a_curve_must_have_a_value_at_a_frame_that_is_shown(manifest_of):
    rows = ["0.mp4,0.1,1,train", "0.mp4,0.3,2,train", "1.mp4,0.2,2,train", "2.mp4,0.0,-100,val"]
    with pytest.raises(DataError, match=r"split train show has a label, .*Fix: correct the times in the annotations, or "):
        check_shown_labels(manifest_of(VALUES, *rows), ALL, OFF)
