"""Which cache a run uses, from its options alone."""

import pytest

from videoseq.data.augment_options import AugmentOptions, TemporalOptions
from videoseq.data.caching.choosing import CacheChoice, choose_cache, is_varied
from videoseq.errors import ConfigError
from videoseq.types import ClipSpec

STANDARD = AugmentOptions("standard").resolved()


@pytest.mark.parametrize(
    ("wanted", "frozen", "augment", "mode", "reason"),
    [
        ("auto", True, {}, "features", "the encoder stays frozen"),
        ("auto", False, {}, "none", "the encoder is trained"),
        ("auto", True, {"mixup": 0.2}, "none", "augment.mixup=0.2 mixes the pixels of clips anew in every epoch"),
        ("auto", True, {"cutmix": 1.0}, "none", "augment.cutmix=1.0 mixes the pixels of clips anew in every epoch"),
        ("none", True, {}, "none", "data.cache=none"),
        ("features", True, {}, "features", "data.cache=features"),
        ("frames", True, {}, "frames", "data.cache=frames"),
        ("frames", False, {"mixup": 0.2}, "frames", "data.cache=frames"),
    ],
)
def test_the_choice(wanted, frozen, augment, mode, reason):
    augmentation = AugmentOptions("standard", **augment).resolved()
    assert choose_cache(wanted, augmentation, encoder_stays_frozen=frozen) == CacheChoice(mode, reason)


def test_features_of_an_encoder_that_is_trained_are_refused():
    with pytest.raises(
        ConfigError,
        match=r"^data.cache=features keeps what a frozen encoder makes of every clip, but the encoder is trained. Fix: "
        r"data.cache=frames, which keeps decoded frames; or model.encoder.freeze=all without unfreeze_at_epoch$",
    ):
        choose_cache("features", STANDARD, encoder_stays_frozen=False)


def test_clips_with_labels_of_frames_are_not_kept():
    reason = "labels of frames are measured on all frames of a video, and trained on in clips of it"
    choice = choose_cache("auto", STANDARD, encoder_stays_frozen=True, labels_clips_by_frame=True)
    assert choice == CacheChoice("none", reason)
    with pytest.raises(ConfigError, match=rf"^data.cache=features keeps .*, but {reason}. Fix: training.tbptt_frames=N, which"):
        choose_cache("features", STANDARD, encoder_stays_frozen=True, labels_clips_by_frame=True)
    assert choose_cache("frames", STANDARD, encoder_stays_frozen=True, labels_clips_by_frame=True).mode == "frames"


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_features_of_clips_that_are_mixed_are_refused(name):
    with pytest.raises(ConfigError, match=rf"but augment.{name}=0.5 mixes .* Fix: augment.{name}=0, or data.cache=frames"):
        choose_cache("features", AugmentOptions("standard", **{name: 0.5}).resolved(), encoder_stays_frozen=True)


@pytest.mark.parametrize(
    ("augment", "sampling", "varied"),
    [
        (AugmentOptions("none"), "uniform", False),
        (AugmentOptions("none"), "segments", True),
        (AugmentOptions("none"), "random_clip", True),
        (AugmentOptions("none"), "all", True),
        (AugmentOptions("light"), "uniform", True),
        (AugmentOptions("none", flip=True), "uniform", True),
        (AugmentOptions("none", colour=0.1), "uniform", True),
        (AugmentOptions("none", crop="multi_scale"), "uniform", True),
        (AugmentOptions("strong", crop="center", flip=False), "uniform", True),
        (AugmentOptions("none", temporal=TemporalOptions(speed=1.5)), "uniform", True),
        (AugmentOptions("none", temporal=TemporalOptions(drop=0.1)), "uniform", True),
        (AugmentOptions("none", temporal=TemporalOptions(jitter=1)), "uniform", True),
        (AugmentOptions("none", temporal=TemporalOptions(reverse_classes=("open",))), "uniform", True),
        (AugmentOptions("none", temporal=TemporalOptions(reverse_pairs=(("open", "close"),))), "uniform", True),
    ],
)
def test_whether_clips_of_a_video_differ(augment, sampling, varied):
    assert is_varied(augment.resolved(), ClipSpec(sampling=sampling)) == varied
