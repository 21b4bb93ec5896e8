"""`+experiment=gestures_template` on a user's own clips: a CSV with groups, videos of several sizes and lengths."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.commands import only_run, read_csv, read_json, run
from videoseq.config import TrainConfig, load_config
from videoseq.data.writing import write_video
from videoseq.errors import ConfigError

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
    words = ("model.encoder.weights=null", "model.encoder.spatial=[1,2]", "clip.height=32", "clip.width=40", "clip.num_frames=4", "training.max_epochs=1")
    places = (f"paths.outputs={folder / 'outputs'}", f"paths.cache={folder / 'cache'}", "data.num_workers=0", "trainer=cpu")
    return ["+experiment=gestures_template", *words, "data.cache_variants=2", *places, *more]


def test_own_clips_train_a_centred_model_and_no_group_is_in_two_splits(capsys, tmp_path, own_clips):
    done = run(capsys, "train", *small(tmp_path, f"data.root={own_clips}"))
    assert done.code == 0, done.err
    folder = only_run(tmp_path, "gestures_template")
    assert "2 classes, train 12, val 4, test 4" in (folder / "train.log").read_text(encoding="utf-8")
    tested = {Path(row["path"]).name.split("_")[0] for row in read_csv(folder / "predictions.csv")}
    assert len(tested) == 1  # a whole group: four clips in two sizes of time
    checkpoint = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)
    (model,) = [value for key, value in checkpoint.items() if "model" in key and "head" in value]
    assert model["head"]["centre"] == "clip"
    assert model["encoder"]["padding"] == "same"


def test_its_augmentation_keeps_left_left_and_the_order(tmp_path):
    cfg = load_config(TrainConfig, "train", ["+experiment=gestures_template", f"data.root={tmp_path}"])
    options = cfg.augment.resolved()
    assert not options.flip
    assert options.temporal.reverse_classes == options.temporal.reverse_pairs == ()
    assert options.crop == "random_resized"
    assert cfg.data.cache == "features"
    assert cfg.model.encoder.stays_frozen
    assert cfg.data.synthetic is None


def test_the_control_sees_neither_order_nor_the_scene_subtracted():
    cfg = load_config(TrainConfig, "train", ["+experiment=gestures_mean"])
    template = load_config(TrainConfig, "train", ["+experiment=gestures_template", "data=gestures"])
    assert cfg.model.head.name == "mean"
    assert cfg.model.head.centre == "none"
    assert (cfg.clip, cfg.data, cfg.augment, cfg.model.encoder) == (
        template.clip, template.data, template.augment, template.model.encoder,
    )  # fmt: skip


def test_it_needs_a_folder():
    with pytest.raises(ConfigError, match=r"data\.root"):
        load_config(TrainConfig, "train", ["+experiment=gestures_template"])
