"""Synthetic data sets as their task reads them: the labels that were drawn, at the frames that were drawn."""

from pathlib import Path

import numpy as np
import pytest

from videoseq.data.manifest import Manifest, build_manifest
from videoseq.data.motion_sequences import draw_sequence
from videoseq.data.motion_sets import MOTIONS as SET_MOTIONS
from videoseq.data.motion_sets import draw_set
from videoseq.data.moving_shapes import MOTIONS
from videoseq.data.moving_speeds import draw_varying
from videoseq.data.options import DataOptions
from videoseq.data.synthetic_options import (
    MotionSequencesOptions,
    MotionSetsOptions,
    MovingSpeedsOptions,
    SyntheticOptions,
)
from videoseq.reporting.progress import progress_bar
from videoseq.types import IGNORED, TaskSpec

NUMBERS = {"num_train": 12, "num_val": 4, "num_test": 4, "size": 32}


def manifest_of(folder: Path, synthetic: SyntheticOptions, task: TaskSpec) -> Manifest:
    options = DataOptions(root=str(folder / "set"), synthetic=synthetic, num_workers=0)
    return build_manifest(options, folder / "cache", progress_bar, task=task)


def times(manifest: Manifest, split: str, index: int, fps: float) -> np.ndarray:
    return np.arange(manifest.videos[split][index].info.num_frames) / fps


@pytest.mark.parametrize("background", [None, "rest"])
@pytest.mark.parametrize("fps", [16.0, 25.0])
def test_motion_sequences_have_a_class_at_every_frame(tmp_path: Path, fps: float, background: str | None) -> None:
    synthetic = MotionSequencesOptions(**NUMBERS, fps=fps, pauses=0.6, motion_frames=(3, 6))
    manifest = manifest_of(tmp_path, synthetic, TaskSpec("frames", per_frame=True, background=background))
    names = manifest.class_names
    assert set(names) == {*MOTIONS, *([background] if background else [])}
    assert {split: len(videos) for split, videos in manifest.videos.items()} == {"train": 12, "val": 4, "test": 4}
    for index in range(4):
        track, motions = draw_sequence(synthetic, np.random.default_rng([0, 2, index]))
        expected = np.full(len(track.position), names.index(background) if background else IGNORED)
        for start, end, name in motions:
            expected[start:end] = names.index(name)
        seconds = times(manifest, "test", index, fps)
        assert manifest.videos["test"][index].target.at(seconds).tolist() == expected.tolist()


def test_motion_sets_have_a_label_for_each_motion(tmp_path: Path) -> None:
    synthetic = MotionSetsOptions(**NUMBERS)
    manifest = manifest_of(tmp_path, synthetic, TaskSpec("multilabel"))
    assert manifest.class_names == SET_MOTIONS
    for index in range(12):
        _, motions = draw_set(synthetic, index, np.random.default_rng([0, 0, index]))
        assert manifest.videos["train"][index].target.tolist() == [float(name in motions) for name in SET_MOTIONS]


def test_moving_speeds_have_a_value(tmp_path: Path) -> None:
    synthetic = MovingSpeedsOptions(**NUMBERS, num_frames=4, speeds=(1.0, 3.0))
    manifest = manifest_of(tmp_path, synthetic, TaskSpec("regression"))
    values = [float(video.target) for video in manifest.videos["train"]]
    assert values == pytest.approx([np.random.default_rng([0, 0, index]).uniform(1, 3) for index in range(12)], abs=1e-4)


def test_varying_speeds_have_a_value_at_every_frame(tmp_path: Path) -> None:
    synthetic = MovingSpeedsOptions(name="varying_speeds", **NUMBERS, num_frames=20, fps=25.0, speeds=(0.5, 4.0))
    manifest = manifest_of(tmp_path, synthetic, TaskSpec("regression", per_frame=True))
    for index in range(4):
        _, rows = draw_varying(synthetic, index, np.random.default_rng([0, 1, index]))
        found = manifest.videos["val"][index].target.at(times(manifest, "val", index, 25.0))
        assert found.tolist() == pytest.approx([speed for _, speed in rows], abs=1e-4)
