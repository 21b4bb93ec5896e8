"""What a run shows in TensorBoard, read back from its event file."""

import io
from dataclasses import replace

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.runs import Run
from videoseq.training.options import TrainingOptions


@pytest.fixture(scope="module")
def finished(manifest, tmp_path_factory):
    run = Run(manifest, tmp_path_factory.mktemp("run"), training=TrainingOptions(max_epochs=3))
    run = replace(run, clip=replace(run.clip, num_frames=6))
    run.fit()
    return run


@pytest.fixture(scope="module")
def events(finished):
    accumulator = EventAccumulator(str(finished.folder / "tensorboard"), size_guidance={"images": 0, "scalars": 0})
    accumulator.Reload()
    return accumulator


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("name", ["accuracy", "top5_accuracy", "f1_macro"])
def test_metrics_have_a_point_an_epoch(events, split, name):
    points = events.Scalars(f"{split}/{name}")
    assert len(points) == 3
    assert all(0 <= point.value <= 1 for point in points)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("train/loss_step", 1),  # every tenth step of twelve
        ("train/loss", 3),
        ("val/loss", 3),
        ("val/selection_score", 3),
        ("throughput/clips_per_second", 3),
        ("throughput/data_wait_fraction", 3),
    ],
)
def test_curves_are_there(events, name, count):
    assert len(events.Scalars(name)) == count


def test_the_learning_rate_of_every_group_is_there(events):
    names = {name for name in events.Tags()["scalars"] if name.startswith("lr-AdamW")}
    assert names == {f"lr-AdamW/{group}" for group in ("encoder", "encoder_no_decay", "head", "head_no_decay")}
    assert all(0 < point.value <= 0.01 for point in events.Scalars("lr-AdamW/head"))


def test_the_confusion_matrix_is_there_for_every_epoch(events):
    pictures = events.Images("val/confusion_matrix")
    assert [picture.step for picture in pictures] == [4, 8, 12]
    assert Image.open(io.BytesIO(pictures[0].encoded_image_string)).format == "PNG"


def test_a_few_input_clips_play(events):
    tags = sorted(tag for tag in events.Tags()["images"] if tag.startswith("input/"))
    assert len(tags) == 4
    assert all(tag.split("_")[1] in ("left", "right") for tag in tags)
    for tag in tags:
        (shown,) = events.Images(tag)
        assert (shown.width, shown.height) == (16, 16)
        image = Image.open(io.BytesIO(shown.encoded_image_string))
        assert (image.format, image.size, image.n_frames) == ("GIF", (16, 16), 6)


def test_continuing_continues_the_curves(finished):
    replace(finished, training=TrainingOptions(max_epochs=4)).fit(resume=finished.last)
    accumulator = EventAccumulator(str(finished.folder / "tensorboard"))
    accumulator.Reload()
    assert [point.step for point in accumulator.Scalars("val/loss")] == [3, 7, 11, 15]
