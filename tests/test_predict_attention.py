"""`python -m videoseq.predict … attention=true`: which moments of a video count."""

import pytest
import torch

from tests.commands import read_csv, read_json, run, train_words
from videoseq.config import TrainConfig, load_config
from videoseq.data.dataset import EvalClips, Reading
from videoseq.data.decoding.demux import scan_video
from videoseq.models.checkpoint import load_checkpoint
from videoseq.serving.parts import whole_video
from videoseq.train import train


@pytest.fixture(scope="module")
def attentive(tmp_path_factory, bars):
    """The checkpoint of a tiny model that pools by attention."""
    words = train_words(bars, tmp_path_factory.mktemp("attentive"), "model.head.pool=attention", "training.max_epochs=1")
    return train(load_config(TrainConfig, "train", words)).checkpoint


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_rows_tell_the_weight_of_every_frame_by_its_time(capsys, attentive, bars):
    video = bars / "left" / "3.mp4"
    words = f"checkpoint={attentive}", f"input={video}", "attention=true"
    outcome = run(capsys, "predict", *words, "output=rows.json")
    assert outcome.code == 0, outcome.err
    (row,) = read_json("rows.json")
    # Four frames spread over ten, at 10 frames per second.
    assert [one["time_seconds"] for one in row["attention"]] == [0.1, 0.3, 0.6, 0.8]
    loaded = load_checkpoint(attentive)
    clip = EvalClips([whole_video(scan_video(video))], loaded.config.clip, Reading())[0].frames
    with torch.no_grad():
        expected = loaded.model.head.attention(loaded.model.encode(clip))[0].tolist()
    assert [one["weight"] for one in row["attention"]] == pytest.approx(expected, abs=2e-6)
    assert sum(one["weight"] for one in row["attention"]) == pytest.approx(1, abs=1e-5)
    assert run(capsys, "predict", *words, "output=rows.csv").code == 0
    (flat,) = read_csv("rows.csv")
    assert flat["attention"] == "|".join(f"{one['time_seconds']}:{one['weight']}" for one in row["attention"])
    most = max(row["attention"], key=lambda one: one["weight"])
    shown = run(capsys, "predict", *words).out
    assert "looked at most" in shown
    assert f"{most['time_seconds']:.3f} s ({most['weight']:.3f})" in shown


def test_a_window_has_the_attention_to_its_own_frames(capsys, attentive, bars):
    words = f"checkpoint={attentive}", f"input={bars / 'left' / '3.mp4'}", "attention=true", "output=rows.json"
    assert run(capsys, "predict", *words, "windows=true", "window_seconds=0.4", "window_step_seconds=0.6").code == 0
    found = [[one["time_seconds"] for one in row["attention"]] for row in read_json("rows.json")]
    assert found == [[0, 0.1, 0.2, 0.3], [0.6, 0.7, 0.8, 0.9]]


def test_a_model_without_attention_is_refused_before_a_video_is_looked_for(capsys, checkpoint):
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", "input=nowhere.mp4", "attention=true")
    assert outcome.code == 2
    assert "model.head.pool=attention" in outcome.err
    assert "Traceback" not in outcome.err
