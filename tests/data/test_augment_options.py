"""Presets and the switches that win over them."""

import pytest

from videoseq.data.augment_options import Augmentation, AugmentOptions
from videoseq.errors import ConfigError


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (AugmentOptions(), Augmentation("random_resized", 0.5, True, 0.3)),
        (AugmentOptions("none"), Augmentation("center", 0.5, False, 0.0)),
        (AugmentOptions("light"), Augmentation("random", 0.5, False, 0.0)),
        (AugmentOptions("standard"), Augmentation("random_resized", 0.5, True, 0.3)),
        (AugmentOptions("standard", flip=False), Augmentation("random_resized", 0.5, False, 0.3)),
        (AugmentOptions("standard", crop="center", colour=0.0), Augmentation("center", 0.5, True, 0.0)),
        (AugmentOptions("none", flip=True, min_scale=0.2, colour=1.0), Augmentation("center", 0.2, True, 1.0)),
        (AugmentOptions("light", crop="random_resized"), Augmentation("random_resized", 0.5, False, 0.0)),
    ],
)
def test_resolved(options: AugmentOptions, expected: Augmentation) -> None:
    assert options.resolved() == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"preset": "standrad"}, r"unknown augment\.preset 'standrad': did you mean 'standard'\?"),
        ({"crop": "centre"}, r"unknown augment\.crop 'centre': did you mean 'center'\?"),
        ({"min_scale": 0.0}, r"augment\.min_scale must lie in \(0, 1\], got 0\.0"),
        ({"min_scale": 1.5}, r"augment\.min_scale must lie in \(0, 1\], got 1\.5"),
        ({"colour": -0.1}, r"augment\.colour must lie in \[0, 1\], got -0\.1"),
    ],
)
def test_mistakes(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AugmentOptions(**values)
