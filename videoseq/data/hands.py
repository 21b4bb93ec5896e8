"""Drawing a hand: an irregular palm with fingers, a forearm that leaves the frame, skin, a sleeve and light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videoseq.data.drawing import smooth_field

Floats = NDArray[np.float32]

_DARK, _PALE = np.array([85.0, 55.0, 42.0]), np.array([238.0, 195.0, 170.0])
_TEXTURE = 96
_REACH = 8.0
"""Points of the skin's texture per side, and how many palm radii they cover."""

_FINGERS = (-0.55, -0.18, 0.18, 0.52)
_FINGER_LENGTH = (1.25, 1.5, 1.4, 1.1)
_THUMB_ANGLE, _THUMB_LENGTH = -1.15, 1.2
_FAN = 0.75
"""Where the fingers grow on the palm, and the angles between them where the hand is open, in palm radii and radians."""

_WRIST, _ELBOW = 0.62, 0.95
_SLEEVE_FROM = (1.6, 3.5)
_OUTLINE = 0.05


@dataclass(frozen=True)
class Pose:
    """How a hand is held, frame by frame.

    Attributes:
        position: Middle of the palm, x to the right and y down, (T, 2), shares of the frame's height.
        radius: Of the palm, (T,), share of the frame's height.
        angle: By which the hand is turned, 0 upright, clockwise, (T,) radians.
        spread: 0 a fist, 1 an open hand, (T,).
    """

    position: NDArray[np.float64]
    radius: NDArray[np.float64]
    angle: NDArray[np.float64]
    spread: NDArray[np.float64]


@dataclass(frozen=True)
class Person:
    """Who moves a hand in all clips of a scene.

    Attributes:
        skin: Colour, (3,), 0..255.
        sleeve: Colour, (3,).
        slenderness: Width of the fingers, palm radii.
        is_left: Whether it is the left hand.
    """

    skin: NDArray[np.float64]
    sleeve: NDArray[np.float64]
    slenderness: float
    is_left: bool


@dataclass(frozen=True)
class Hand:
    """A person's hand in one clip.

    Attributes:
        texture: Colours over the hand, (96, 96, 3).
        outline: Weights and phases of the waves of the palm's outline, (2, 4).
        slenderness: Width of the fingers, palm radii.
        mirrored: 1 or -1.
        light: Direction and strength of the light, (2,).
        arm: Angle of the forearm against the hand, radians.
    """

    texture: Floats
    outline: NDArray[np.float64]
    slenderness: float
    mirrored: float
    light: NDArray[np.float64]
    arm: float


def draw_person(rng: np.random.Generator) -> Person:
    """Draws somebody."""
    skin = _DARK + rng.uniform(0, 1) * (_PALE - _DARK) + rng.normal(0, 6, 3)
    return Person(skin, rng.uniform(20, 220, 3), rng.uniform(0.2, 0.28), bool(rng.random() < 0.3))


def draw_hand(person: Person, rng: np.random.Generator) -> Hand:
    """Draws how a person's hand looks in one clip: its skin, its shape and the light on it."""
    coarse, fine = rng.normal(0, 0.09, (7, 7, 1)), rng.normal(0, 0.07, (33, 33, 1))
    tint = rng.normal(1, 0.04, 3) * rng.uniform(0.85, 1.15)
    colours = np.broadcast_to(person.skin, (_TEXTURE, _TEXTURE, 3)).copy()
    below = np.linspace(-_REACH / 2, _REACH / 2, _TEXTURE) > rng.uniform(*_SLEEVE_FROM)
    colours[below] = person.sleeve
    texture = colours * tint * (1 + smooth_field(coarse, _TEXTURE) + smooth_field(fine, _TEXTURE))
    outline = np.stack([rng.normal(0, _OUTLINE, 4), rng.uniform(0, 2 * np.pi, 4)])
    return Hand(
        texture.astype(np.float32),
        outline,
        person.slenderness * rng.uniform(0.9, 1.1),
        -1.0 if person.is_left else 1.0,
        rng.normal(0, 0.15, 2),
        rng.normal(0, 0.25),
    )


def paint_hand(background: Floats, pose: Pose, hand: Hand) -> Floats:
    """Returns frames with a hand in front of a background.

    Args:
        background: (T, H, W, 3), 0..255.
        pose: Of T frames.
        hand: How it looks.
    """
    painted = np.empty_like(background)
    for frame, behind in enumerate(background):
        painted[frame] = _paint_frame(behind, pose, frame, hand)
    return painted


def _paint_frame(behind: Floats, pose: Pose, frame: int, hand: Hand) -> Floats:
    height, width = behind.shape[:2]
    radius = float(pose.radius[frame])
    x = (np.arange(width, dtype=np.float32) + 0.5) / height - np.float32(pose.position[frame, 0])  # (W,)
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height - np.float32(pose.position[frame, 1])  # (H, 1)
    u, v = _turned(x / np.float32(radius), y / np.float32(radius), -float(pose.angle[frame]))  # (H, W), palm radii
    u = np.float32(hand.mirrored) * u
    outside = _outside(u, v, float(pose.spread[frame]), hand)  # (H, W), palm radii
    alpha = np.clip(0.5 - outside * np.float32(radius * height), 0, 1)[..., None]
    rows, columns = (np.clip((axis / _REACH + 0.5) * _TEXTURE, 0, _TEXTURE - 1).astype(np.intp) for axis in (v, u))
    light = 0.72 + 0.28 * np.clip(-2.5 * outside, 0, 1) + np.clip(hand.light[0] * u + hand.light[1] * v, -0.3, 0.3)
    colours = hand.texture[rows, columns] * light[..., None].astype(np.float32)  # (H, W, 3)
    mixed: Floats = behind + alpha * (colours - behind)
    return mixed


def _outside(u: Floats, v: Floats, spread: float, hand: Hand) -> Floats:
    """Returns how many palm radii each point lies outside a hand; negative inside.

    Args:
        u: To the hand's right, (H, W), palm radii.
        v: Towards the wrist.
        spread: 0 a fist, 1 an open hand.
        hand: Its shape.
    """
    theta = np.arctan2(v, u)
    waves = sum(
        np.float32(weight) * np.cos(order * theta + np.float32(phase))
        for order, (weight, phase) in enumerate(hand.outline.T, start=2)
    )
    outside: Floats = np.hypot(u, 0.85 * v) - 1 - waves
    for place, length in zip(_FINGERS, _FINGER_LENGTH, strict=True):
        outside = np.minimum(
            outside, _capsule(u, v, (1.2 * place, -0.6), _FAN * spread * place, length * spread, hand.slenderness)
        )
    thumb = _THUMB_ANGLE * (0.3 + 0.7 * spread)
    outside = np.minimum(outside, _capsule(u, v, (-0.6, 0.1), thumb, _THUMB_LENGTH * spread, 1.1 * hand.slenderness))
    along_u, along_v = _turned(u, v, -hand.arm)
    reach = np.clip(along_v / 6, 0, 1)
    arm = np.maximum(np.abs(along_u) - _WRIST - (_ELBOW - _WRIST) * reach, -along_v)
    return np.minimum(outside, arm)


def _capsule(u: Floats, v: Floats, start: tuple[float, float], angle: float, length: float, radius: float) -> Floats:
    """Returns how far each point lies outside a rounded bar that grows upwards, turned clockwise by an angle."""
    along_u, along_v = np.float32(np.sin(angle)), np.float32(-np.cos(angle))
    from_u, from_v = u - np.float32(start[0]), v - np.float32(start[1])
    share = np.clip(from_u * along_u + from_v * along_v, 0, np.float32(length))
    outside: Floats = np.hypot(from_u - share * along_u, from_v - share * along_v) - np.float32(radius)
    return outside


def _turned(x: Floats, y: Floats, angle: float) -> tuple[Floats, Floats]:
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return cos * x - sin * y, sin * x + cos * y
