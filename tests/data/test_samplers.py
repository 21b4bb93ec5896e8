"""The order of samples: literal, without state, resumable."""

from itertools import chain

import pytest

from videoseq.data.samplers import EpochBatches, SampleRequest, Shard, batches_in_order, epoch_order


def drawn(batches: EpochBatches) -> list[list[int]]:
    return [[request.index for request in batch] for batch in batches]


@pytest.mark.parametrize(
    ("seed", "epoch", "expected"),
    [
        (0, 0, [2, 4, 3, 6, 5, 0, 1]),
        (0, 1, [1, 3, 6, 0, 4, 2, 5]),
        (1, 0, [5, 0, 1, 4, 2, 6, 3]),
    ],
)
def test_order_is_this_one(seed, epoch, expected):
    assert epoch_order(7, seed, epoch) == expected


@pytest.mark.parametrize("epoch", range(3))
def test_every_sample_comes_once_an_epoch(epoch):
    assert sorted(epoch_order(10, 3, epoch)) == list(range(10))


def test_batches_hold_the_order_of_their_epoch():
    batches = EpochBatches(7, 3, seed=0)
    for epoch in range(3):
        requests = list(batches)
        assert [len(batch) for batch in requests] == [3, 3, 1]
        flat = [request for batch in requests for request in batch]
        assert flat == [SampleRequest(index, epoch) for index in epoch_order(7, 0, epoch)]


@pytest.mark.parametrize("done", range(8))
def test_resuming_goes_on_with_the_next_batch_of_all_epochs(done):
    whole = EpochBatches(7, 3, seed=5)
    expected = [batch for _ in range(4) for batch in whole][done:]
    resumed = EpochBatches(7, 3, seed=5)
    resumed.resume(done)
    assert [batch for _ in range(4) for batch in resumed][: len(expected)] == expected


def test_the_length_of_a_resumed_epoch_is_that_of_a_whole_one():
    batches = EpochBatches(7, 3, seed=0)
    assert len(batches) == 3
    batches.resume(2)
    assert len(batches) == 3
    assert len(drawn(batches)) == 1
    assert len(drawn(batches)) == 3


def test_an_iterator_that_is_not_drawn_from_starts_no_epoch():
    batches = EpochBatches(7, 3, seed=0)
    iter(batches)
    assert {request.epoch for batch in batches for request in batch} == {0}


@pytest.mark.parametrize(
    ("start", "end", "world_size", "expected"),
    [
        (0, 8, 1, [(0, 8)]),
        (0, 8, 2, [(0, 4), (4, 8)]),
        (8, 13, 2, [(8, 11), (11, 13)]),
        (0, 1, 2, [(0, 1), (1, 1)]),
        (0, 0, 2, [(0, 0), (0, 0)]),
        (10, 17, 3, [(10, 13), (13, 15), (15, 17)]),
        (0, 2, 4, [(0, 1), (1, 1), (1, 2), (2, 2)]),
    ],
)
def test_processes_take_slices_side_by_side(start, end, world_size, expected):
    assert [Shard(rank, world_size).of(start, end) for rank in range(world_size)] == expected


@pytest.mark.parametrize("world_size", [1, 2, 3, 5])
def test_all_processes_together_take_every_batch_of_the_one_order(world_size):
    whole = EpochBatches(17, 5, seed=2)
    shares = [EpochBatches(17, 5, seed=2, shard=Shard(rank, world_size)) for rank in range(world_size)]
    for _ in range(2):
        expected, parts = list(whole), [list(share) for share in shares]
        assert {len(part) for part in parts} == {4}
        assert [[*chain.from_iterable(slices)] for slices in zip(*parts, strict=True)] == expected


def test_a_process_resumes_with_its_slice_of_the_next_batch():
    whole = EpochBatches(7, 3, seed=5, shard=Shard(1, 2))
    expected = [batch for _ in range(3) for batch in whole][4:]
    resumed = EpochBatches(7, 3, seed=5, shard=Shard(1, 2))
    resumed.resume(4)
    assert [batch for _ in range(2) for batch in resumed] == expected


def test_a_sample_that_comes_again_says_so():
    batches = EpochBatches(5, 2, seed=0, order=lambda epoch: [3, 1, 3, 3, epoch])
    assert [[(request.index, request.repeat) for request in batch] for batch in batches] == [
        [(3, 0), (1, 0)],
        [(3, 1), (3, 2)],
        [(0, 0)],
    ]
    assert [request.repeat for batch in batches for request in batch] == [0, 0, 1, 2, 1]


def test_samples_in_order_are_dealt_without_padding():
    assert [[*batch] for batch in batches_in_order(7, 4)] == [[0, 1, 2, 3], [4, 5, 6]]
    assert [[*batch] for batch in batches_in_order(5, 4, Shard(0, 2))] == [[0, 1], [4]]
    assert [[*batch] for batch in batches_in_order(5, 4, Shard(1, 2))] == [[2, 3], []]
    assert batches_in_order(0, 4, Shard(1, 2)) == []
