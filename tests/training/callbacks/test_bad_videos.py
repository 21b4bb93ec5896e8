"""Counting unreadable videos."""

import logging

import pytest
import torch

from videoseq.data.batch import ClipSample, collate
from videoseq.errors import DataError
from videoseq.training.callbacks.bad_videos import BadVideoLog


def batch(*positions):
    return collate([ClipSample(None, torch.tensor(0), position, f"reason {position}") for position in positions])


def test_every_video_is_reported_once_a_split(caplog):
    caplog.set_level(logging.WARNING)
    told = []
    log = BadVideoLog(lambda *values: told.append(values), num_videos=100, num_bad=2, max_bad_fraction=0.5)
    for _ in range(2):
        log.on_train_batch_end(None, None, None, batch(3, 5), 0)
        log.on_validation_batch_end(None, None, None, batch(3), 0)
    assert told == [("train", 3, "reason 3"), ("train", 5, "reason 5"), ("val", 3, "reason 3")]
    assert log.num_bad == 5
    assert caplog.messages[0] == "left out of train: reason 3"


@pytest.mark.parametrize(("num_bad", "allowed"), [(0, 2), (1, 1), (2, 0)])
def test_those_of_the_scan_count_towards_the_limit(num_bad, allowed):
    log = BadVideoLog(lambda *values: None, num_videos=20 - num_bad, num_bad=num_bad, max_bad_fraction=0.1)
    for position in range(allowed):
        log.on_train_batch_end(None, None, None, batch(position), 0)
    message = r"^3 of 20 videos cannot be read, more than data\.max_bad_fraction=0\.1; the last: reason 9\. Repair or remove"
    with pytest.raises(DataError, match=message):
        log.on_train_batch_end(None, None, None, batch(9), 0)
