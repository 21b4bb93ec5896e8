"""Random erasing: one box for all frames, as often and as large as the options say."""

import pytest
import torch
from torch import Tensor

from videoseq.data.augment_options import AugmentOptions, ErasingOptions
from videoseq.data.transforms import TrainTransform
from videoseq.types import ClipSpec

SPEC = ClipSpec(height=40, width=60, crop_fraction=1.0)


def erase(seed: int, clip: Tensor, **values: float) -> Tensor:
    options = AugmentOptions("none", erasing=ErasingOptions(**{"probability": 1.0, **values}))
    return TrainTransform(SPEC, options)(clip, seed)


def grey(num_frames: int = 3) -> Tensor:
    """A clip whose frames differ, of levels that noise hits seldom."""
    return (torch.arange(num_frames, dtype=torch.uint8) + 100)[:, None, None, None].expand(-1, 3, 40, 60).contiguous()


def box_of(erased: Tensor) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of what differs from a grey clip."""
    rows, columns = torch.nonzero((erased != grey(len(erased))).any(0).any(0), as_tuple=True)
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def test_a_box_of_every_frame_gives_way_to_the_same_noise() -> None:
    erased = erase(0, grey(), min_area=0.2)
    top, bottom, left, right = box_of(erased)
    noise = erased[:, :, top:bottom, left:right]
    assert torch.equal(noise[0], noise[1])
    assert torch.equal(noise[0], noise[2])
    assert noise[0].float().mean() == pytest.approx(127.5, abs=6)
    assert noise[0].float().std() == pytest.approx(256 / 12**0.5, abs=5)
    assert not torch.equal(noise[0, 0], noise[0, 1])
    outside = erased.clone()
    outside[:, :, top:bottom, left:right] = grey()[:, :, top:bottom, left:right]
    assert torch.equal(outside, grey())


@pytest.mark.parametrize(("low", "high"), [(0.02, 0.33), (0.3, 0.3), (0.9, 1.0), (1e-6, 1e-6)])
def test_boxes_lie_in_the_frame_and_take_the_area_asked_for(low: float, high: float) -> None:
    shares, ratios, corners = [], [], set()
    for seed in range(200):
        top, bottom, left, right = box_of(erase(seed, grey(1), min_area=low, max_area=high))
        shares.append((bottom - top) * (right - left) / 2400)
        ratios.append((bottom - top) / (right - left))
        corners.add((top, left))
    assert min(shares) >= 0.85 * low
    assert max(shares) <= max(1.15 * high, 1 / 2400)
    assert len(corners) > 100 or low == 0.9
    if (low, high) == (0.02, 0.33):
        assert min(shares) < 0.06
        assert max(shares) > 0.28
        assert min(ratios) < 0.5
        assert max(ratios) > 2


def test_as_many_clips_as_asked_for_lose_a_box() -> None:
    erased = [not torch.equal(erase(seed, grey(1), probability=0.25), grey(1)) for seed in range(400)]
    assert 70 < sum(erased) < 130
    assert all(torch.equal(erase(seed, grey(1), probability=0.0), grey(1)) for seed in range(50))


def test_the_clip_itself_is_untouched() -> None:
    clip = grey()
    erase(0, clip)
    assert torch.equal(clip, grey())
