"""Which lane goes on with which video: literal, without state, resumable."""

from itertools import chain

import numpy as np
import pytest

from videoseq.data.chunk_order import Chunk, ChunkBatches, deal_lanes
from videoseq.data.samplers import Shard


def rows(batch: list[Chunk]) -> list[tuple[int, int, int, int, bool]]:
    """Lane, video, bounds and whether the lane's state begins anew."""
    return [(chunk.lane, chunk.index, chunk.start, chunk.stop, chunk.resets) for chunk in batch]


@pytest.mark.parametrize(
    ("num_chunks", "num_lanes", "expected"),
    [
        ([3, 1, 2, 1], 2, [[0, 3], [2, 1]]),
        ([1, 1, 1, 1, 1], 2, [[0, 2, 4], [1, 3]]),
        ([1, 9, 1, 1], 3, [[1], [0, 3], [2]]),
        ([4], 1, [[0]]),
    ],
)
def test_the_longest_is_dealt_first_and_the_shortest_lane_takes_the_next(num_chunks, num_lanes, expected):
    assert [lane.tolist() for lane in deal_lanes(np.array(num_chunks), num_lanes)] == expected


def test_without_a_seed_every_lane_is_its_videos_one_after_the_other():
    batches = ChunkBatches([5, 2, 3, 1], chunk_frames=2, num_lanes=2, seed=None)
    expected = [
        [(0, 0, 0, 2, True), (1, 2, 0, 2, True)],
        [(0, 0, 2, 4, False), (1, 2, 2, 3, False)],
        [(0, 0, 4, 5, False), (1, 1, 0, 2, True)],
        [(0, 3, 0, 1, True)],
    ]
    assert [rows(batch) for batch in batches] == expected
    assert [rows(batch) for batch in batches] == expected
    assert len(batches) == 4


LENGTHS = [7, 3, 8, 1, 5, 5, 2, 6, 8]


def test_every_frame_comes_once_an_epoch_and_the_chunks_of_a_lane_follow_upon_each_other():
    batches = ChunkBatches(LENGTHS, chunk_frames=3, num_lanes=4, seed=1)
    for _ in range(3):
        shown: dict[int, list[int]] = {}
        last: dict[int, Chunk] = {}
        for batch in batches:
            assert len({chunk.lane for chunk in batch}) == len(batch)
            for chunk in batch:
                before = last.get(chunk.lane)
                if before is not None and not chunk.resets:
                    assert (before.index, before.stop) == (chunk.index, chunk.start)
                else:
                    assert chunk.start == 0
                    assert before is None or before.stop == LENGTHS[before.index]
                shown.setdefault(chunk.index, []).extend(range(chunk.start, chunk.stop))
                last[chunk.lane] = chunk
        assert shown == {index: list(range(length)) for index, length in enumerate(LENGTHS)}


def test_epochs_differ_in_order_but_not_in_length_and_depend_on_the_seed():
    batches = ChunkBatches(LENGTHS, chunk_frames=3, num_lanes=4, seed=1)
    first, second = list(batches), list(batches)
    assert len(first) == len(second) == len(batches) == 5
    lanes = [[lane.tolist() for lane in batches.lanes(epoch)] for epoch in (0, 1)]
    assert lanes == [[[5, 8], [0, 1, 3], [6, 2], [7, 4]], [[4, 0], [2, 3, 1], [6, 8], [5, 7]]]
    assert [lane.tolist() for lane in ChunkBatches(LENGTHS, 3, 4, seed=2).lanes(0)] == [[2, 7], [1, 3, 0], [6, 8], [5, 4]]
    assert {chunk.epoch for batch in second for chunk in batch} == {1}


@pytest.mark.parametrize("done", range(13))
def test_resuming_goes_on_with_the_next_batch_of_all_epochs(done):
    whole = ChunkBatches(LENGTHS, 3, 4, seed=5)
    expected = [batch for _ in range(3) for batch in whole][done:]
    resumed = ChunkBatches(LENGTHS, 3, 4, seed=5)
    resumed.resume(done)
    assert [batch for _ in range(3) for batch in resumed][: len(expected)] == expected


@pytest.mark.parametrize("world_size", [2, 3])
def test_processes_share_the_lanes_and_have_equally_many_batches(world_size):
    alone = list(ChunkBatches(LENGTHS, 3, 4, seed=5))
    shares = [list(ChunkBatches(LENGTHS, 3, 4, 5, Shard(rank, world_size))) for rank in range(world_size)]
    assert [[*chain(*parts)] for parts in zip(*shares, strict=True)] == alone


def test_a_process_without_a_lane_has_empty_batches():
    batches = ChunkBatches([4], 2, 4, 0, Shard(1, 2))
    assert list(batches) == [[], []]


def test_there_are_no_more_lanes_than_videos():
    assert [[chunk.lane for chunk in batch] for batch in ChunkBatches([2, 2], 2, 8, None)] == [[0, 1]]
