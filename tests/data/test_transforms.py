"""Transforms: each option changes the batch as it says, one draw for a clip, no other random state touched."""

import pytest
import torch
from torch import Tensor

from videoseq.data.augment_options import AugmentOptions, RandAugmentOptions
from videoseq.data.transforms import TrainTransform, decode_size, eval_transform
from videoseq.errors import ConfigError, DataError
from videoseq.types import ClipSpec

SPEC = ClipSpec(height=28, width=28, crop_fraction=0.875)  # decoded with a short side of 32
NONE = AugmentOptions("none")


def places(num_frames: int = 3, height: int = 32, width: int = 40) -> Tensor:
    """A clip (T, 3, h, w) whose first channels say where a pixel came from: its row and its column."""
    clip = torch.zeros(num_frames, 3, height, width, dtype=torch.uint8)
    clip[:, 0] = torch.arange(height, dtype=torch.uint8)[:, None]
    clip[:, 1] = torch.arange(width, dtype=torch.uint8)
    return clip


def corner(clip: Tensor) -> tuple[int, int]:
    return int(clip[0, 0, 0, 0]), int(clip[0, 1, 0, 0])


@pytest.mark.parametrize(
    ("height", "width", "spec", "expected"),
    [
        (1080, 1920, ClipSpec(height=112, width=112), (128, 228)),
        (1920, 1080, ClipSpec(height=112, width=112), (228, 128)),
        (500, 500, ClipSpec(height=112, width=112), (128, 128)),
        (64, 64, ClipSpec(height=64, width=64, crop_fraction=1.0), (64, 64)),
        (48, 64, ClipSpec(height=112, width=112), (128, 171)),
        (1080, 1920, ClipSpec(height=90, width=160, crop_fraction=1.0), (90, 160)),
        (1080, 1920, ClipSpec(height=112, width=224, crop_fraction=1.0), (126, 224)),
        (1920, 1080, ClipSpec(height=112, width=224, crop_fraction=0.875), (455, 256)),
        (2, 2, ClipSpec(height=28, width=28), (32, 32)),
        (100, 3000, ClipSpec(height=28, width=28, crop_fraction=1.0), (28, 840)),
    ],
)
def test_decode_size(height: int, width: int, spec: ClipSpec, expected: tuple[int, int]) -> None:
    size = decode_size(height, width, spec)
    assert size == expected
    assert decode_size(*size, spec) == size
    assert size[0] >= spec.height
    assert size[1] >= spec.width


def test_no_augmentation_is_the_centre_crop_of_evaluation() -> None:
    clip = places()
    assert torch.equal(TrainTransform(SPEC, NONE)(clip, seed=1), clip[..., 2:30, 6:34])
    assert torch.equal(TrainTransform(SPEC, NONE)(clip, seed=2), eval_transform(clip, SPEC)[0])


def test_a_centre_between_two_pixels_is_that_of_evaluation() -> None:
    spec, clip = ClipSpec(height=112, width=112), places(1, 128, 171)
    cropped = TrainTransform(spec, NONE)(clip, seed=1)
    assert corner(cropped) == (8, 29)
    assert torch.equal(cropped, eval_transform(clip, spec)[0])


def test_the_result_is_uint8_of_the_size_of_the_clip() -> None:
    spec = ClipSpec(height=20, width=30)
    for preset in ("none", "light", "standard", "strong"):
        clip = TrainTransform(spec, AugmentOptions(preset))(places(height=50, width=70), seed=0)
        assert clip.shape == (3, 3, 20, 30)
        assert clip.dtype == torch.uint8


def test_crop_random_reaches_every_window() -> None:
    transform = TrainTransform(SPEC, AugmentOptions("none", crop="random"))
    clips = [transform(places(), seed) for seed in range(600)]
    corners = {corner(clip) for clip in clips}
    assert corners == {(top, left) for top in range(5) for left in range(13)}
    for clip in clips[:20]:
        top, left = corner(clip)
        assert torch.equal(clip, places()[..., top : top + 28, left : left + 28])


def test_crop_random_resized_changes_the_scale_down_to_min_scale() -> None:
    clip = places(1, 128, 128)
    spec = ClipSpec(height=112, width=112)

    def smallest_area(min_scale: float) -> float:
        transform = TrainTransform(spec, AugmentOptions("none", crop="random_resized", min_scale=min_scale))
        areas = []
        for seed in range(200):
            out = transform(clip, seed).float()
            rows, columns = out[0, 0, -1, 0] - out[0, 0, 0, 0] + 1, out[0, 1, 0, -1] - out[0, 1, 0, 0] + 1
            areas.append(float(rows * columns) / 128**2)
        return min(areas)

    assert smallest_area(0.1) == pytest.approx(0.1, abs=0.03)
    assert smallest_area(0.8) == pytest.approx(0.8, abs=0.05)


def test_flip_mirrors_half_of_the_clips_exactly() -> None:
    transform = TrainTransform(SPEC, AugmentOptions("none", flip=True))
    straight = TrainTransform(SPEC, NONE)(places(), 0)
    flipped = 0
    for seed in range(200):
        clip = transform(places(), seed)
        assert torch.equal(clip, straight) or torch.equal(clip, straight.flip(-1))
        flipped += int(torch.equal(clip, straight.flip(-1)))
    assert 70 < flipped < 130


def test_flip_off_keeps_left_and_right() -> None:
    transform = TrainTransform(SPEC, AugmentOptions("standard", flip=False))
    for seed in range(30):
        clip = transform(places(), seed).float()
        assert clip[0, 1, :, -1].mean() > clip[0, 1, :, 0].mean()


def test_colour_changes_the_brightness_within_its_strength() -> None:
    grey = torch.full((2, 3, 32, 32), 100, dtype=torch.uint8)

    def levels(colour: float) -> list[float]:
        transform = TrainTransform(SPEC, AugmentOptions("none", colour=colour))
        return [float(transform(grey, seed).float().mean()) for seed in range(200)]

    assert set(levels(0.0)) == {100.0}
    assert min(levels(0.3)) == pytest.approx(70, abs=3)
    assert max(levels(0.3)) == pytest.approx(130, abs=3)
    assert min(levels(0.8)) < 40


def test_colour_changes_contrast_and_saturation() -> None:
    halves = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    halves[:, :, :, :16] = torch.tensor([120, 60, 60], dtype=torch.uint8)[:, None, None]
    halves[:, :, :, 16:] = torch.tensor([60, 60, 120], dtype=torch.uint8)[:, None, None]
    transform = TrainTransform(SPEC, AugmentOptions("none", colour=0.5))
    clips = [transform(halves, seed).float()[0] for seed in range(50)]
    saturations = {round(float(clip[0, 0, 0] / clip[1, 0, 0]), 1) for clip in clips}  # red over green, brightness cancels
    assert min(saturations) < 1.6
    assert max(saturations) > 2.4


@pytest.mark.parametrize("preset", ["none", "light", "standard", "strong"])
def test_every_frame_of_a_clip_gets_the_same_draw(preset: str) -> None:
    torch.manual_seed(0)
    clip = torch.randint(0, 256, (1, 3, 32, 40), dtype=torch.uint8).expand(5, -1, -1, -1)
    transform = TrainTransform(SPEC, AugmentOptions(preset))
    for seed in range(20):
        out = transform(clip, seed)
        assert all(torch.equal(out[0], frame) for frame in out)


def test_the_seed_decides_every_draw() -> None:
    torch.manual_seed(0)
    clip = torch.randint(0, 256, (2, 3, 32, 40), dtype=torch.uint8)
    transform = TrainTransform(SPEC, AugmentOptions("standard"))
    first = transform(clip, 7)
    torch.rand(100)
    assert torch.equal(transform(clip, 7), first)
    assert torch.equal(TrainTransform(SPEC, AugmentOptions("standard"))(clip, 7), first)
    assert not torch.equal(transform(clip, 8), first)


def test_the_random_state_outside_is_untouched() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    TrainTransform(SPEC, AugmentOptions("standard"))(places(), seed=1)
    assert torch.equal(torch.rand(4), expected)


def test_the_input_is_untouched() -> None:
    clip = places()
    TrainTransform(SPEC, AugmentOptions("standard"))(clip, seed=1)
    eval_transform(clip, SPEC, num_crops=3)
    assert torch.equal(clip, places())


def test_eval_crops_spread_from_border_to_border() -> None:
    wide = eval_transform(places(3, 32, 40), SPEC, num_crops=3)
    assert wide.shape == (3, 3, 3, 28, 28)
    assert [corner(crop) for crop in wide] == [(2, 0), (2, 6), (2, 12)]
    tall = eval_transform(places(3, 40, 32), SPEC, num_crops=3)
    assert [corner(crop) for crop in tall] == [(0, 2), (6, 2), (12, 2)]
    square = eval_transform(places(3, 32, 32), SPEC, num_crops=2)
    assert [corner(crop) for crop in square] == [(2, 0), (2, 4)]
    assert [corner(crop) for crop in eval_transform(places(), SPEC)] == [(2, 6)]
    assert torch.equal(wide, eval_transform(places(3, 32, 40), SPEC, num_crops=3))


def test_other_sizes_are_resized_first() -> None:
    small = places(2, 16, 20)
    assert eval_transform(small, SPEC).shape == (1, 2, 3, 28, 28)
    large = eval_transform(places(1, 64, 80), SPEC)[0]
    assert corner(large) == (5, 13)  # two pixels of the small frame, each the mean of two: 4.5 and 12.5
    assert TrainTransform(SPEC, NONE)(places(1, 64, 80), 0).shape == (1, 3, 28, 28)


def test_mistakes() -> None:
    with pytest.raises(ConfigError, match=r"num_crops must be at least 1, got 0"):
        eval_transform(places(), SPEC, num_crops=0)
    with pytest.raises(DataError, match=r"a clip must be uint8 of shape \(T, C, h, w\), got torch.float32 of shape"):
        eval_transform(places().float(), SPEC)
    with pytest.raises(DataError, match=r"got torch.uint8 of shape \(3, 32, 40\)"):
        TrainTransform(SPEC, NONE)(places()[0], seed=0)


def rand_augmented(clip: Tensor, seed: int, num_ops: int = 1, magnitude: int = 9) -> Tensor:
    options = AugmentOptions("none", rand_augment=RandAugmentOptions(num_ops, magnitude))
    return TrainTransform(SPEC, options)(clip, seed)


def noise(num_frames: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (num_frames, 3, 32, 40), dtype=torch.uint8, generator=generator)


def test_rand_augment_does_the_same_to_every_frame() -> None:
    clip, alone = noise(4), TrainTransform(SPEC, NONE)
    changed = 0
    for seed in range(60):
        out = rand_augmented(clip, seed, num_ops=2)
        assert out.dtype == torch.uint8
        for t in range(4):
            assert torch.equal(out[t : t + 1], rand_augmented(clip[t : t + 1], seed, num_ops=2))
        changed += int(not torch.equal(out, alone(clip, seed)))
    assert changed > 45  # two identities, or operations that find nothing to do, are rare


def test_rand_augment_of_no_operations_changes_nothing() -> None:
    assert torch.equal(rand_augmented(noise(2), 1, num_ops=0), TrainTransform(SPEC, NONE)(noise(2), 1))


def test_rand_augment_changes_more_with_more_magnitude() -> None:
    clip = places(1)

    def change(magnitude: int) -> float:
        plain = TrainTransform(SPEC, NONE)(clip, 0).float()
        return sum(float((rand_augmented(clip, seed, magnitude=magnitude).float() - plain).abs().mean()) for seed in range(60))

    assert change(2) < change(9) < change(30)


def test_rand_augment_never_mirrors() -> None:
    for seed in range(100):
        steps = rand_augmented(4 * places(1), seed)[0, 1].int().diff(dim=-1)  # brighter to the right, as the clip
        assert (steps > 0).sum() > 5 * (steps < 0).sum()
