"""Mixup and cutmix: what a row of a batch holds, what its label says, and that both follow from the row's seed."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from videoseq.data.batch import ClipBatch, ClipSample, collate
from videoseq.data.mixing import MixedCollate, blended, box

NUM_CLASSES = 4


def clip(value: int, num_frames: int = 3, step: int = 0) -> Tensor:
    """(1, T, C, H, W) uint8; frame t holds value + t * step."""
    frames = value + step * torch.arange(num_frames)
    return frames.to(torch.uint8)[None, :, None, None, None].expand(1, -1, 3, 8, 12).contiguous()


def samples(*frames: Tensor | None) -> list[ClipSample]:
    """Row i has class i and seed 10 + i."""
    return [
        ClipSample(one, torch.tensor(row), row, "" if one is not None else "torn", 10 + row) for row, one in enumerate(frames)
    ]


def mix(rows: Sequence[ClipSample], mixup: float = 0.0, cutmix: float = 0.0) -> ClipBatch:
    return MixedCollate(mixup, cutmix, NUM_CLASSES)(rows)


def test_blended() -> None:
    one, other = torch.tensor([[0, 10, 255, 255, 3]]).byte(), torch.tensor([[0, 20, 255, 0, 4]]).byte()
    assert blended(one, other, 1.0).tolist() == [[0, 10, 255, 255, 3]]
    assert blended(one, other, 0.0).tolist() == [[0, 20, 255, 0, 4]]
    assert blended(one, other, 0.75).tolist() == [[0, 12, 255, 191, 3]]  # 12.5 to the even, 191.25, 3.25
    assert blended(one, other, 0.75).dtype == torch.uint8


def test_mixup_blends_clips_and_labels_in_the_same_shares() -> None:
    batch = mix(samples(clip(0), clip(200), clip(100)), mixup=1.0)
    soft = batch.soft_targets
    assert soft.shape == (3, NUM_CLASSES)
    assert soft.dtype == torch.float32
    shares = soft.diagonal()
    torch.testing.assert_close(soft.sum(1), torch.ones(3))
    torch.testing.assert_close(torch.stack([soft[0, 1], soft[1, 2], soft[2, 0]]), 1 - shares)  # the next one, and round
    for row, (own, partner) in enumerate([(0, 200), (200, 100), (100, 0)]):
        assert len(batch.video[row].unique()) == 1
        assert float(batch.video[row, 0, 0, 0, 0]) == pytest.approx(float(shares[row]) * (own - partner) + partner, abs=0.51)
    assert len({round(float(share), 3) for share in shares}) == 3
    assert batch.targets.tolist() == [0, 1, 2]
    assert (batch.videos, batch.lengths.tolist()) == ((0, 1, 2), [3, 3, 3])


def test_cutmix_puts_one_box_of_the_partner_into_every_frame_and_labels_by_area() -> None:
    found = set()
    for seed in range(40):
        own, other = torch.tensor(0), torch.tensor(1)
        rows = [ClipSample(clip(10, step=1), own, 0, "", seed), ClipSample(clip(50, step=1), other, 1, "", 99)]
        batch = mix(rows, cutmix=1.0)
        partner = batch.video[0] >= 50  # (T, C, H, W)
        assert torch.equal(batch.video[0] - 40 * partner.byte(), clip(10, step=1)[0])
        assert all(torch.equal(partner[0, 0], plane) for frame in partner for plane in frame)
        inside = torch.nonzero(partner[0, 0])  # (pixels, 2)
        if len(inside):
            (top, left), (bottom, right) = inside.min(0).values.tolist(), inside.max(0).values.tolist()
            assert len(inside) == (bottom - top + 1) * (right - left + 1)
            found.add((top, left))
        assert float(batch.soft_targets[0, 1]) == pytest.approx(len(inside) / 96, abs=1e-6)
        assert float(batch.soft_targets[0].sum()) == pytest.approx(1)
    assert len(found) > 15


@pytest.mark.parametrize(
    ("share", "lengths"),
    [(1.0, {(0, 0)}), (0.75, {(4, 6), (3, 6), (2, 6), (4, 5), (4, 4), (4, 3)}), (0.0, {(8, 12), (4, 6), (7, 11)})],
)
def test_a_box_leaves_its_share_less_what_lies_outside(share: float, lengths: set[tuple[int, int]]) -> None:
    rng = np.random.default_rng(0)
    boxes = [box(8, 12, share, rng) for _ in range(400)]
    assert all(0 <= top <= bottom <= 8 and 0 <= left <= right <= 12 for top, bottom, left, right in boxes)
    assert lengths <= {(bottom - top, right - left) for top, bottom, left, right in boxes}
    largest = max((bottom - top) * (right - left) for top, bottom, left, right in boxes)
    assert largest == round((1 - share) * 96)


def test_with_both_each_row_gets_one_of_them() -> None:
    rows = [ClipSample(clip(20 + 100 * (row % 2)), torch.tensor(row % 2), row, "", row) for row in range(200)]
    batch = mix(rows, mixup=50.0, cutmix=50.0)
    blends = [len(one.unique()) == 1 and int(one[0, 0, 0, 0]) not in (20, 120) for one in batch.video]
    assert 70 < sum(blends) < 130
    for one, blend in zip(batch.video, blends, strict=True):
        assert blend or set(one.unique().tolist()) == {20, 120}


@pytest.mark.parametrize(("alpha", "low", "high"), [(0.1, 0.6, 1.0), (1.0, 0.25, 0.42), (50.0, 0.0, 0.01)])
def test_shares_are_drawn_from_beta(alpha: float, low: float, high: float) -> None:
    """A small alpha leaves most clips nearly whole, a large one halves them all."""
    rows = [ClipSample(clip(0, 1), torch.tensor(row % 2), row, "", row) for row in range(400)]
    shares = mix(rows, mixup=alpha).soft_targets.max(1).values
    assert low <= float((shares > 0.85).float().mean()) <= high


def test_a_partner_of_another_length_is_shown_over_the_whole_clip() -> None:
    rows = samples(clip(0, 4), clip(100, 2, step=10), clip(40, 3, step=10))
    batch = mix(rows, mixup=1.0)
    shares = batch.soft_targets.diagonal()
    assert batch.lengths.tolist() == [4, 2, 3]
    expected = [
        [(0, 100), (0, 100), (0, 110), (0, 110)],
        [(100, 40), (110, 50)],  # frames 0 and 1 of 3
        [(40, 0), (50, 0), (60, 0)],
    ]
    for row, pairs in enumerate(expected):
        for t, (own, partner) in enumerate(pairs):
            level = float(shares[row]) * own + (1 - float(shares[row])) * partner
            assert float(batch.video[row, t, 0, 0, 0]) == pytest.approx(level, abs=0.51)
        assert not batch.video[row, len(pairs) :].any()


@pytest.mark.parametrize("switches", [{"mixup": 1.0}, {"cutmix": 1.0}])
def test_a_row_follows_from_its_seed_whatever_stands_around(switches: dict[str, float]) -> None:
    one, two, three = samples(clip(0), clip(200), clip(100))
    first, second = mix([one, two, three], **switches), mix([three, one, two, three], **switches)
    assert torch.equal(first.video[:2], second.video[1:3])
    assert torch.equal(first.soft_targets[:2], second.soft_targets[1:3])
    again = mix([one, two, three], **switches)
    assert torch.equal(first.video, again.video)
    other = mix([one._replace(seed=77), two, three], **switches)
    assert not torch.equal(first.video[0], other.video[0])
    assert torch.equal(first.video[1:], other.video[1:])


def test_a_video_that_could_not_be_read_is_nobodys_partner() -> None:
    batch = mix(samples(clip(0), None, clip(200), None), mixup=1.0)
    assert batch.videos == (0, 2)
    assert batch.failures == ((1, "torn"), (3, "torn"))
    assert batch.soft_targets[:, [1, 3]].tolist() == [[0, 0], [0, 0]]
    assert (batch.soft_targets[:, [0, 2]] > 0).all()


@pytest.mark.parametrize("switches", [{"mixup": 1.0}, {"cutmix": 1.0}, {"mixup": 0.2, "cutmix": 1.0}])
def test_a_clip_alone_is_its_own_partner_and_stays_as_it_is(switches: dict[str, float]) -> None:
    frames = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 3, 3, 8, 12), dtype=np.uint8))
    for seed in range(60):
        batch = mix([ClipSample(frames, torch.tensor(2), 0, "", seed)], **switches)
        assert torch.equal(batch.video, frames)
        assert batch.soft_targets.tolist() == [[0, 0, 1, 0]]


def test_a_batch_of_which_nothing_could_be_read_stays_empty() -> None:
    batch = mix(samples(None, None), mixup=1.0, cutmix=1.0)
    assert len(batch) == 0
    assert batch.soft_targets.shape == (0, NUM_CLASSES)
    assert batch.failures == ((0, "torn"), (1, "torn"))
    assert mix([], mixup=1.0).soft_targets.shape == (0, NUM_CLASSES)


def test_the_samples_themselves_are_untouched() -> None:
    rows = samples(clip(0), clip(200))
    for switches in ({"mixup": 1.0}, {"cutmix": 1.0}):
        mix(rows, **switches)
    assert torch.equal(rows[0].frames, clip(0))
    assert torch.equal(rows[1].frames, clip(200))


def test_soft_targets_go_to_the_device_with_the_clips() -> None:
    batch = mix(samples(clip(0), clip(200)), mixup=1.0)
    assert batch.to("meta").soft_targets.device.type == "meta"
    assert torch.equal(batch.to("cpu").soft_targets, batch.soft_targets)
    assert collate(samples(clip(0))).to("meta").soft_targets is None


def test_several_classes_are_mixed_in_the_shares_of_the_clips() -> None:
    labels = torch.tensor([[1.0, 0, 1], [0, 1, 1]])
    rows = [ClipSample(clip(10 + 100 * row), label, row, "", row) for row, label in enumerate(labels)]
    batch = mix(rows, mixup=1.0)
    assert torch.equal(batch.targets, labels)
    shares = (batch.video[:, 0, 0, 0, 0] - 110.0) / -100  # of the first clip
    expected = shares[:, None] * labels[0] + (1 - shares[:, None]) * labels[1]
    torch.testing.assert_close(batch.soft_targets, expected, atol=0.006, rtol=0)
    assert batch.soft_targets[:, 2].tolist() == [1, 1]
    assert 0.05 < float(shares.min()) < float(shares.max()) < 0.95
