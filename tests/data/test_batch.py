"""Samples become a batch."""

import torch

from videoseq.data.batch import ClipBatch, ClipSample, collate


def clip(value: int, num_frames: int, num_crops: int = 1) -> torch.Tensor:
    """(V, T, C, H, W) uint8; crop v holds value + v."""
    crops = torch.arange(value, value + num_crops, dtype=torch.uint8).view(-1, 1, 1, 1, 1)
    return crops.expand(num_crops, num_frames, 3, 2, 4)


def test_short_clips_are_padded_with_frames_that_do_not_count():
    batch = collate([ClipSample(clip(5, 2), torch.tensor(1), 7), ClipSample(clip(9, 3), torch.tensor(0), 8)])
    assert batch.video.shape == (2, 3, 3, 2, 4)
    assert batch.video.dtype == torch.uint8
    assert batch.video[:, :, 0, 0, 0].tolist() == [[5, 5, 0], [9, 9, 9]]
    assert batch.lengths.tolist() == [2, 3]
    assert batch.lengths.dtype == batch.targets.dtype == torch.int64
    assert batch.targets.tolist() == [1, 0]
    assert batch.videos == (7, 8)
    assert batch.failures == ()
    assert len(batch) == 2


def test_every_crop_becomes_a_row_of_its_video():
    samples = [ClipSample(clip(5, 1, num_crops=2), torch.tensor(1), 7), ClipSample(clip(9, 1, num_crops=3), torch.tensor(0), 8)]
    batch = collate(samples)
    assert batch.video[:, 0, 0, 0, 0].tolist() == [5, 6, 9, 10, 11]
    assert batch.videos == (7, 7, 8, 8, 8)
    assert batch.targets.tolist() == [1, 1, 0, 0, 0]


def test_failures_travel_beside_the_clips():
    batch = collate([ClipSample(None, torch.tensor(0), 3, "torn"), ClipSample(clip(5, 1), torch.tensor(1), 7)])
    assert batch.failures == ((3, "torn"),)
    assert (batch.videos, batch.targets.tolist()) == ((7,), [1])


def test_a_batch_may_be_empty():
    batch = collate([ClipSample(None, torch.tensor(0), 3, "torn"), ClipSample(None, torch.tensor(1), 4, "cut")])
    assert len(batch) == 0
    assert batch.failures == ((3, "torn"), (4, "cut"))
    assert batch.video.shape == (0, 1, 3, 1, 1)
    assert len(batch.targets) == len(batch.lengths) == 0


def test_only_clips_and_targets_move_to_the_device():
    moved = collate([ClipSample(clip(5, 1), torch.tensor(1), 7)]).to("meta")
    assert isinstance(moved, ClipBatch)
    assert (moved.video.device.type, moved.targets.device.type, moved.lengths.device.type) == ("meta", "meta", "cpu")
    assert moved.videos == (7,)


def test_the_seconds_of_a_batch_are_those_of_its_samples_also_of_bad_ones():
    seconds = [(0.5, 0.25), (1.0, 0.5), (2.0, 0.0)]
    frames = [clip(5, 1), clip(9, 2), None]
    samples = [ClipSample(frame, torch.tensor(0), 0, "", 0, *each) for frame, each in zip(frames, seconds, strict=True)]
    for batch in (collate(samples), collate(samples).to("meta")):
        assert (batch.decode_seconds, batch.transform_seconds) == (3.5, 0.75)
    assert collate(samples[2:]).decode_seconds == 2.0


def test_targets_of_several_classes_and_values_are_stacked():
    several = [ClipSample(clip(5, length), torch.tensor([1.0, 0, 1]), 0) for length in (1, 3)]
    assert collate(several).targets.tolist() == [[1, 0, 1], [1, 0, 1]]
    values = collate([ClipSample(clip(5, length), torch.tensor(0.5), 0) for length in (1, 3)]).targets
    assert (values.dtype, values.tolist()) == (torch.float32, [0.5, 0.5])


def test_targets_of_frames_are_padded_with_what_counts_nowhere():
    ids = [ClipSample(clip(5, length, num_crops=2), torch.arange(length), 0) for length in (1, 3)]
    assert collate(ids).targets.tolist() == [[0, -100, -100], [0, -100, -100], [0, 1, 2], [0, 1, 2]]
    values = collate([ClipSample(clip(5, length), torch.full((length,), 0.5), 0) for length in (1, 3)]).targets
    torch.testing.assert_close(values, torch.tensor([[0.5, torch.nan, torch.nan], [0.5, 0.5, 0.5]]), equal_nan=True)
    equal = collate([ClipSample(clip(5, 2), torch.tensor([7, 8]), 0) for _ in range(2)]).targets
    assert equal.tolist() == [[7, 8], [7, 8]]
