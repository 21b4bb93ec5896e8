"""What features depend on: each part of it changes the key or the name, and nothing else does."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from videoseq.data.augment_options import AugmentOptions, RandAugmentOptions, TemporalOptions
from videoseq.data.caching.feature_keys import (
    augmentation_digest,
    content_names,
    describe_features,
    variant_name,
    variant_seed,
    view_name,
)
from videoseq.data.videos import Video
from videoseq.models.options import SimpleEncoderOptions, TorchvisionEncoderOptions
from videoseq.types import ClipSpec, VideoInfo, VideoRecord, plain_dict

KEYED = {"weights": "w", "clip": ClipSpec(), "decoder": "auto", "lossy": False, "precision": "32-true", "device": "cpu"}
ENCODER = TorchvisionEncoderOptions(weights="a.pth")
INFO = VideoInfo(Path("a.mp4"), num_frames=3, pts_step=1, time_base=Fraction(1, 10), content_hash="c")
VIDEO = Video(VideoRecord(Path("a.mp4"), "open"), INFO, 0)


def description(encoder=ENCODER, **changes: object) -> dict[str, object]:
    return describe_features(plain_dict(encoder), **(KEYED | changes))


def test_the_description_in_words():
    assert description() == {
        "kind": "features",
        "features_format": 2,
        "encoder": {"name": "resnet18", "spatial": None, "padding": "torch"},
        "weights": "w",
        "clip": {
            "num_frames": 16,
            "frame_stride": 1,
            "target_fps": None,
            "height": 112,
            "width": 112,
            "crop_fraction": 0.875,
            "sampling": "uniform",
            "padding": "repeat_last",
            "max_frames": 256,
        },
        "decoder": "auto",
        "skip_loop_filter": False,
        "precision": "32-true",
        "device": "cpu",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": "other"},
        {"clip": ClipSpec(num_frames=8)},
        {"clip": ClipSpec(height=128)},
        {"clip": ClipSpec(sampling="segments")},
        {"decoder": "pyav"},
        {"lossy": True},
        {"precision": "bf16-mixed"},
        {"device": "cuda"},
        {"encoder": replace(ENCODER, name="mobilenet_v2")},
        {"encoder": replace(ENCODER, padding="same")},
        {"encoder": replace(ENCODER, spatial=(2, 2))},
        {"encoder": SimpleEncoderOptions()},
    ],
    ids=str,
)
def test_what_changes_the_features_changes_the_description(changes):
    assert description(**changes) != description()


@pytest.mark.parametrize(
    "changes",
    [{"weights": "b.pth"}, {"freeze": "none"}, {"freeze": "none", "freeze_until": "layer4"}, {"freeze_batchnorm": True}],
)
def test_how_the_encoder_was_found_and_frozen_does_not(changes):
    assert description(replace(ENCODER, **changes)) == description()


@pytest.mark.parametrize(
    ("video", "same"),
    [
        (replace(VIDEO, target=1), True),
        (replace(VIDEO, record=VideoRecord(Path("b.mp4"), "shut", "val", "group")), True),
        (replace(VIDEO, info=replace(INFO, path=Path("b.mp4"), fingerprint=7, decord_safe=True)), True),
        (replace(VIDEO, info=replace(INFO, content_hash="d")), False),
        (replace(VIDEO, info=replace(INFO, shown_as="full range")), False),
        (replace(VIDEO, info=replace(INFO, width=4)), False),
        (replace(VIDEO, info=replace(INFO, height=4)), False),
        (replace(VIDEO, info=replace(INFO, first_pts=1)), False),
        (replace(VIDEO, info=replace(INFO, keyframes=np.array([0, 2]))), False),
        (replace(VIDEO, info=replace(INFO, irregular_pts=np.array([0, 1, 5]))), False),
        (replace(VIDEO, info=replace(INFO, rotation=90)), False),
        (replace(VIDEO, info=replace(INFO, num_frames=2)), False),
        (replace(VIDEO, info=replace(INFO, time_base=Fraction(1, 5))), False),
        (replace(VIDEO, record=VideoRecord(Path("a.mp4"), "open", start_seconds=0.1)), False),
        (replace(VIDEO, record=VideoRecord(Path("a.mp4"), "open", end_seconds=0.2)), False),
    ],
)
def test_a_video_is_known_by_what_it_shows(video, same):
    first, second = content_names([VIDEO, video])
    assert (first == second) == same


def test_names():
    assert view_name(b"ab") == "ab view"
    assert variant_name(b"ab", 3, "cd") == "ab variant 3 cd"


@pytest.mark.parametrize(
    ("augment", "same"),
    [
        (AugmentOptions("none", crop="random_resized", flip=True, colour=0.3), True),
        (AugmentOptions("light"), False),
        (AugmentOptions("standard", flip=False), False),
        (AugmentOptions("standard", colour=0.2), False),
        (AugmentOptions("standard", min_scale=0.4), False),
        (AugmentOptions("standard", rand_augment=RandAugmentOptions()), False),
        (AugmentOptions("standard", temporal=TemporalOptions(drop=0.1)), False),
        (AugmentOptions("standard", temporal=TemporalOptions(reverse_classes=("others",))), True),
    ],
)
def test_augmentation_is_part_of_a_name(augment, same):
    digest = augmentation_digest(AugmentOptions("standard").resolved(), is_reversed=False)
    assert (augmentation_digest(augment.resolved(), is_reversed=False) == digest) == same
    assert augmentation_digest(augment.resolved(), is_reversed=True) != digest


def test_seeds_of_variants():
    assert [variant_seed(VIDEO, variant) for variant in range(3)] == [
        4986451595605238385,
        6601948247872377974,
        9160157417465213137,
    ]
    elsewhere = replace(VIDEO, record=replace(VIDEO.record, path=Path("b.mp4"), split="val"), target=1)
    assert variant_seed(elsewhere, 2) == variant_seed(VIDEO, 2)
    assert variant_seed(replace(VIDEO, info=replace(INFO, content_hash="d")), 2) != variant_seed(VIDEO, 2)
