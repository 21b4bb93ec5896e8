"""What TensorBoard shows of a finished run, read back from its event files."""

import io

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.metadata import parse_session_start_info_plugin_data
from tensorboard.util.tensor_util import make_ndarray

from tests.commands import only_run, read_csv, read_json, run, train_words


def events_of(folder):
    """Returns what stands in the event files of a run, which must all lie in one folder."""
    assert [path for path in (folder / "tensorboard").iterdir() if path.is_dir()] == []
    accumulator = EventAccumulator(str(folder / "tensorboard"), size_guidance={"images": 0, "scalars": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


@pytest.fixture(scope="module")
def events(trained):
    return events_of(trained)


@pytest.fixture(scope="module")
def without_test(tmp_path_factory, bars):
    """A run of one step that leaves the test split alone."""
    from videoseq.config import TrainConfig, load_config
    from videoseq.train import train

    words = train_words(bars, tmp_path_factory.mktemp("run"), "test=false", "training.max_epochs=1")
    return train(load_config(TrainConfig, "train", words)).folder


def test_final_figures_are_those_of_the_metrics_file(events, trained):
    metrics = read_json(trained / "metrics.json")
    wanted = {
        f"final/{split}/{name}": value
        for split in ("val", "test")
        for name, value in metrics[split].items()
        if name != "per_class"
    }
    tags = [tag for tag in events.Tags()["scalars"] if tag.startswith("final/")]
    found = {tag: [point.value for point in events.Scalars(tag)] for tag in tags}
    assert found == {tag: [pytest.approx(value, abs=1e-6)] for tag, value in wanted.items()}


def test_options_stand_beside_them_under_their_keys(events):
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    options = parse_session_start_info_plugin_data(content).hparams
    assert options["training.max_epochs"].number_value == 2
    assert options["model.head.name"].string_value == "lstm"
    assert options["model.encoder.channels"].string_value == "[4]"
    assert options["test"].string_value == "true"
    assert "clip.target_fps" not in options  # null


@pytest.mark.parametrize("label", ["left", "right"])
def test_the_curve_of_a_class_is_that_of_the_predictions(events, trained, label):
    rows = read_csv(trained / "predictions.csv")
    probs = np.array([float(row[f"prob_{label}"]) for row in rows])
    present = np.array([row["target"] == label for row in rows])
    (event,) = events.Tensors(f"pr_test/{label}")
    assert event.step == 2
    counts = make_ndarray(event.tensor_proto)[:4]
    for place, threshold in ((0, 0.0), (63, 63 / 126), (126, 1.0)):
        claimed = probs >= threshold
        wanted = [
            np.sum(claimed & present),
            np.sum(claimed & ~present),
            np.sum(~claimed & ~present),
            np.sum(~claimed & present),
        ]
        assert counts[:, place].tolist() == [int(count) for count in wanted]


def test_both_splits_have_curves_bars_and_the_test_clips_are_shown(events, trained):
    tags = events.Tags()
    assert set(tags["tensors"]) == {f"pr_{split}/{label}" for split in ("val", "test") for label in ("left", "right")}
    assert {"val/per_class", "test/per_class"} <= set(tags["images"])
    rows = read_csv(trained / "predictions.csv")
    present = {"surest_right": 0, "surest_wrong": 0}
    for row in rows:
        present["surest_right" if row["target"] == row["pred"] else "surest_wrong"] += 1
    shown = {tag for tag in tags["images"] if "surest" in tag}
    assert shown == {f"test/{name}" for name, count in present.items() if count}
    for tag in shown:
        (picture,) = events.Images(tag)
        assert Image.open(io.BytesIO(picture.encoded_image_string)).format == "PNG"


def test_a_run_that_leaves_the_test_split_alone_shows_validation_clips(without_test):
    tags = events_of(without_test).Tags()
    assert {tag for tag in tags["images"] if "surest" in tag} <= {"val/surest_right", "val/surest_wrong"}
    assert any("surest" in tag for tag in tags["images"])
    assert not [tag for kind in ("images", "scalars", "tensors") for tag in tags[kind] if "test" in tag]
    assert "final/val/accuracy" in tags["scalars"]


def test_histograms_are_there_where_asked(capsys, tmp_path, bars, without_test):
    assert events_of(without_test).Tags()["histograms"] == []
    words = train_words(bars, tmp_path, "training.histograms=true", "training.max_epochs=1", "test=false")
    assert run(capsys, "train", *words).code == 0
    tags = events_of(only_run(tmp_path)).Tags()["histograms"]
    assert {"weights/head.classifier.weight", "gradients/head.classifier.weight"} <= set(tags)
