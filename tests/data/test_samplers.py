"""The order of samples: literal, without state, resumable."""

import pytest

from videoseq.data.samplers import EpochBatches, SampleRequest, epoch_order


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
