"""Which augmentations a training clip gets."""

from dataclasses import dataclass
from typing import Literal

from videoseq.errors import ConfigError, suggest

Crop = Literal["center", "random", "random_resized"]


@dataclass(frozen=True)
class Augmentation:
    """The augmentations that are applied, every value decided.

    Attributes:
        crop: `center`, `random` (a window of the clip's size anywhere in the resized frame) or `random_resized` (a
            window of random area and shape, resized).
        min_scale: Smallest share of the frame's area that `random_resized` keeps, in (0, 1].
        flip: Whether half of the clips are mirrored left to right.
        colour: Strength in [0, 1] of the change of brightness, contrast and saturation: each is multiplied by a factor
            drawn from [1 - colour, 1 + colour]; 0 is none.
    """

    crop: Crop
    min_scale: float
    flip: bool
    colour: float


_PRESETS = {
    "none": Augmentation(crop="center", min_scale=0.5, flip=False, colour=0.0),
    "light": Augmentation(crop="random", min_scale=0.5, flip=False, colour=0.0),
    "standard": Augmentation(crop="random_resized", min_scale=0.5, flip=True, colour=0.3),
}


@dataclass(frozen=True)
class AugmentOptions:
    """A preset of augmentations, and single switches that win over it.

    Attributes:
        preset: `none`: the centre crop of validation. `light`: a random crop. `standard`: a random resized crop, a
            flip of half of the clips and a colour change of strength 0.3.
        crop: `center`, `random` or `random_resized`; None leaves it to the preset.
        min_scale: Smallest share of the frame's area that `random_resized` keeps, in (0, 1]; None leaves it to the
            preset.
        flip: Whether half of the clips are mirrored; switch it off where left and right matter (a wave to the left, a
            sign language); None leaves it to the preset.
        colour: Strength of the colour change in [0, 1]; None leaves it to the preset.
    """

    preset: Literal["none", "light", "standard"] = "standard"
    crop: Crop | None = None
    min_scale: float | None = None
    flip: bool | None = None
    colour: float | None = None

    def __post_init__(self) -> None:
        if self.preset not in _PRESETS:
            raise ConfigError(f"unknown augment.preset {self.preset!r}: {suggest(self.preset, _PRESETS)}")
        crops = ["center", "random", "random_resized"]
        if self.crop is not None and self.crop not in crops:
            raise ConfigError(f"unknown augment.crop {self.crop!r}: {suggest(self.crop, crops)}")
        if self.min_scale is not None and not 0 < self.min_scale <= 1:
            raise ConfigError(f"augment.min_scale must lie in (0, 1], got {self.min_scale}")
        if self.colour is not None and not 0 <= self.colour <= 1:
            raise ConfigError(f"augment.colour must lie in [0, 1], got {self.colour}")

    def resolved(self) -> Augmentation:
        """Returns every value: the switch where it is set, the preset's where it is not."""
        preset = _PRESETS[self.preset]
        return Augmentation(
            crop=preset.crop if self.crop is None else self.crop,
            min_scale=preset.min_scale if self.min_scale is None else self.min_scale,
            flip=preset.flip if self.flip is None else self.flip,
            colour=preset.colour if self.colour is None else self.colour,
        )
