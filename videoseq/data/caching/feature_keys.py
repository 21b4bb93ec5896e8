"""What the features of a clip depend on, and the names by which they are kept."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.data.augment_options import Augmentation
from videoseq.data.caching.contents import shown_content
from videoseq.data.videos import Video
from videoseq.types import ClipSpec, derive_seed, plain_dict

FORMAT_VERSION = 2
"""Another one makes all features anew; to be raised whenever the same options give other clips or features."""

_NO_MATTER = ("weights", "freeze", "freeze_until", "freeze_batchnorm", "unfreeze_at_epoch")
"""Options of an encoder that do not change what a frozen one does; its weights count by their content."""


def describe_features(
    encoder: Mapping[str, Any], weights: str, clip: ClipSpec, *, decoder: str, lossy: bool, precision: str, device: str
) -> dict[str, Any]:
    """Returns what decides the features of a clip besides the video and how it is varied, as plain values.

    Args:
        encoder: Options of the encoder.
        weights: Digest of its weights.
        clip: How clips are cut.
        decoder: Name of the reader, or `auto`.
        lossy: Whether it may skip the loop filter.
        precision: In which the encoder runs.
        device: On what it runs, such as `cuda`: a GPU rounds otherwise than a CPU.
    """
    return {
        "kind": "features",
        "features_format": FORMAT_VERSION,
        "encoder": {name: value for name, value in encoder.items() if name not in _NO_MATTER},
        "weights": weights,
        "clip": plain_dict(clip),
        "decoder": decoder,
        "skip_loop_filter": lossy,
        "precision": precision,
        "device": device,
    }


def content_names(videos: Sequence[Video]) -> NDArray[np.bytes_]:
    """Returns what tells the clips of every video from those of all others, (N,) of 32 bytes of text.

    It is a digest of what the file shows, as `shown_content` tells, and of the labelled part.
    """
    digests = (
        hashlib.blake2b(f"{video.identity} ".encode() + shown_content(video.info), digest_size=16).hexdigest()
        for video in videos
    )
    return np.fromiter((digest.encode() for digest in digests), "S32", len(videos))


def view_name(content: bytes) -> str:
    """Returns the name of the clip that validation sees, of a video of that content."""
    return f"{content.decode()} view"


def variant_name(content: bytes, variant: int, augmentation: str) -> str:
    """Returns the name of an augmented training clip.

    Args:
        content: The video's.
        variant: Which variant of the video, from 0.
        augmentation: Digest of how it is varied.
    """
    return f"{content.decode()} variant {variant} {augmentation}"


def piece_name(whole: str, start: int, stop: int) -> str:
    """Returns the name of a part of a whole video.

    Args:
        whole: Name of the view or the variant of which it is a part.
        start: Its first frame, counted in the frames of the video that are shown.
        stop: The frame behind its last one.
    """
    return f"{whole} frames {start} to {stop}"


def augmentation_digest(augmentation: Augmentation, *, is_reversed: bool) -> str:
    """Returns the digest of how the clips of a class are varied.

    Args:
        augmentation: How training clips are varied.
        is_reversed: Whether those of the class may be played backwards.
    """
    values = plain_dict(augmentation)
    # Neither the names of the classes nor what others are reversed to changes a clip.
    values["temporal"] |= {"reverse_classes": is_reversed, "reverse_pairs": None}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def variant_seed(video: Video, variant: int) -> int:
    """Returns the seed of a variant: that of the same content in any fold and in a run of any seed."""
    return derive_seed(int(video.identity, 16), variant)
