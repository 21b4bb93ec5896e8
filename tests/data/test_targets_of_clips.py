"""From files of labels to the targets of batches: what a clip is to be recognised as, for every kind of task."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.data.labelled import (
    CLIP,
    FRAMES,
    MULTILABEL,
    VALUE,
    VALUES,
    WITH_REST,
    build,
    numbers_of,
    write_rows,
    write_videos,
)
from videoseq.data.augment_options import AugmentOptions, TemporalOptions
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.loading import ResumableLoader, evaluation_loader
from videoseq.types import IGNORED

LENGTHS = (20, 24, 30, 12)
SPLITS = ("train", "train", "val", "val")


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_videos(tmp_path_factory.mktemp("labelled") / "data", LENGTHS)


@pytest.fixture
def root(videos: Path, tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for path in videos.iterdir():
        (tmp_path / "data" / path.name).symlink_to(path)
    return tmp_path / "data"


def one_a_video(*labels: str) -> Sequence[str]:
    return [f"{at}.mp4,{label},{split}" for at, (label, split) in enumerate(zip(labels, SPLITS, strict=True))]


def val_batch(manifest, spec=CLIP):
    (batch,) = evaluation_loader(EvalClips(manifest.videos["val"], spec, Reading()), 4, 0)
    return batch


def test_multilabel(root):
    rows = one_a_video("run|jump", "", "jump", "wave | run")
    manifest = build(write_rows(root, "annotations.csv", "path,labels,split", *rows), MULTILABEL, allow_outside_root=True)
    assert manifest.class_names == ("jump", "run", "wave")
    batch = val_batch(manifest)
    assert batch.targets.tolist() == [[1, 0, 0], [0, 1, 1]]
    assert batch.targets.dtype == torch.float32
    assert manifest.class_counts == {"jump": 1, "run": 1, "wave": 0}


def test_value(root):
    rows = one_a_video("1", "3.0", "-2.5", "1e1")
    manifest = build(write_rows(root, "annotations.csv", "path,value,split", *rows), VALUE, allow_outside_root=True)
    assert manifest.class_names == ("value",)
    batch = val_batch(manifest)
    assert batch.targets.tolist() == [-2.5, 10]
    assert batch.targets.dtype == torch.float32
    assert (manifest.fitted_task.mean, manifest.fitted_task.std) == (2, 1)


SEGMENTS = (
    "path,start_seconds,end_seconds,label,split",
    "0.mp4,0,1,run,train",
    "1.mp4,1.5,2.4,jump,train",
    "1.mp4,0.5,1.0,run,train",
    "2.mp4,0.3,0.6,jump,val",
    "2.mp4,0.6,0.7,run,val",
    "3.mp4,0.2,1.2,run,val",
)


def test_frames(root):
    manifest = build(write_rows(root, "segments.csv", *SEGMENTS), FRAMES, allow_outside_root=True)
    assert manifest.class_names == ("jump", "run")
    batch = val_batch(manifest, replace(CLIP, sampling="all"))
    assert batch.lengths.tolist() == [30, 12]
    assert batch.targets.dtype == torch.int64
    assert batch.targets[0].tolist() == [IGNORED] * 3 + [0] * 3 + [1] + [IGNORED] * 23
    assert batch.targets[1].tolist() == [IGNORED] * 2 + [1] * 10 + [IGNORED] * 18


def test_the_label_of_a_frame_is_that_of_the_frame_that_is_shown(root):
    manifest = build(write_rows(root, "segments.csv", *SEGMENTS), WITH_REST, allow_outside_root=True)
    temporal = TemporalOptions(speed=2.0, jitter=2, drop=0.3)
    clips = TrainClips(
        manifest.videos["train"], CLIP, AugmentOptions("none", temporal=temporal), Reading(), 0, manifest.class_names
    )
    expected = [["run"] * 10 + ["rest"] * 10, ["rest"] * 5 + ["run"] * 5 + ["rest"] * 5 + ["jump"] * 9]
    loader = ResumableLoader(clips, 2, 0)
    seen = set()
    for _ in range(10):
        for batch in loader:
            for row, video in enumerate(batch.videos):
                numbers = numbers_of(batch.frames(row))
                shown = [manifest.class_names[target] for target in batch.targets[row, : len(numbers)].tolist()]
                assert shown == [expected[video][number] for number in numbers]
                assert batch.targets[row, len(numbers) :].tolist() == [IGNORED] * (8 - len(numbers))
                seen.add(tuple(numbers))
    assert len(seen) > 10


def test_values_of_frames(root):
    lines = (
        "path,time_seconds,value,split",
        "0.mp4,0,5,train",
        "1.mp4,0,6,train",
        "2.mp4,2,7,val",
        "2.mp4,0.1,1,val",
        "2.mp4,0.3,3,val",
        "3.mp4,0,1,val",
    )
    manifest = build(write_rows(root, "values.csv", *lines), VALUES, allow_outside_root=True)
    batch = val_batch(manifest, replace(CLIP, sampling="all"))
    assert batch.targets.dtype == torch.float32
    row = batch.targets[0]
    assert row[:5].isnan().tolist() == [True, False, False, False, False]
    torch.testing.assert_close(row[1:5], torch.tensor([1, 2, 3, 3 + 4 / 17]))
    assert row[21:].isnan().all()
    assert batch.targets[1, 0] == 1
    assert batch.targets[1, 1:].isnan().all()
