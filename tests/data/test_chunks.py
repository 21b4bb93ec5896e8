"""Chunks of real encoded videos: every frame once, at its place, with its label, in one augmentation from end to end."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.caching.building import FrameBuilder
from videoseq.data.chunk_order import ChunkBatches
from videoseq.data.chunks import ResumableChunkLoader, evaluation_chunks, longest_chunks, shown_lengths, training_chunks
from videoseq.data.dataset import Reading
from videoseq.data.decoding.demux import scan_video
from videoseq.data.tracks import Curve, Segments
from videoseq.data.transforms import decode_size, eval_transform
from videoseq.data.videos import Video, Videos
from videoseq.data.writing import write_video
from videoseq.models.carried_state import CarriedState
from videoseq.reporting.progress import progress_bar
from videoseq.types import IGNORED, ClipSpec, Limits, VideoRecord

CLIP = ClipSpec(height=32, width=32, sampling="all", crop_fraction=1.0)
LENGTHS = (9, 4, 6)


def labelled(path, *, start_seconds=None, end_seconds=None) -> Video:
    """A video at 25 frames per second whose frames from the third on are of class 1."""
    record = VideoRecord(path, label="", start_seconds=start_seconds, end_seconds=end_seconds)
    track = Segments(np.array([0.08]), np.array([60.0]), np.array([1]))
    return Video(record, scan_video(path, Limits()), track)


@pytest.fixture(scope="module")
def videos(tmp_path_factory, numbered) -> list[Video]:
    folder = tmp_path_factory.mktemp("videos")
    for count in LENGTHS:
        write_video(folder / f"{count}.mp4", list(numbered(count)), options={"g": "4"})
    return [labelled(folder / f"{count}.mp4") for count in LENGTHS]


def rows_of(batches):
    """Returns (video, valid frames, valid targets, lane, resets) of every row of batches, in their order."""
    found = []
    for batch in batches:
        columns = zip(batch.videos, batch.lengths.tolist(), batch.lanes.tolist(), batch.resets.tolist(), strict=True)
        for row, (position, length, lane, resets) in enumerate(columns):
            found.append((position, batch.video[row, :length], batch.targets[row, :length].tolist(), lane, resets))
    return found


def evaluated(videos, **changes):
    options = {"chunk_frames": 3, "num_lanes": 2, "num_workers": 0, **changes}
    return evaluation_chunks(videos, CLIP, Reading(), **options)


def test_every_frame_comes_once_with_its_label(videos, golden):
    shown: dict[int, list[torch.Tensor]] = {}
    for position, frames, targets, _, _ in rows_of(evaluated(videos)):
        before = sum(map(len, shown.setdefault(position, [])))
        assert targets == [IGNORED if number < 2 else 1 for number in range(before, before + len(frames))]
        shown[position].append(frames)
    for position, parts in shown.items():
        frames = torch.from_numpy(golden(videos[position].record.path)).permute(0, 3, 1, 2)
        assert torch.equal(torch.cat(parts), whole(videos[position], len(frames)))


def whole(video, count):
    """All frames of a video as one clip."""
    (batch,) = evaluation_chunks([video], CLIP, Reading(), chunk_frames=count, num_lanes=1, num_workers=0)
    return batch.video[0]


def test_batches_say_whose_state_goes_on(videos):
    rows = [(position, lane, resets) for position, _, _, lane, resets in rows_of(evaluated(videos))]
    assert rows == [(0, 0, True), (1, 1, True), (0, 0, False), (1, 1, False), (0, 0, False), (2, 1, True), (2, 1, False)]


def test_padding_has_no_label(videos):
    *_, last = evaluated(videos, chunk_frames=4)
    assert last.lengths.tolist() == [1, 4]
    assert last.targets[0].tolist() == [1, IGNORED, IGNORED, IGNORED]
    first, *_ = evaluated(videos, chunk_frames=5, num_lanes=3)
    assert first.lengths.tolist() == [5, 5, 4]
    assert first.targets[2].tolist() == [IGNORED, IGNORED, 1, 1, IGNORED]


def test_values_follow_the_frames(videos):
    curve = Curve(np.array([0.0, 0.16]), np.array([0.0, 0.16]), np.array([0.0, 4.0]))
    video = Video(videos[2].record, videos[2].info, curve)
    first, second = evaluated([video], num_lanes=1)
    assert first.targets[0].tolist() == pytest.approx([0, 1, 2])
    assert second.targets[0, :2].tolist() == pytest.approx([3, 4])
    assert second.targets[0, 2].isnan()


@pytest.mark.parametrize(
    ("clip", "part", "expected"),
    [
        (CLIP, {}, 9),
        (ClipSpec(sampling="all", frame_stride=2), {}, 5),
        (ClipSpec(sampling="all", target_fps=12.5), {}, 5),
        (ClipSpec(sampling="all", max_frames=4), {}, 9),
        (CLIP, {"start_seconds": 0.08, "end_seconds": 0.2}, 3),
    ],
)
def test_lengths_are_known_without_decoding(videos, clip, part, expected):
    assert shown_lengths([labelled(videos[0].record.path, **part)], clip).tolist() == [expected]


def loader(videos, augment="standard", *, num_workers=0, start=0, lanes=2, seed=0, reading=Reading()):  # noqa: B008
    clips = training_chunks(videos, CLIP, AugmentOptions(augment), reading, seed)
    batches = ChunkBatches(shown_lengths(videos, CLIP), 3, lanes, seed)
    return ResumableChunkLoader(clips, batches, num_workers, lambda: 0, start)


def test_any_number_of_workers_gives_the_same_batches(videos):
    alone, helped = loader(videos), loader(videos, num_workers=2)
    for _ in range(2):
        for first, second in zip(rows_of(alone), rows_of(helped), strict=True):
            assert torch.equal(first[1], second[1])
            assert first[2:] == second[2:]


def test_a_resumed_loader_goes_on_in_the_middle_of_a_video(videos):
    expected = rows_of([*loader(videos)][2:])
    resumed = rows_of(loader(videos, start=2))
    assert [row[2:] for row in resumed] == [row[2:] for row in expected]
    assert all(torch.equal(first[1], second[1]) for first, second in zip(resumed, expected, strict=True))
    assert not resumed[0][4]


def test_one_draw_varies_a_video_from_its_first_frame_to_its_last_and_another_one_in_the_next_epoch(tmp_path):
    pattern = np.random.default_rng(0).integers(0, 255, (48, 48, 3)).astype(np.uint8)
    write_video(tmp_path / "still.mp4", [pattern] * 12, options={"g": "1", "crf": "10"})
    one = loader([labelled(tmp_path / "still.mp4")], lanes=1)
    epochs = [torch.cat([frames for _, frames, _, _, _ in rows_of(one)]).float() for _ in range(2)]
    for frames in epochs:
        assert all((first - second).abs().mean() < 3 for first, second in pairwise(frames))
    assert (epochs[0][0] - epochs[1][0]).abs().mean() > 10


def test_a_video_that_cannot_be_read_further_is_a_failure_and_its_lane_goes_on(tmp_path, numbered, damaged_copy, videos):
    write_video(tmp_path / "whole.mp4", list(numbered(12)), options={"g": "3", "bf": "0"})
    torn = labelled(damaged_copy(tmp_path / "whole.mp4", tmp_path / "torn.mp4", [6]))
    batches = list(evaluated([torn, videos[1]], num_lanes=1))
    assert [batch.videos for batch in batches] == [(0,), (0,), (), (0,), (1,), (1,)]
    assert [len(batch.failures) for batch in batches] == [0, 0, 1, 0, 0, 0]
    assert batches[2].failures[0][0] == 0
    assert batches[2].lanes.tolist() == []


def test_a_video_of_which_the_first_chunk_cannot_be_read_does_not_go_on_with_the_state_of_another(
    tmp_path, numbered, damaged_copy, videos
):
    write_video(tmp_path / "whole.mp4", list(numbered(9)), options={"g": "3", "bf": "0"})
    torn = labelled(damaged_copy(tmp_path / "whole.mp4", tmp_path / "torn.mp4", [1]))
    carried, begun = CarriedState(), []
    for batch in evaluated([videos[0], videos[2], torn], num_lanes=2):
        state = carried.before(batch.lanes, batch.resets, torch.device("cpu"))
        states = [0.0] * len(batch) if state is None else state[0].flatten().tolist()
        begun.append((batch.videos, batch.resets.tolist(), states, [position for position, _ in batch.failures]))
        carried.keep((torch.tensor([1.0 + position for position in batch.videos]).view(1, -1, 1),), batch.lanes)
    assert begun == [
        ((0,), [True], [0.0], [2]),
        ((0, 2), [False, False], [1.0, 0.0], []),
        ((0, 2), [False, False], [1.0, 3.0], []),
        ((1,), [True], [0.0], []),
        ((1,), [False], [2.0], []),
    ]


def test_kept_frames_give_the_batches_that_decoding_gives(videos, tmp_path):
    built = FrameBuilder(Videos.of(videos), CLIP, AugmentOptions("standard"), Reading(), tmp_path).build(0, progress_bar)
    assert built.num_items == 3
    assert all(
        built.cache.read(video, np.arange(3), decode_size(video.info.height, video.info.width, CLIP)) is not None
        for video in videos
    )
    decoded, kept = loader(videos), loader(videos, reading=Reading(frames=built.cache))
    for first, second in zip(rows_of(decoded), rows_of(kept), strict=True):
        assert torch.equal(first[1], second[1])
        assert first[2:] == second[2:]


@pytest.mark.parametrize(
    ("videos", "batch_size", "world_size", "expected"),
    [(1, 8, 1, (512, 1)), (10, 8, 1, (128, 4)), (10, 2, 1, (256, 2)), (10, 8, 3, (128, 12)), (0, 8, 1, (512, 1))],
)
def test_chunks_without_gradients_are_as_long_as_memory_allows(videos, batch_size, world_size, expected):
    assert longest_chunks(videos, batch_size, world_size) == expected


def test_validation_crops_the_middle(videos, golden):
    frames = torch.from_numpy(golden(videos[1].record.path)).permute(0, 3, 1, 2)
    middle = eval_transform(frames, CLIP)[0]
    assert (whole(videos[1], 4).float() - middle.float()).abs().mean() < 2
