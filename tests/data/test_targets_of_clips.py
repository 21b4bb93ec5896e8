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
from videoseq.data.datamodule import VideoDataModule
from videoseq.data.dataset import EvalClips, Reading, TrainClips
from videoseq.data.loading import ResumableLoader, evaluation_loader
from videoseq.data.options import DataOptions
from videoseq.errors import CheckpointError
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


RUN_AND_REST = (
    ["run"] * 10 + ["rest"] * 10,
    ["rest"] * 5 + ["run"] * 5 + ["rest"] * 5 + ["jump"] * 9,
    ["rest"] * 3 + ["jump"] * 3 + ["run"] + ["rest"] * 23,
    ["rest"] * 2 + ["run"] * 10,
)
"""The class of every frame of each video, given `SEGMENTS` and a background."""


@pytest.mark.parametrize(
    ("spec", "temporal"),
    [
        ({}, {}),
        ({}, {"speed": 2.0, "jitter": 2, "drop": 0.3}),
        ({"num_frames": 16, "padding": "loop"}, {"speed": 2.0}),
        ({"num_frames": 40, "padding": "repeat_last"}, {}),
        ({"frame_stride": 3}, {"speed": 1.5}),
        ({"target_fps": 4.0, "num_frames": 4}, {"jitter": 1}),
        ({"sampling": "segments"}, {"speed": 2.0, "drop": 0.2}),
        ({"sampling": "all", "max_frames": 20}, {}),
        ({"sampling": "all", "frame_stride": 2, "target_fps": 15.0}, {"speed": 2.0}),
    ],
)
def test_the_label_of_a_frame_is_that_of_the_frame_that_is_shown(root, spec, temporal):
    manifest = build(write_rows(root, "segments.csv", *SEGMENTS), WITH_REST, allow_outside_root=True)
    clip, augment = replace(CLIP, **spec), AugmentOptions("none", temporal=TemporalOptions(**temporal))
    clips = TrainClips(manifest.videos["train"], clip, augment, Reading(), 0, manifest.class_names)
    seen = set()
    for _ in range(6):
        for batch in ResumableLoader(clips, 2, 0):
            for row, video in enumerate(batch.videos):
                numbers = numbers_of(batch.frames(row))
                shown = [manifest.class_names[target] for target in batch.targets[row, : len(numbers)].tolist()]
                assert shown == [RUN_AND_REST[video][number] for number in numbers]
                assert (batch.targets[row, len(numbers) :] == IGNORED).all()
                seen.update(shown)
    assert {"run", "rest"} <= seen
    batch = val_batch(manifest, clip)
    for row, video in enumerate(batch.videos):
        numbers = numbers_of(batch.frames(row))
        shown = [manifest.class_names[target] for target in batch.targets[row, : len(numbers)].tolist()]
        assert shown == [RUN_AND_REST[2 + video][number] for number in numbers]


def test_the_number_of_workers_changes_no_target(root):
    manifest = build(write_rows(root, "segments.csv", *SEGMENTS), FRAMES, allow_outside_root=True)
    clips = TrainClips(manifest.videos["train"], CLIP, AugmentOptions("none"), Reading(), 0, manifest.class_names)
    (here,), (there,) = (list(ResumableLoader(clips, 2, workers)) for workers in (0, 1))
    assert (here.videos, here.targets.tolist()) == (there.videos, there.targets.tolist())


def test_a_part_of_a_video_has_a_label_of_its_own(root):
    rows = ("0.mp4,1.5,train,0,1", "0.mp4,2.5,train,1,", "1.mp4,3.5,val,0.5,0.8")
    write_rows(root, "annotations.csv", "path,value,split,start_seconds,end_seconds", *rows)
    manifest = build(root, VALUE, allow_outside_root=True)
    clips = TrainClips(manifest.videos["train"], CLIP, AugmentOptions("none"), Reading(), 0, manifest.class_names)
    (batch,) = ResumableLoader(clips, 2, 0)
    for row in range(2):
        assert float(batch.targets[row]) == (1.5 if max(numbers_of(batch.frames(row))) < 10 else 2.5)
    batch = val_batch(manifest)
    assert (batch.targets.tolist(), numbers_of(batch.frames(0))) == ([3.5], [5, 6, 7])


def test_a_video_that_cannot_be_read_has_no_row(root):
    manifest = build(write_rows(root, "segments.csv", *SEGMENTS), FRAMES, allow_outside_root=True)
    torn = root / "3.mp4"
    content = torn.read_bytes()
    torn.unlink()
    torn.write_bytes(content[:400])
    batch = val_batch(manifest, replace(CLIP, sampling="all"))
    assert (batch.videos, batch.targets.shape, [position for position, _ in batch.failures]) == ((0,), (1, 30), [1])


def test_a_run_whose_labels_have_changed_is_not_continued(root):
    def loaders() -> VideoDataModule:
        manifest = build(root, FRAMES, allow_outside_root=True)
        return VideoDataModule(manifest, CLIP, AugmentOptions("none"), DataOptions(batch_size=2, num_workers=0), 0)

    write_rows(root, "segments.csv", *SEGMENTS)
    saved = loaders().state_dict()
    loaders().load_state_dict(saved)
    write_rows(root, "segments.csv", *(row.replace("1.5,2.4", "1.5,2.3") for row in SEGMENTS))
    with pytest.raises(
        CheckpointError, match=r"^cannot continue: labels of the training videos was digest \w+, is digest \w+, so"
    ):
        loaders().load_state_dict(saved)


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
