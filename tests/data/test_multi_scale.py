"""Multi-scale crops: literal windows, every one of them reached, none other."""

import pytest
import torch

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.multi_scale import Window, multi_scale_windows
from videoseq.data.transforms import TrainTransform, decode_size
from videoseq.types import ClipSpec

SPEC = ClipSpec(height=112, width=112)  # decoded with a short side of 128


def test_windows_of_a_wide_frame() -> None:
    windows = multi_scale_windows(128, 228, SPEC)
    assert len(windows) == 50
    assert len(set(windows)) == 46  # of a window as tall as the frame, upper and lower corners are one
    assert [tuple(window) for window in windows[:5]] == [
        (0, 0, 128, 128), (0, 100, 128, 128), (0, 0, 128, 128), (0, 100, 128, 128), (0, 50, 128, 128),
    ]  # fmt: skip
    assert [tuple(window) for window in windows[-5:]] == [
        (0, 0, 84, 84), (0, 144, 84, 84), (44, 0, 84, 84), (44, 144, 84, 84), (22, 72, 84, 84),
    ]  # fmt: skip
    sizes = {window[2:] for window in windows}
    assert sizes == {
        (128, 128), (128, 112), (112, 128), (112, 112), (112, 96), (96, 112), (96, 96), (96, 84), (84, 96), (84, 84),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("height", "width", "spec"),
    [
        (1080, 1920, SPEC),
        (1920, 1080, SPEC),
        (480, 640, ClipSpec(height=90, width=160, crop_fraction=1.0)),
        (2, 3, ClipSpec(height=1, width=1)),
    ],
)
def test_windows_lie_in_the_frame(height: int, width: int, spec: ClipSpec) -> None:
    rows, columns = decode_size(height, width, spec)
    for top, left, tall, wide in multi_scale_windows(rows, columns, spec):
        assert 0 <= top < top + tall <= rows
        assert 0 <= left < left + wide <= columns


def test_a_clip_is_one_of_its_windows_resized() -> None:
    spec = ClipSpec(height=28, width=28, crop_fraction=0.875)
    clip = torch.zeros(2, 3, 32, 40, dtype=torch.uint8)
    clip[:, 0] = 4 * torch.arange(32, dtype=torch.uint8)[:, None]
    clip[:, 1] = 4 * torch.arange(40, dtype=torch.uint8)
    windows = multi_scale_windows(32, 40, spec)
    transform = TrainTransform(spec, AugmentOptions("none", crop="multi_scale"))
    seen: set[Window] = set()
    for seed in range(400):
        out = transform(clip, seed)
        assert out.shape == (2, 3, 28, 28)
        assert torch.equal(out[0], out[1])
        # Mean and extent of the rows and columns that are shown name the window.
        found = []
        for channel in (0, 1):
            shown = out[0, channel].float() / 4
            found += [float(shown.mean()), float(shown.max() - shown.min())]
        window = min(windows, key=lambda one: _distance(one, found))
        assert _distance(window, found) < 1.5
        seen.add(window)
    assert seen == set(windows)


def _distance(window: Window, found: list[float]) -> float:
    top, left, height, width = window
    expected = [top + (height - 1) / 2, height - 1, left + (width - 1) / 2, width - 1]
    return max(abs(one - other) for one, other in zip(expected, found, strict=True))
