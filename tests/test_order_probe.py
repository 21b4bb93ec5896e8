"""`evaluate order_probe=true`, on videos whose class is nothing but the order of their frames."""

import numpy as np
import pytest

from tests.commands import only_run, read_json, run, train_words
from videoseq.data.writing import write_video

NUM_VIDEOS = 12


@pytest.fixture(scope="module")
def ramps(tmp_path_factory):
    """Videos of two classes, five to eight frames, that get brighter or darker: the same frames, forwards and backwards."""
    root = tmp_path_factory.mktemp("ramps")
    for label in ("brighter", "darker"):
        (root / label).mkdir()
        for number in range(NUM_VIDEOS):
            noise = np.random.default_rng(number).integers(0, 30, (16, 16, 3), np.uint8)
            frames = [noise + np.uint8(level) for level in np.linspace(20, 220, 5 + number % 4)]
            shown = frames if label == "brighter" else frames[::-1]
            write_video(root / label / f"{number}.mp4", shown, fps=10, options={"crf": "10"})
    return root


def probe(capsys, ramps, folder, *options):
    """Trains on the ramps and returns the order probe of all of them."""
    words = train_words(ramps, folder, "training.max_epochs=8", "optimizer.lr=0.05", "augment=none", *options)
    assert run(capsys, "train", *words).code == 0
    best = only_run(folder) / "checkpoints" / "best.ckpt"
    words = f"checkpoint={best}", "num_clips=1", "order_probe=true", "on=train", f"paths.cache={folder / 'cache'}"
    outcome = run(capsys, "evaluate", *words)
    assert outcome.code == 0, outcome.err
    found = read_json(best.parents[1] / "evaluation_train" / "metrics.json")["order_probe"]
    shown = "  ".join(f"{order} {value:.4f}" for order, value in found.items())
    assert f"accuracy by order of frames: {shown}" in outcome.out
    return found


def test_a_model_of_the_order_loses_with_it(capsys, ramps, tmp_path):
    found = probe(capsys, ramps, tmp_path)
    assert found["ordered"] == 1.0
    assert found["reversed"] == 0.0
    # Neither tells the classes apart: a random order, and one frame out of the middle of nowhere.
    assert 0.1 < found["shuffled"] < 0.9
    assert 0.1 < found["single"] < 0.9


def test_short_videos_that_are_padded_with_invalid_frames_are_reordered_without_these(capsys, ramps, tmp_path):
    found = probe(capsys, ramps, tmp_path, "clip.num_frames=8", "clip.padding=mask")
    assert (found["ordered"], found["reversed"]) == (1.0, 0.0)


def test_a_model_blind_to_order_keeps_its_accuracy_in_any(capsys, ramps, tmp_path):
    found = probe(capsys, ramps, tmp_path, "model/head=mean", "~model.head.hidden_size")
    assert found["ordered"] == found["shuffled"] == found["reversed"]
