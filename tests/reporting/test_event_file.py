"""What is added to an event file, read back from it."""

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.metadata import parse_session_start_info_plugin_data
from tensorboard.util.tensor_util import make_ndarray
from torch.utils.tensorboard import SummaryWriter

from videoseq.reporting.clip_sheet import ShownClip
from videoseq.reporting.event_file import add_classes, add_clips, add_options, plain_options

PROBS = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0], [0.3, 0.7, 0.0]])
OCCURS = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]) > 0


def classes(*names):
    """Figures of classes, of which the names alone count here."""
    return {name: {"f1": 0.5, "num_videos": 1} for name in names}


@pytest.fixture
def write(tmp_path):
    """Writes with a function and returns what stands in the folder."""

    def written(function, *arguments):
        with SummaryWriter(tmp_path) as writer:
            function(writer, *arguments)
        accumulator = EventAccumulator(str(tmp_path), size_guidance={"images": 0, "tensors": 0})
        accumulator.Reload()
        return accumulator

    return written


def test_curves_of_classes_hold_the_counts_at_every_threshold(write):
    events = write(add_classes, "val", OCCURS, PROBS, classes("left", "a/\udcff", "no videos"), 7)
    assert events.Tags()["tensors"] == ["pr_val/left", "pr_val/a/\\udcff"]
    (event,) = events.Tensors("pr_val/a/\\udcff")
    assert event.step == 7
    true_positives, false_positives, true_negatives, false_negatives, precision, recall = make_ndarray(event.tensor_proto)
    at_half = 64  # of 127 thresholds from 0 to 1
    counts = [int(row[at_half]) for row in (true_positives, false_positives, true_negatives, false_negatives)]
    assert counts == [2, 0, 1, 1]
    assert (precision[at_half], recall[at_half]) == (1.0, pytest.approx(2 / 3))
    assert (precision[0], recall[0]) == (0.75, 1.0)


def test_a_class_whose_probabilities_are_no_numbers_has_no_curve(write):
    probs = PROBS.clone()
    probs[2, 1] = float("nan")
    events = write(add_classes, "val", OCCURS, probs, classes("left", "right", "no videos"), 7)
    assert events.Tags()["tensors"] == ["pr_val/left"]


def test_all_classes_are_in_the_bars(write):
    events = write(add_classes, "test", OCCURS, PROBS, classes("left", "right", "no videos"), 7)
    (picture,) = events.Images("test/per_class")
    assert picture.step == 7
    assert picture.encoded_image_string.startswith(b"\x89PNG")


def test_a_sheet_is_there_where_there_are_clips(write):
    clip = ShownClip(torch.zeros(4, 3, 16, 16, dtype=torch.uint8), "right 0.90, is left", is_wrong=True)
    events = write(add_clips, "val", {"surest_right": [], "surest_wrong": [clip]}, 7)
    assert events.Tags()["images"] == ["val/surest_wrong"]
    assert events.Images("val/surest_wrong")[0].width > events.Images("val/surest_wrong")[0].height


def test_options_stand_beside_final_figures(write):
    options = {
        "seed": 3,
        "optimizer": {"lr": 0.5, "name": "sgd"},
        "clip": {"target_fps": None},
        "training": {"histograms": False},
    }
    metrics = {"val": {"accuracy": 0.75, "per_class": {"left": {"f1": 1.0}}}, "test": {"accuracy": 0.25}}
    events = write(add_options, options, metrics, 7)
    assert {tag: [(point.step, point.value) for point in events.Scalars(tag)] for tag in events.Tags()["scalars"]} == {
        "final/val/accuracy": [(7, 0.75)],
        "final/test/accuracy": [(7, 0.25)],
    }
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    values = parse_session_start_info_plugin_data(content).hparams
    assert {name: getattr(value, value.WhichOneof("kind")) for name, value in values.items()} == {
        "seed": 3,
        "optimizer.lr": 0.5,
        "optimizer.name": "sgd",
        "training.histograms": "false",
    }


def test_options_are_made_plain():
    nested = {"a": 1, "b": {"c": True, "d": {"e": "x", "f": 0.5}}, "g": [1, 2], "h": (), "i": None}
    assert plain_options(nested) == {"a": 1, "b.c": "true", "b.d.e": "x", "b.d.f": 0.5, "g": "[1,2]", "h": "[]"}
