"""What a model says about every frame: chunk by chunk as in one pass, for any head, whatever else is in the batch."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from videoseq.data.batch import collate
from videoseq.data.chunks import evaluation_chunks, shown_frames
from videoseq.data.dataset import Reading
from videoseq.data.decoding.demux import scan_video
from videoseq.data.videos import Video
from videoseq.data.writing import write_video
from videoseq.models.calibration import Calibration
from videoseq.models.checkpoint import ModelConfig, build_model
from videoseq.models.options import HEADS, SimpleEncoderOptions
from videoseq.serving.frame_inference import FrameAnswers, frame_chunks, infer_frames
from videoseq.types import ClipSpec, Limits, TaskSpec, VideoRecord

CLIP = ClipSpec(height=16, width=16, sampling="all")
CPU = torch.device("cpu")
FRAMES = TaskSpec("frames", per_frame=True)
CASES = {
    **{name: {"name": name} for name in sorted(HEADS)},
    "bidirectional": {"name": "lstm", "bidirectional": True},
    "centred": {"name": "gru", "centre": "clip"},
    "moving": {"name": "gru", "centre": "causal", "motion": "difference"},
}
"""Options of a head, by the name of the case."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> list[Video]:
    """Videos of 23, 7 and 12 frames of noise at 10 frames per second."""
    folder = tmp_path_factory.mktemp("videos")
    found = []
    for seed, count in enumerate((23, 7, 12)):
        noise = np.random.default_rng(seed).integers(0, 255, (count, 16, 16, 3)).astype(np.uint8)
        write_video(folder / f"{seed}.mp4", noise, fps=10, options={"g": "5"})
        found.append(Video(VideoRecord(folder / f"{seed}.mp4", ""), scan_video(folder / f"{seed}.mp4", Limits())))
    return found


def build(task=FRAMES, **head):
    torch.manual_seed(0)
    sizes = {} if head["name"] == "mean" else {"hidden_size": 8}
    options = HEADS[head["name"]](**{**sizes, **head})
    names = ("a", "b", "c") if task.has_classes else ("value",)
    encoder = SimpleEncoderOptions(channels=(4,), spatial=(2, 2))
    return build_model(ModelConfig(encoder, options, names, CLIP, task=task)).eval()


def whole_pass(model, video: Video, clip=CLIP) -> torch.Tensor:
    """The logits of all frames of a video in one pass, (n, K)."""
    count = len(shown_frames(video, clip))
    (batch,) = evaluation_chunks([video], clip, Reading(), chunk_frames=count, num_lanes=1, num_workers=0)
    with torch.no_grad():
        return model(batch.video)[0][0]


def infer(model, videos, clip=CLIP, *, num_lanes=2, chunk_frames=5, task=FRAMES, **options) -> FrameAnswers:
    chunks = evaluation_chunks(
        videos, clip, Reading(), chunk_frames=chunk_frames, num_lanes=num_lanes, num_workers=options.pop("num_workers", 0)
    )
    return infer_frames(model, chunks, videos, clip, task=task, device=CPU, **options)


@pytest.mark.parametrize("case", CASES)
def test_chunks_equal_one_pass(videos, case):
    model = build(**CASES[case])
    found = infer(model, videos)
    assert found.videos == (0, 1, 2)
    for video, answer in zip(videos, found.answers, strict=True):
        expected = whole_pass(model, video)
        torch.testing.assert_close(answer.logits, expected, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(answer.answers, expected.softmax(-1), atol=1e-5, rtol=1e-5)


def test_the_state_matters(videos):
    """What the test above shows is not that of a head that looks at each frame alone."""
    model = build(name="lstm")
    first, second = infer(model, videos[:1]).answers[0].logits, infer(model, videos[:1], chunk_frames=23).answers[0].logits
    torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-5)
    (batch, *_) = evaluation_chunks(videos[:1], CLIP, Reading(), chunk_frames=23, num_lanes=1, num_workers=0)
    with torch.no_grad():
        alone = model(batch.video[:, 5:10])[0][0]
    assert (alone - first[5:10]).abs().max() > 1e-3


def test_every_answer_tells_its_frame_and_its_time(videos):
    clip = replace(CLIP, frame_stride=2)
    part = replace(videos[0], record=replace(videos[0].record, start_seconds=0.5, end_seconds=1.4))
    (answer,) = infer(build(name="lstm"), [part], clip).answers
    assert answer.frames.tolist() == [5, 7, 9, 11, 13]
    assert answer.seconds.tolist() == pytest.approx([0.5, 0.7, 0.9, 1.1, 1.3])
    assert answer.answers.shape == (5, 3)


def test_a_frame_that_is_shown_several_times_has_one_answer_the_last(videos):
    clip = replace(CLIP, target_fps=25.0)  # the frames of a video of 10 are shown 3, 2, 3, 2, … times
    shown = shown_frames(videos[1], clip)
    assert len(shown) == 18
    model = build(name="lstm")
    (answer,) = infer(model, videos[1:2], clip).answers
    assert answer.frames.tolist() == list(range(7))
    assert answer.seconds.tolist() == pytest.approx([k / 10 for k in range(7)])
    last = [int(np.flatnonzero(shown == frame)[-1]) for frame in range(7)]
    torch.testing.assert_close(answer.logits, whole_pass(model, videos[1], clip)[last], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(answer.answers, answer.logits.softmax(-1))


def test_values_are_in_their_units(videos):
    task = TaskSpec("regression", per_frame=True, mean=100.0, std=20.0)
    model = build(task, name="gru")
    (answer,) = infer(model, videos[1:2], task=task).answers
    assert answer.answers.shape == (7,)
    torch.testing.assert_close(answer.answers, 100 + 20 * whole_pass(model, videos[1])[:, 0])


def test_probabilities_are_calibrated(videos):
    (answer,) = infer(build(name="gru"), videos[1:2], calibration=Calibration(temperature=4.0)).answers
    torch.testing.assert_close(answer.answers, (answer.logits / 4).softmax(-1))


def test_a_video_of_which_a_chunk_cannot_be_read_is_a_failure_and_the_others_are_not(videos, tmp_path):
    path = tmp_path / "gone.mp4"
    path.write_bytes(videos[2].record.path.read_bytes())
    gone = replace(videos[2], record=VideoRecord(path, ""), info=scan_video(path, Limits()))
    path.unlink()
    advanced: list[int] = []
    found = infer(build(name="lstm"), [videos[0], gone, videos[1]], advance=lambda: advanced.append(1))
    assert found.videos == (0, 2)
    assert [position for position, _ in found.failures] == [1]
    assert "gone.mp4" in found.failures[0][1]
    assert len(advanced) == 5
    torch.testing.assert_close(found.answers[1].logits, whole_pass(build(name="lstm"), videos[1]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("position", "lost"), [(0, 2), (1, 0)])
def test_a_lost_chunk_leaks_no_state_into_the_next_video(videos, position, lost):
    """A chunk in the middle of the first video, or the first chunk of the second one, could not be read."""
    model, ordered = build(name="lstm"), [videos[0], videos[1]]
    batches = list(evaluation_chunks(ordered, CLIP, Reading(), chunk_frames=5, num_lanes=1, num_workers=0))
    place = [number for number, batch in enumerate(batches) if batch.videos == (position,)][lost]
    nothing = collate([])
    batches[place] = replace(nothing, failures=((position, "torn"),), lanes=nothing.lengths, resets=nothing.lengths.bool())
    found = infer_frames(model, batches, ordered, CLIP, task=FRAMES, device=CPU)
    assert found.failures == ((position, "torn"),)
    assert found.videos == (1 - position,)
    expected = whole_pass(model, ordered[1 - position])
    torch.testing.assert_close(found.answers[0].logits, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("num_videos", "batch_size", "expected"), [(1, 16, [23]), (3, 16, [23, 7, 12]), (3, 1, [23, 12, 7])])
def test_the_loader_reads_few_videos_side_by_side_in_long_chunks(videos, num_videos, batch_size, expected):
    chunks = frame_chunks(videos[:num_videos], CLIP, Reading(), batch_size=batch_size, num_workers=0)
    assert sorted(length for batch in chunks for length in batch.lengths.tolist()) == sorted(expected)
    assert len(list(chunks)) == (1 if batch_size > 1 else num_videos)
