"""`+experiment=gestures_template` on a user's own clips: a CSV with groups, videos of several sizes and lengths."""

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.commands import only_run, read_csv, run
from videoseq.config import TrainConfig, load_config
from videoseq.data.writing import write_video
from videoseq.errors import ConfigError
from videoseq.models.checkpoint import load_checkpoint

GROUPS = ("hall", "kitchen", "garden", "office", "yard")
SIZES = ((48, 64), (64, 48), (36, 64), (40, 40), (60, 80))


@pytest.fixture(scope="module")
def own_clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A light square goes left or right before a wall of the group's own brightness; each group has a frame size of its own."""
    root = tmp_path_factory.mktemp("own")
    rows = []
    for number, (group, (height, width)) in enumerate(zip(GROUPS, SIZES, strict=True)):
        for label, sign in (("left", -1), ("right", 1)):
            for take in range(2):
                num_frames = 9 + 4 * take + number
                frames = np.full((num_frames, height, width, 3), 30 + 20 * number, np.uint8)
                for frame in range(num_frames):
                    start = width // 2 - 6 + sign * round((frame / num_frames - 0.5) * width / 2)
                    frames[frame, 10 + take : 22 + take, start : start + 12] = 240
                name = f"{group}_{label}_{take}.mp4"
                write_video(root / name, frames, fps=10 + 5 * take)
                rows.append((name, label, group))
    with (root / "annotations.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "group"), *rows])
    return root


def small(folder: Path, *more: str) -> list[str]:
    words = (
        "model.encoder.weights=null",
        "model.encoder.spatial=[1,2]",
        "clip.height=32",
        "clip.width=40",
        "clip.num_frames=4",
        "training.max_epochs=1",
    )
    places = (f"paths.outputs={folder / 'outputs'}", f"paths.cache={folder / 'cache'}", "data.num_workers=0", "trainer=cpu")
    return ["+experiment=gestures_template", *words, "data.cache_variants=2", *places, *more]


def test_own_clips_train_a_centred_model_and_no_group_is_in_two_splits(capsys, tmp_path, own_clips):
    done = run(capsys, "train", *small(tmp_path, f"data.root={own_clips}"))
    assert done.code == 0, done.err
    folder = only_run(tmp_path, "gestures_template")
    assert "2 classes, train 12, val 4, test 4" in (folder / "train.log").read_text(encoding="utf-8")
    tested = {Path(row["path"]).name.split("_")[0] for row in read_csv(folder / "predictions.csv")}
    assert len(tested) == 1  # a whole group: four clips of two lengths
    loaded = load_checkpoint(folder / "checkpoints" / "best.ckpt")
    assert loaded.config.head.centre == "clip"
    assert loaded.config.encoder.padding == "same"


def test_its_augmentation_keeps_left_left_and_the_order(tmp_path):
    cfg = load_config(TrainConfig, "train", ["+experiment=gestures_template", f"data.root={tmp_path}"])
    options = cfg.augment.resolved()
    assert not options.flip
    assert options.temporal.reverse_classes == options.temporal.reverse_pairs == ()
    assert options.crop == "random_resized"
    assert cfg.data.cache == "features"
    assert cfg.model.encoder.stays_frozen
    assert cfg.data.synthetic is None


def test_the_controls_of_its_readme_are_words_behind_it():
    words = ["+experiment=gestures_template", "data=gestures"]
    whole, mean, live = (
        load_config(TrainConfig, "train", [*words, *more])
        for more in ([], ["model/head=mean"], ["model.head.centre=causal", "model.head.bidirectional=false"])
    )
    assert whole.data.synthetic.name == "gestures"
    assert mean.model.head.name == "mean"
    assert mean.model.head.centre == "none"
    assert not whole.model.head.is_causal
    assert live.model.head.is_causal
    assert (mean.clip, mean.data, mean.augment, mean.model.encoder) == (
        whole.clip,
        whole.data,
        whole.augment,
        whole.model.encoder,
    )


def test_it_needs_a_folder():
    with pytest.raises(ConfigError, match=r"data\.root"):
        load_config(TrainConfig, "train", ["+experiment=gestures_template"])
