"""Which augmentations a training clip gets."""

import math
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from typing import Literal, get_args

from videoseq.errors import ConfigError, suggest
from videoseq.types import ClipSpec, TaskSpec

Preset = Literal["none", "light", "standard", "strong"]
Crop = Literal["center", "random", "random_resized", "multi_scale"]


@dataclass(frozen=True)
class RandAugmentOptions:
    """Image operations drawn at random, the same ones for every frame of a clip (Cubuk et al. 2020, RandAugment).

    Attributes:
        num_ops: How many operations follow each other, each drawn from identity, shear and translation along either side,
            rotation, brightness, colour, contrast, sharpness, posterise, solarise, auto-contrast and equalise; 0 is none.
            They may shift a clip sideways but never mirror it, so they go with `flip=false`.
        magnitude: How strong an operation is, in [0, 30]; 30 shears by 0.3, translates by 0.45 of the side, rotates by 30
            degrees and changes brightness, colour, contrast and sharpness by 0.9.
    """

    num_ops: int = 2
    magnitude: int = 9

    def __post_init__(self) -> None:
        if self.num_ops < 0:
            raise ConfigError(f"num_ops must be 0 (none) or more, got {self.num_ops}")
        if not 0 <= self.magnitude <= 30:
            raise ConfigError(f"magnitude must lie in [0, 30], got {self.magnitude}")


@dataclass(frozen=True)
class ErasingOptions:
    """One box of a clip, the same in every frame, replaced by noise (Zhong et al. 2020, random erasing).

    Attributes:
        probability: Share of the clips that lose a box, in [0, 1]; 0 is none.
        min_area: Smallest share of the frame's area that a box takes, in (0, 1].
        max_area: Largest share, likewise.
    """

    probability: float = 0.25
    min_area: float = 0.02
    max_area: float = 0.33

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ConfigError(f"probability must lie in [0, 1], got {self.probability}")
        if not 0 < self.min_area <= self.max_area <= 1:
            raise ConfigError(
                f"min_area and max_area must satisfy 0 < min_area <= max_area <= 1, got {self.min_area} and {self.max_area}"
            )


@dataclass(frozen=True)
class TemporalOptions:
    """Variations of the frames that a clip is made of, drawn once per clip.

    Attributes:
        speed: The clip plays faster or slower by a factor drawn log-uniformly from [1 / speed, speed], in [1, 10]; 1 is off.
            With `random_clip` and `all` the step between its frames is scaled; with `uniform` and `segments`, which spread
            over the whole video, a slower clip covers that share of the video, anywhere, and a faster one stays as it is.
            Labels of frames move with them; the one label of a video stays, so leave it off where that depends on the tempo.
        drop: Probability in [0, 1) that a frame is lost and the one before it stands in its place; 0 is off.
        jitter: Most places by which each frame of the video moves to either side before a clip is taken from it, their order
            kept. A place is a source frame, or where `clip.target_fps` is set a frame of that rate; with `random_clip` and
            `all` it is as many times longer as `speed` makes the clip faster. 0 is off.
        reverse_classes: Classes whose clips mean the same backwards: half of them are played so.
        reverse_pairs: Pairs of classes that backwards mean each other, such as `[[open,close]]`: half of their clips are
            played backwards under the other's label.
    """

    speed: float = 1.0
    drop: float = 0.0
    jitter: int = 0
    reverse_classes: tuple[str, ...] = ()
    reverse_pairs: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.speed <= 10:
            raise ConfigError(f"speed must lie in [1, 10], got {self.speed}")
        if not 0 <= self.drop < 1:
            raise ConfigError(f"drop must lie in [0, 1), got {self.drop}")
        if self.jitter < 0:
            raise ConfigError(f"jitter must be 0 (off) or more, got {self.jitter}")
        for name, count in Counter(chain(self.reverse_classes, *self.reverse_pairs)).items():
            if count > 1:
                raise ConfigError(
                    f"reverse_classes and reverse_pairs must name a class once, got {name!r} {count} times: a class that means "
                    "the same backwards stands in reverse_classes, two that mean each other in one pair of reverse_pairs"
                )


@dataclass(frozen=True)
class Augmentation:
    """The augmentations that are applied, every value decided; `AugmentOptions` says what each means."""

    crop: Crop = "center"
    min_scale: float = 0.5
    flip: bool = False
    colour: float = 0.0
    rand_augment: RandAugmentOptions = RandAugmentOptions(num_ops=0)
    erasing: ErasingOptions = ErasingOptions(probability=0.0)
    mixup: float = 0.0
    cutmix: float = 0.0
    temporal: TemporalOptions = TemporalOptions()

    def __post_init__(self) -> None:
        if self.crop not in get_args(Crop):
            raise ConfigError(f"unknown augment.crop {self.crop!r}: {suggest(self.crop, get_args(Crop))}")
        if not 0 < self.min_scale <= 1:
            raise ConfigError(f"augment.min_scale must lie in (0, 1], got {self.min_scale}")
        if not 0 <= self.colour <= 1:
            raise ConfigError(f"augment.colour must lie in [0, 1], got {self.colour}")
        for name in ("mixup", "cutmix"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"augment.{name} must be 0 (off) or a positive number, got {getattr(self, name)}")


# In `strong`: the usual RandAugment and erasing, and the mixup of Zhang et al. (2018) for ImageNet; RandAugment changes the
# colours already.
_STANDARD = Augmentation(crop="random_resized", flip=True, colour=0.3)
_PRESETS: dict[Preset, Augmentation] = {
    "none": Augmentation(),
    "light": Augmentation(crop="random"),
    "standard": _STANDARD,
    "strong": replace(_STANDARD, colour=0.0, rand_augment=RandAugmentOptions(), erasing=ErasingOptions(), mixup=0.2),
}


@dataclass(frozen=True)
class AugmentOptions:
    """A preset of augmentations, and single switches that win over it; all are drawn once per clip, for all its frames.

    Attributes:
        preset: `none`: the centre crop of validation. `light`: a random crop. `standard`: a random resized crop, a
            flip of half of the clips and a colour change of strength 0.3. `strong`, for long trainings of a whole network:
            RandAugment in place of the colour change, random erasing, and mixup of 0.2.
        crop: `center`, `random` (a window of the clip's size anywhere in the resized frame), `random_resized` (a window of
            random area and shape, resized) or `multi_scale` (a corner or the centre, its sides 1, 0.875, 0.75 or 0.66 of
            the resized frame's, resized); null leaves it to the preset.
        min_scale: Smallest share of the frame's area that `random_resized` keeps, in (0, 1]; null leaves it to the
            preset.
        flip: Whether half of the clips are mirrored left to right; switch it off where left and right matter (a wave to
            the left, a sign language); null leaves it to the preset.
        colour: Strength in [0, 1] of the change of brightness, contrast and saturation: each is multiplied by a factor
            drawn from [1 - colour, 1 + colour]; 0 is none; null leaves it to the preset.
        rand_augment: Image operations drawn at random; null leaves them to the preset.
        erasing: Boxes replaced by noise; null leaves them to the preset.
        mixup: Each clip is blended with another of its batch, the labels in the same shares, the share drawn from
            Beta(mixup, mixup); 0 is off, 0.2 usual; null leaves it to the preset.
        cutmix: Each clip gets a box of another of its batch, the labels by area, the share drawn from
            Beta(cutmix, cutmix); 0 is off, 1 usual; with mixup each clip gets one of both; null leaves it to the preset.
        temporal: Which frames a clip is made of.
    """

    preset: Preset = "standard"
    crop: Crop | None = None
    min_scale: float | None = None
    flip: bool | None = None
    colour: float | None = None
    rand_augment: RandAugmentOptions | None = None
    erasing: ErasingOptions | None = None
    mixup: float | None = None
    cutmix: float | None = None
    temporal: TemporalOptions = field(default_factory=TemporalOptions)

    def __post_init__(self) -> None:
        if self.preset not in _PRESETS:
            raise ConfigError(f"unknown augment.preset {self.preset!r}: {suggest(self.preset, _PRESETS)}")
        crop = self.resolved().crop
        if self.min_scale is not None and crop != "random_resized":
            raise ConfigError(
                f"augment.min_scale={self.min_scale} has no effect with augment.crop={crop}. "
                "Fix: remove it, or set augment.crop=random_resized"
            )

    def resolved(self) -> Augmentation:
        """Returns every value: the switch where it is set, the preset's where it is not.

        Raises:
            ConfigError: A switch has a value that it cannot take.
        """
        switches = {item.name: getattr(self, item.name) for item in fields(Augmentation)}
        return replace(_PRESETS[self.preset], **{name: value for name, value in switches.items() if value is not None})

    def check_task(self, task: TaskSpec) -> None:
        """Refuses what would make the labels wrong.

        Raises:
            ConfigError: Clips are mixed whose labels cannot be, or played backwards under the label of another class.
        """
        options = self.resolved()
        for name in ("mixup", "cutmix"):
            if getattr(options, name) > 0 and task.name not in ("classification", "multilabel"):
                raise ConfigError(
                    f"augment.{name}={getattr(options, name)} mixes the labels of two videos, which is for classes of whole "
                    f"videos, got task.name={task.name}. Fix: augment.{name}=0"
                )
        for name in ("reverse_classes", "reverse_pairs"):
            if getattr(options.temporal, name) and task.name != "classification":
                raise ConfigError(
                    f"augment.temporal.{name} says what a class is backwards, which is for videos of one class each, got "
                    f"task.name={task.name}. Fix: remove it"
                )

    def check_effect(self, clip: ClipSpec, batch_size: int) -> None:
        """Refuses switches that do nothing to such clips, or nothing but harm.

        Args:
            clip: How clips are cut.
            batch_size: Clips of a batch on each device.

        Raises:
            ConfigError: The batch holds no second clip to mix with, or the clip no second frame to lose or to play first.
        """
        options = self.resolved()
        for name in ("mixup", "cutmix"):
            if getattr(options, name) > 0 and batch_size == 1:
                raise ConfigError(
                    f"augment.{name}={getattr(options, name)} mixes the clips of a batch and has no effect with "
                    f"data.batch_size=1. Fix: data.batch_size=2 or more, or augment.{name}=0"
                )
        for name in ("drop", "reverse_classes", "reverse_pairs"):
            if getattr(options.temporal, name) and clip.num_frames == 1 and clip.sampling != "all":
                raise ConfigError(
                    f"augment.temporal.{name} needs clips of two frames or more, got clip.num_frames=1. "
                    "Fix: remove it, or raise clip.num_frames"
                )
