"""Coloured shapes: every frame shows the class, and nothing but the outline does."""

import numpy as np
import pytest

from videoseq.data.coloured_shapes import SHAPES, draw_clip

SIZE = 64
FARTHEST = 0.88 * 31
"""The longest ray of any shape, times the largest side, in pixels of 64."""


def clip(label: str, seed: int, num_frames: int = 3) -> np.ndarray:
    return draw_clip(label, SIZE, num_frames, np.random.default_rng(seed)).astype(int)


@pytest.mark.parametrize("label", SHAPES)
def test_every_shape_has_area_1_and_its_centroid_in_its_middle(label: str) -> None:
    reach = SHAPES[label]
    angles = 2 * np.pi * np.arange(len(reach)) / len(reach)
    assert np.mean(reach**2) * np.pi == pytest.approx(1, abs=2e-3)  # the integral of r dr over all rays
    moments = (reach**3 * np.stack([np.cos(angles), np.sin(angles)])).mean(axis=1)
    assert np.abs(moments).max() < 2e-3


@pytest.mark.parametrize(
    ("label", "corners", "longest", "shortest"),
    [
        ("circle", None, 0.5642, 0.5642),  # 1 / sqrt(pi)
        ("cross", 8, 0.7071, 0.3162),  # of sides 2, arms 1 wide: sqrt(10 / 20), sqrt(2 / 20)
        ("hexagon", 6, 0.6204, 0.5373),
        ("pentagon", 5, 0.6485, 0.5247),
        ("square", 4, 0.7071, 0.5),
        ("star", 5, 0.8696, 0.3913),
        ("triangle", 3, 0.8774, 0.4387),
    ],
)
def test_the_outlines_are_what_their_names_say(label: str, corners: int | None, longest: float, shortest: float) -> None:
    reach = SHAPES[label]
    assert reach.max() == pytest.approx(longest, abs=3e-3)
    assert reach.min() == pytest.approx(shortest, abs=3e-3)
    if corners is not None:
        tips = (reach > np.roll(reach, 1)) & (reach >= np.roll(reach, -1)) & (reach > 0.98 * reach.max())
        assert tips.sum() == corners


@pytest.mark.parametrize("seed", range(4))
def test_nothing_but_the_outline_differs_between_classes(seed: int) -> None:
    drawn = {label: clip(label, seed) for label in SHAPES}
    differs = np.any([np.any(frames != drawn["circle"], axis=-1) for frames in drawn.values()], axis=0)  # (T, S, S)
    for frame in differs:
        rows, columns = np.nonzero(frame)
        assert len(rows) > 20
        centre = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
        assert np.hypot(rows - centre[0], columns - centre[1]).max() < FARTHEST + 1
    for label, frames in drawn.items():
        if label != "circle":
            assert np.any(frames != drawn["circle"], axis=-1).sum(axis=(1, 2)).min() > 10, label


def test_the_shape_is_there_in_every_frame_and_drifts_a_little() -> None:
    frames = clip("square", seed=3, num_frames=8)
    # What stays is the background: chips and blotches; what moves is the shape's border and the noise.
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert (steps > 5).all()
    assert (steps < 25).all()
    assert np.array_equal(clip("square", seed=3, num_frames=8), frames)
    assert not np.array_equal(clip("square", seed=4, num_frames=8), frames)


def test_colours_backgrounds_and_places_vary() -> None:
    frames = np.stack([clip("star", seed)[0] for seed in range(40)])  # (40, S, S, 3)
    assert frames.mean(axis=(1, 2)).std(axis=0).min() > 15  # the backgrounds' colours
    differs = np.stack([np.any(clip("star", seed) != clip("circle", seed), axis=(0, 3)) for seed in range(40)])
    rows = differs.any(axis=2).argmax(axis=1)
    assert rows.std() > 4
    assert differs.sum(axis=(1, 2)).max() > 1.8 * differs.sum(axis=(1, 2)).min()  # sizes
