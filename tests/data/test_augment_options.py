"""Presets and the switches that win over them."""

import pytest

from videoseq.config import TrainConfig, load_config
from videoseq.data.augment_options import (
    Augmentation,
    AugmentOptions,
    ErasingOptions,
    RandAugmentOptions,
    TemporalOptions,
)
from videoseq.errors import ConfigError

STRONG = Augmentation("random_resized", 0.5, True, 0.0, RandAugmentOptions(2, 9), ErasingOptions(0.25, 0.02, 0.33), 0.2, 0.0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (AugmentOptions(), Augmentation("random_resized", 0.5, True, 0.3)),
        (AugmentOptions("none"), Augmentation("center", 0.5, False, 0.0)),
        (AugmentOptions("light"), Augmentation("random", 0.5, False, 0.0)),
        (AugmentOptions("standard"), Augmentation("random_resized", 0.5, True, 0.3)),
        (AugmentOptions("strong"), STRONG),
        (AugmentOptions("standard", flip=False), Augmentation("random_resized", 0.5, False, 0.3)),
        (AugmentOptions("standard", crop="center", colour=0.0), Augmentation("center", 0.5, True, 0.0)),
        (AugmentOptions("none", flip=True, colour=1.0), Augmentation("center", 0.5, True, 1.0)),
        (AugmentOptions("none", crop="random_resized", min_scale=0.2), Augmentation("random_resized", 0.2)),
        (AugmentOptions("light", crop="random_resized"), Augmentation("random_resized", 0.5, False, 0.0)),
        (AugmentOptions("none", mixup=0.4, cutmix=1.0), Augmentation(mixup=0.4, cutmix=1.0)),
        (AugmentOptions("none", temporal=TemporalOptions(speed=2)), Augmentation(temporal=TemporalOptions(speed=2))),
        (
            AugmentOptions("strong", colour=0.1, rand_augment=RandAugmentOptions(0), erasing=ErasingOptions(0), mixup=0),
            Augmentation("random_resized", 0.5, True, 0.1, RandAugmentOptions(0), ErasingOptions(0)),
        ),
    ],
)
def test_resolved(options: AugmentOptions, expected: Augmentation) -> None:
    assert options.resolved() == expected


def test_only_what_is_asked_for_is_on() -> None:
    """No preset varies time, and reversing is on for no class."""
    for preset in ("none", "light", "standard", "strong"):
        assert AugmentOptions(preset).resolved().temporal == TemporalOptions(1.0, 0.0, 0, (), ())
    for preset in ("none", "light", "standard"):
        off = AugmentOptions(preset).resolved()
        assert (off.rand_augment.num_ops, off.erasing.probability, off.mixup, off.cutmix) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (AugmentOptions, {"preset": "standrad"}, r"unknown augment\.preset 'standrad': did you mean 'standard'\?"),
        (AugmentOptions, {"crop": "centre"}, r"unknown augment\.crop 'centre': did you mean 'center'\?"),
        (AugmentOptions, {"crop": "multiscale"}, r"unknown augment\.crop 'multiscale': did you mean 'multi_scale'\?"),
        (AugmentOptions, {"min_scale": 0.0}, r"augment\.min_scale must lie in \(0, 1\], got 0\.0"),
        (AugmentOptions, {"min_scale": 1.5}, r"augment\.min_scale must lie in \(0, 1\], got 1\.5"),
        (
            AugmentOptions,
            {"preset": "light", "min_scale": 0.3},
            r"^augment\.min_scale=0\.3 has no effect with augment\.crop=random\. Fix: remove it, or set .*crop=random_resized$",
        ),
        (AugmentOptions, {"colour": -0.1}, r"augment\.colour must lie in \[0, 1\], got -0\.1"),
        (AugmentOptions, {"mixup": -0.2}, r"augment\.mixup must be 0 \(off\) or a positive number, got -0\.2"),
        (AugmentOptions, {"cutmix": float("inf")}, r"augment\.cutmix must be 0 \(off\) or a positive number, got inf"),
        (AugmentOptions, {"cutmix": float("nan")}, r"augment\.cutmix must be 0 \(off\) or a positive number, got nan"),
        (RandAugmentOptions, {"num_ops": -1}, r"^num_ops must be 0 \(none\) or more, got -1"),
        (RandAugmentOptions, {"magnitude": 31}, r"^magnitude must lie in \[0, 30\], got 31"),
        (ErasingOptions, {"probability": 1.1}, r"^probability must lie in \[0, 1\], got 1\.1"),
        (ErasingOptions, {"min_area": 0.0}, r"0 < min_area <= max_area <= 1, got 0\.0 and 0\.33"),
        (ErasingOptions, {"min_area": 0.5}, r"0 < min_area <= max_area <= 1, got 0\.5 and 0\.33"),
        (ErasingOptions, {"max_area": 1.5}, r"0 < min_area <= max_area <= 1, got 0\.02 and 1\.5"),
        (TemporalOptions, {"speed": 0.5}, r"^speed must lie in \[1, 10\], got 0\.5"),
        (TemporalOptions, {"speed": 20}, r"^speed must lie in \[1, 10\], got 20"),
        (TemporalOptions, {"drop": 1.0}, r"^drop must lie in \[0, 1\), got 1\.0"),
        (TemporalOptions, {"jitter": -1}, r"^jitter must be 0 \(off\) or more, got -1"),
        (TemporalOptions, {"reverse_classes": ("a", "a")}, r"must name a class once, got 'a' 2 times"),
        (TemporalOptions, {"reverse_pairs": (("a", "a"),)}, r"'a' 2 times: a class that means the same .* in reverse_classes"),
        (TemporalOptions, {"reverse_pairs": (("a", "b"), ("b", "c"))}, r"must name a class once, got 'b' 2 times"),
        (TemporalOptions, {"reverse_pairs": (("a", "b"),), "reverse_classes": ("b",)}, r"once, got 'b' 2 times"),
    ],
)
def test_mistakes(kind: type, values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(**values)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["augment=stong"], r"unknown augment 'stong': did you mean 'strong'\?"),
        (["augment.rand_augment.magnitude=31"], r"^augment\.rand_augment\.magnitude must lie in \[0, 30\], got 31$"),
        (["augment.rand_augment.magnitud=3"], r"unknown option .*: did you mean augment\.rand_augment\.magnitude\?"),
        (["augment.erasing=0.3"], r"augment\.erasing must hold options of its own, got 0\.3"),
        (["augment.mixup=-1"], r"^augment\.mixup must be 0 \(off\) or a positive number, got -1\.0$"),
        (["augment=none", "augment.min_scale=0.5"], r"augment\.min_scale=0\.5 has no effect with augment\.crop=center\. Fix: "),
        (
            ["augment=strong", "data.batch_size=1"],
            r"^augment\.mixup=0\.2 mixes the clips of a batch and has no effect with data\.batch_size=1\. Fix: .*\.mixup=0$",
        ),
        (["augment.cutmix=1", "data.batch_size=1"], r"^augment\.cutmix=1\.0 mixes .* or augment\.cutmix=0$"),
        *(
            (
                [f"augment.temporal.{word}", "clip.num_frames=1"],
                rf"^augment\.temporal\.{word.partition('=')[0]} needs clips of two frames or more, got clip\.num_frames=1\. ",
            )
            for word in ("drop=0.1", "reverse_classes=[wave]", "reverse_pairs=[[open,close]]")
        ),
        *(
            (
                [f"augment.{name}=0.2", f"task.name={task}"],
                rf"^augment\.{name}=0\.2 mixes the labels of two videos, .* whole videos, got task\.name={task}\. ",
            )
            for name in ("mixup", "cutmix")
            for task in ("frames", "regression")
        ),
        *(
            (
                [f"augment.temporal.{word}", f"task.name={task}"],
                rf"^augment\.temporal\.{word.partition('=')[0]} says what a class is backwards, .* got task\.name={task}\. Fix",
            )
            for word in ("reverse_classes=[wave]", "reverse_pairs=[[open,close]]")
            for task in ("multilabel", "frames", "regression")
        ),
        (["augment.temporal.jitter=0.5"], r"augment\.temporal\.jitter must be a whole number, got 0\.5"),
        (["augment.temporal.reverse_pairs=[[open]]"], r"augment\.temporal\.reverse_pairs must be a list of 2 values"),
    ],
)
def test_mistakes_on_the_command_line(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(TrainConfig, "train", ["data.root=videos", *words])


def test_switches_on_the_command_line() -> None:
    words = ["augment=light", "augment.rand_augment.num_ops=3", "augment.temporal.reverse_pairs=[[open,close],[1,2]]"]
    augment = load_config(TrainConfig, "train", ["data.root=videos", *words]).augment.resolved()
    assert augment == Augmentation(
        crop="random",
        rand_augment=RandAugmentOptions(3, 9),
        temporal=TemporalOptions(reverse_pairs=(("open", "close"), ("1", "2"))),
    )


@pytest.mark.parametrize(
    "words",
    [
        ["augment=strong", "data.batch_size=1", "augment.mixup=0"],
        ["augment.temporal.drop=0.1", "clip.num_frames=1", "clip.sampling=all"],
        ["augment=strong", "task.name=multilabel"],
        ["augment.temporal.speed=2", "augment.temporal.drop=0.1", "task.name=frames", "clip.sampling=all"],
        ["augment.temporal.jitter=2", "augment.temporal.speed=2", "clip.num_frames=1"],
    ],
)
def test_what_has_an_effect_is_taken(words: list[str]) -> None:
    load_config(TrainConfig, "train", ["data.root=videos", *words])
