"""The command trains on whole videos in chunks, and the checkpoint answers for whole videos."""

import pytest

from tests.commands import only_run, read_json, run, train_words
from tests.training.flicker import write_data
from tests.training.runs import load


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flicker")
    return write_data(folder, {"train": (40, 31, 23, 25), "val": (30, 20), "test": (35, 12)})


def test_whole_videos_are_trained_on_in_chunks_and_every_frame_is_answered_for(capsys, root, tmp_path):
    words = ("task.name=frames", "clip.sampling=all", "training.tbptt_frames=8", "data.batch_size=2")
    more = ("training.max_epochs=12", "optimizer.lr=0.03", "training.clip_norm=null")
    done = run(capsys, "train", *train_words(root, tmp_path, *words, *more))
    assert done.code == 0, done.err
    folder = only_run(tmp_path)
    assert [tensor.shape for tensor in load(folder / "checkpoints" / "last.ckpt")["carried_state"]] == [(1, 2, 8)] * 2
    metrics = read_json(folder / "metrics.json")
    assert metrics["test"]["accuracy"] > 0.9
    evaluated = run(capsys, "evaluate", f"checkpoint={folder}/checkpoints/best.ckpt", "trainer=cpu", f"output={tmp_path}/test")
    assert evaluated.code == 0, evaluated.err
    assert read_json(tmp_path / "test" / "metrics.json")["test"]["accuracy"] == metrics["test"]["accuracy"]


def test_chunks_for_a_task_of_whole_videos_are_refused_before_a_video_is_opened(capsys, tmp_path):
    done = run(capsys, "train", *train_words(tmp_path / "nowhere", tmp_path, "training.tbptt_frames=8", "clip.sampling=all"))
    assert done.code == 2
    assert (
        "training.tbptt_frames=8 trains on the frames of whole videos, and task.name=classification has one answer" in done.err
    )
