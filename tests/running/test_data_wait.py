"""What a run that waited for its data is told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.commands import only_run, read_json, run, train_words
from tests.training.runs import DATA, Run, scan
from videoseq.data.options import most_workers
from videoseq.running.data_wait import Loading, advise, advise_on_chunks, keyframe_distance, loading_of
from videoseq.training.options import TrainerOptions, TrainingOptions
from videoseq.types import VideoInfo

LARGE = Loading(2, 8, "none", "frames", 1080.0, 128.0)
SMALL = replace(LARGE, short_side=128.0)
BUSY = replace(SMALL, num_workers=8)
COPY = "a smaller copy of the videos (short side 1080, needed 128): python -m videoseq.prepare"
FEATURES, FRAMES = (f"data.cache={kept}, which decodes every video once" for kept in ("features", "frames"))
WORKERS = "data.num_workers=8 (it was 2)"


@pytest.mark.parametrize(
    ("fraction", "loading", "remedies"),
    [
        (0.21, LARGE, [WORKERS, FRAMES, COPY]),
        (0.21, SMALL, [WORKERS, FRAMES]),
        (0.21, BUSY, [FRAMES]),
        (0.21, replace(LARGE, num_workers=8, best_cache="features"), [FEATURES, COPY]),
        (0.21, replace(LARGE, num_workers=0, best_workers=1), ["data.num_workers=1 (it was 0)", FRAMES, COPY]),
        (0.21, replace(LARGE, cache="frames"), [WORKERS]),
        (0.21, replace(BUSY, cache="frames"), ["fewer augmentations", "more cores: the workers have all that there are"]),
        (0.21, replace(LARGE, num_workers=0, best_workers=0), [FRAMES, COPY]),
        (0.21, replace(LARGE, num_workers=0, best_workers=0, cache="frames"), ["fewer augmentations"]),
        (0.21, replace(LARGE, cache="features"), None),
        (0.2, LARGE, None),
        (0.0, LARGE, None),
    ],
)
def test_remedies_are_these(fraction, loading, remedies):
    message = advise(fraction, 60.0, loading)
    assert advise(fraction, 59.9, loading) is None
    if remedies is None:
        assert message is None
    else:
        assert message == f"training waited for data 21% of its time. What helps: {'; or '.join(remedies)}"


@pytest.mark.parametrize(
    ("options", "workers"),
    [
        (replace(DATA, num_workers=1), (1, most_workers(1))),
        (replace(DATA, num_workers=None), (most_workers(1), most_workers(1))),
        (replace(DATA, decoder="torchcodec_cuda"), (0, 0)),  # the process that trains decodes, by its GPU
    ],
)
def test_how_a_run_came_to_its_clips_is_known_for_every_decoder(bars, tmp_path, options, workers):
    loaders = Run(scan(bars, tmp_path), tmp_path, data=options).datamodule()
    loading = loading_of(loaders, TrainerOptions(), "none", encoder_stays_frozen=False)
    assert (loading.num_workers, loading.best_workers) == workers
    assert (loading.cache, loading.best_cache, loading.short_side, loading.needed_side) == ("none", "frames", 32, 18)


def test_a_run_that_waits_for_a_moment_is_told_nothing(capsys, bars, tmp_path):
    """Tiny models on videos that the process decodes which trains: most of its time goes by in waiting."""
    outcome = run(capsys, "train", *train_words(bars, tmp_path, "training.max_epochs=1"))
    assert outcome.code == 0, outcome.err
    assert read_json(only_run(tmp_path) / "metrics.json")["data_wait_fraction"] > 0.2
    assert "waited for data" not in outcome.err


def test_keyframes_far_apart_are_told_of_where_chunks_are_short(bars, tmp_path):
    run = Run(scan(bars, tmp_path), tmp_path)
    (number,) = {keyframe_distance(video.info) for video in run.manifest.videos["train"]}

    def told(tbptt_frames, cache="none", **clip):
        training = TrainingOptions(tbptt_frames=tbptt_frames)
        return advise_on_chunks(replace(run, training=training, clip=replace(run.clip, **clip)).datamodule(), cache)

    assert number == 5
    assert told(1) == (
        "each chunk of 1 frames is decoded from the keyframe before it, and keyframes are about 5 frames apart: about 2 times "
        "as many frames are decoded as are shown. What helps: data.cache=frames, which decodes every video once; or a copy of "
        "the videos with closer keyframes: python -m videoseq.prepare; or longer chunks"
    )
    assert [told(2), told(None), told(1, "frames"), told(1, "features")] == [None] * 4
    assert told(1, sampling="all", frame_stride=2) is None
    assert told(2, target_fps=1000.0) is not None


def test_keyframes_are_counted():
    video = VideoInfo(Path("x.mp4"), num_frames=500, keyframes=np.array([0, 250]))
    assert keyframe_distance(video) == 250
    assert keyframe_distance(VideoInfo(Path("x"), num_frames=500, frame_pattern="%d.jpg")) == 1
