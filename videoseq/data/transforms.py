"""From a decoded clip to the crop that the model sees, on uint8, with one random draw for all frames of a clip."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.erasing import RandomErasing
from videoseq.data.multi_scale import MultiScaleCrop
from videoseq.errors import ConfigError, DataError
from videoseq.types import ClipSpec


def decode_size(height: int, width: int, spec: ClipSpec) -> tuple[int, int]:
    """Returns the size to decode a video at: its shape kept, the smallest that covers the crop with its margin.

    The margin is what `crop_fraction` leaves: a 112 crop of 0.875 asks for a short side of 128.

        >>> decode_size(1080, 1920, ClipSpec(height=112, width=112, crop_fraction=0.875))
        (128, 228)

    Args:
        height: Pixels of the video as displayed.
        width: Pixels of the video as displayed.
        spec: The size of the clip and its `crop_fraction`.

    Returns:
        Height and width, at least those of the crop.
    """
    least_height = round(spec.height / spec.crop_fraction)
    least_width = round(spec.width / spec.crop_fraction)
    if height * least_width >= width * least_height:
        return max(least_height, round(height * least_width / width)), least_width
    return least_height, max(least_width, round(width * least_height / height))


class TrainTransform:
    """Crop, flip, colour, RandAugment and erasing of a training clip, in this order.

    Every draw is a pure function of the seed, and is the same for all frames of the clip. What an operation computes from the
    picture itself (contrast, auto-contrast, equalise) it computes for each frame. A clip of another size than `decode_size`
    gives is resized to that first.
    """

    def __init__(self, spec: ClipSpec, augment: AugmentOptions) -> None:
        """Prepares the transforms.

        Args:
            spec: The size of the clip.
            augment: Which augmentations are on.
        """
        self.spec = spec
        options = augment.resolved()
        size = (spec.height, spec.width)
        crops: dict[str, Callable[[Tensor], Tensor]] = {
            "center": partial(_center_crop, spec=spec),
            "random": v2.RandomCrop(size),
            "random_resized": v2.RandomResizedCrop(size, scale=(options.min_scale, 1.0), antialias=True),
            "multi_scale": MultiScaleCrop(spec),
        }
        steps = [crops[options.crop]]
        if options.flip:
            steps.append(v2.RandomHorizontalFlip(0.5))
        if options.colour > 0:
            strength = options.colour
            steps.append(v2.ColorJitter(brightness=strength, contrast=strength, saturation=strength))
        if options.rand_augment.num_ops > 0:
            steps.append(v2.RandAugment(options.rand_augment.num_ops, options.rand_augment.magnitude))
        if options.erasing.probability > 0:
            steps.append(RandomErasing(options.erasing))
        self._transform = v2.Compose(steps)

    def __call__(self, clip: Tensor, seed: int) -> Tensor:
        """Transforms one clip; PyTorch's own random state is left as it was.

        Args:
            clip: uint8 (T, C, h, w), RGB, at any size.
            seed: Decides every draw.

        Returns:
            uint8 (T, C, H, W).

        Raises:
            DataError: The clip is no uint8 of four dimensions.
        """
        clip = _fit(clip, self.spec)
        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed would reseed the accelerators as well.
            torch.default_generator.manual_seed(seed)
            transformed: Tensor = self._transform(clip)  # (T, C, h, w) -> (T, C, H, W)
        return transformed


def eval_transform(clip: Tensor, spec: ClipSpec, num_crops: int = 1) -> Tensor:
    """Crops a clip for validation, test or prediction; nothing is random.

    Args:
        clip: uint8 (T, C, h, w), RGB; resized first where its size is not what `decode_size` gives.
        spec: The size of the clip.
        num_crops: 1 is the centre; more are spread evenly, from border to border, along the side that the frame
            overhangs most, and centred on the other.

    Returns:
        uint8 (num_crops, T, C, H, W).

    Raises:
        ConfigError: `num_crops` is less than 1.
        DataError: The clip is no uint8 of four dimensions.
    """
    if num_crops < 1:
        raise ConfigError(f"num_crops must be at least 1, got {num_crops}")
    clip = _fit(clip, spec)
    extra_height, extra_width = clip.shape[-2] - spec.height, clip.shape[-1] - spec.width
    crops = []
    for index in range(num_crops):
        top, left = extra_height // 2, extra_width // 2
        if num_crops > 1 and extra_height > extra_width:
            top = round(index * extra_height / (num_crops - 1))
        elif num_crops > 1:
            left = round(index * extra_width / (num_crops - 1))
        crops.append(clip[..., top : top + spec.height, left : left + spec.width])
    return torch.stack(crops)  # (num_crops, T, C, H, W)


def _center_crop(clip: Tensor, spec: ClipSpec) -> Tensor:
    """Crops as validation does, to the pixel: torchvision's own rounds odd margins otherwise."""
    return eval_transform(clip, spec)[0]  # (T, C, h, w) -> (T, C, H, W)


def _fit(clip: Tensor, spec: ClipSpec) -> Tensor:
    """Resizes a clip to what `decode_size` gives; readers that decode at that size pass through untouched."""
    if clip.dtype != torch.uint8 or clip.ndim != 4:
        raise DataError(f"a clip must be uint8 of shape (T, C, h, w), got {clip.dtype} of shape {tuple(clip.shape)}")
    size = decode_size(clip.shape[-2], clip.shape[-1], spec)
    if tuple(clip.shape[-2:]) == size:
        return clip
    resized: Tensor = functional.resize(clip, list(size), antialias=True)  # (T, C, h, w) -> (T, C, *size)
    return resized
