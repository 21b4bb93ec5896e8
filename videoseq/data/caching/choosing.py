"""Which cache a run uses: decided by its options alone, before a video is opened."""

from dataclasses import dataclass
from typing import Literal

from videoseq.data.augment_options import Augmentation
from videoseq.errors import ConfigError
from videoseq.types import ClipSpec

CacheMode = Literal["none", "features", "frames"]
CacheOption = Literal["auto", "none", "features", "frames"]


@dataclass(frozen=True)
class CacheChoice:
    """What a run keeps on disk.

    Attributes:
        mode: `none`, `features` or `frames`.
        reason: Why it is this, for the log.
    """

    mode: CacheMode
    reason: str


def choose_cache(
    wanted: CacheOption, augmentation: Augmentation, *, encoder_stays_frozen: bool, labels_clips_by_frame: bool = False
) -> CacheChoice:
    """Returns what a run keeps.

    Args:
        wanted: `data.cache`.
        augmentation: How training clips are varied.
        encoder_stays_frozen: Whether no part of the encoder is trained in any epoch.
        labels_clips_by_frame: Whether every frame has a label, and training goes over clips and not over whole videos.

    Raises:
        ConfigError: `features` is wanted where an epoch needs the encoder.
    """
    mixing = next((name for name in ("mixup", "cutmix") if getattr(augmentation, name) > 0), None)
    if not encoder_stays_frozen:
        obstacle = "the encoder is trained"
        fix = "data.cache=frames, which keeps decoded frames; or model.encoder.freeze=all without unfreeze_at_epoch"
    elif mixing is not None:
        obstacle = f"augment.{mixing}={getattr(augmentation, mixing)} mixes the pixels of clips anew in every epoch"
        fix = f"augment.{mixing}=0, or data.cache=frames, which keeps decoded frames"
    elif labels_clips_by_frame:
        obstacle = "labels of frames are measured on all frames of a video, and trained on in clips of it"
        fix = "training.tbptt_frames=N, which trains on all frames too; or data.cache=frames, which keeps decoded frames"
    else:
        obstacle = fix = ""
    if wanted == "features" and obstacle:
        raise ConfigError(f"data.cache=features keeps what a frozen encoder makes of every clip, but {obstacle}. Fix: {fix}")
    if wanted != "auto":
        return CacheChoice(wanted, f"data.cache={wanted}")
    return CacheChoice("none", obstacle) if obstacle else CacheChoice("features", "the encoder stays frozen")


def is_varied(augmentation: Augmentation, clip: ClipSpec) -> bool:
    """Says whether two clips of one training video may differ."""
    temporal = augmentation.temporal
    changes_frames = (
        clip.sampling != "uniform"
        or temporal.speed > 1
        or temporal.drop > 0
        or temporal.jitter > 0
        or bool(temporal.reverse_classes or temporal.reverse_pairs)
    )
    return changes_frames or varies_pixels(augmentation)


def varies_pixels(augmentation: Augmentation) -> bool:
    """Says whether two clips of one training video may differ though they show the same frames."""
    return (
        augmentation.crop != "center"
        or augmentation.flip
        or augmentation.colour > 0
        or augmentation.rand_augment.num_ops > 0
        or augmentation.erasing.probability > 0
    )
