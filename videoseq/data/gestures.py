"""Hand gestures: a data set of real encoded videos in which a hand moves in front of scenes that move themselves.

Eleven gestures, of which the direction or the order of a movement is the meaning: `swipe_left` is the time reverse of
`swipe_right` in its law, and so on in pairs; a `wave` goes to and fro where a swipe goes once. The hand (`hands`) has a size,
a place, a colour and a shape of its own, trembles, begins late and ends early; what lies behind it (`scenes`) moves. The
clips of one scene share background, person and light, so a model is tested fairly on scenes that it has never seen.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from videoseq.data.drawing import to_pixels
from videoseq.data.hands import Pose, draw_hand, paint_hand
from videoseq.data.scenes import Scene, make_scene
from videoseq.data.synthetic_options import GesturesOptions

GESTURES = (
    "circle_clockwise",
    "circle_counter_clockwise",
    "close_hand",
    "open_hand",
    "pull",
    "push",
    "swipe_down",
    "swipe_left",
    "swipe_right",
    "swipe_up",
    "wave",
)
"""The classes, sorted."""

ASPECT = 4 / 3
"""Width over height of a frame."""

_REST = (0.05, 0.25)
"""The share of the clip before the movement, and that behind it."""

_RADIUS = (0.08, 0.15)
_SWIPE = (0.5, 0.95)
_TILT = 0.2
_BOW = 0.12
_ORBIT = (0.18, 0.3)
_TURNS = (1.0, 2.0)
_GROWTH = (0.7, 1.1)
_WAVE = (0.15, 0.28)
_SWINGS = (1.5, 3.0)
_TREMOR = 0.012
"""Ranges of the movements. Lengths are shares of the frame's height, angles radians, growth the logarithm of a size's ratio."""

_FIST, _OPEN = 0.15, 1.0
_NOISE = (2.0, 6.0)
_FLICKER = 0.03

_DIRECTIONS = {"swipe_left": (-1, 0), "swipe_right": (1, 0), "swipe_up": (0, -1), "swipe_down": (0, 1)}
_SIGNS = {"circle_clockwise": 1, "push": 1, "open_hand": 1, "circle_counter_clockwise": -1, "pull": -1, "close_hand": -1}


def draw(
    options: GesturesOptions, number: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Sequence[tuple[str, str]]]:
    """Draws a video.

    Args:
        options: How large, how long, and in front of what.
        number: Of the video in the data set.
        rng: Source of the random numbers.

    Returns:
        RGB frames, (T, H, W, 3) uint8, and one row: the gesture and the name of the scene.

    Raises:
        DataError: There are too few videos for the backgrounds.
        DecodeError: One of them cannot be read.
    """
    gesture = GESTURES[number % len(GESTURES)]
    scene = make_scene(options.scene_of(number), options)
    return draw_clip(gesture, scene, options, rng), [(gesture, scene.name)]


def draw_clip(gesture: str, scene: Scene, options: GesturesOptions, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws the frames of one clip.

    Args:
        gesture: One of `GESTURES`.
        scene: Where, and whose hand.
        options: How large and how long.
        rng: Source of the random numbers.

    Returns:
        RGB frames, (T, H, W, 3) uint8; W is the even number next to 4/3 of H.
    """
    num_frames = round(rng.uniform(*options.seconds) * options.fps)
    pose = draw_pose(gesture, num_frames, rng)
    background = scene.background(num_frames, options.size, 2 * round(options.size * ASPECT / 2), rng)  # (T, H, W, 3)
    frames = paint_hand(background, pose, draw_hand(scene.person, rng))
    frames *= 1 + np.float32(_FLICKER) * smooth_noise(num_frames, 1, rng).astype(np.float32)[..., None, None]
    frames += np.float32(rng.uniform(*_NOISE)) * rng.standard_normal(frames.shape, np.float32)
    return to_pixels(frames)


def draw_pose(gesture: str, num_frames: int, rng: np.random.Generator) -> Pose:
    """Draws one movement.

    Args:
        gesture: One of `GESTURES`.
        num_frames: T.
        rng: Source of the random numbers; every gesture takes the same number of them.

    Returns:
        Where the hand is, how large, turned and spread in each frame.
    """
    first, last = rng.uniform(*_REST), 1 - rng.uniform(*_REST)
    done = _smooth_step((np.linspace(0, 1, num_frames) - first) / (last - first))  # (T,), share of the movement
    centre = np.array([rng.uniform(0.35, 0.65) * ASPECT, rng.uniform(0.42, 0.62)])
    radius, angle, spread = rng.uniform(*_RADIUS), rng.normal(0, 0.25), rng.uniform(0.4, _OPEN)
    length, tilt, bow = rng.uniform(*_SWIPE), rng.normal(0, _TILT), rng.normal(0, _BOW)
    orbit, flat, turns, phase = rng.uniform(*_ORBIT), rng.uniform(0.75, 1.3), rng.uniform(*_TURNS), rng.uniform(0, 2 * np.pi)
    growth, width, swings, side = rng.uniform(*_GROWTH), rng.uniform(*_WAVE), rng.uniform(*_SWINGS), rng.choice([-1.0, 1.0])
    tremor = _TREMOR * smooth_noise(num_frames, 5, rng)  # (T, 5)

    offset = np.zeros((num_frames, 2))
    radii, angles = np.full(num_frames, radius), np.full(num_frames, angle)
    spreads = np.full(num_frames, spread)
    if gesture in _DIRECTIONS:
        x, y = _DIRECTIONS[gesture]
        way = _rotation(tilt) @ np.array([x, y], np.float64)
        across = np.array([-way[1], way[0]])
        offset = length * (done - 0.5)[:, None] * way + bow * (np.sin(np.pi * done) - 0.5)[:, None] * across
    elif gesture.startswith("circle"):
        # y points down, so a growing angle turns clockwise on the screen.
        turned = phase + _SIGNS[gesture] * 2 * np.pi * turns * (done - 0.5)
        offset = orbit * np.stack([flat * np.cos(turned), np.sin(turned) / flat], axis=1)
    elif gesture in ("push", "pull"):
        radii = radius * np.exp(_SIGNS[gesture] * growth * (done - 0.5))
    elif gesture == "wave":
        swing = side * np.sin(2 * np.pi * swings * (done - 0.5))
        offset = width * swing[:, None] * np.array([1.0, 0.0])
        angles = angle + 1.5 * width * swing
    else:
        opened = done if _SIGNS[gesture] > 0 else 1 - done
        spreads = _FIST + (_OPEN - _FIST) * opened
    return Pose(
        centre + offset + tremor[:, :2],
        radii * (1 + 3 * tremor[:, 2]),
        angles + 5 * tremor[:, 3],
        np.clip(spreads + 5 * tremor[:, 4], 0, 1),
    )


def smooth_noise(num_frames: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draws courses that wander about 0 with a deviation of about 1, a knot every five frames, (T, count)."""
    knots = num_frames // 5 + 2
    drawn = rng.standard_normal((knots, count))
    places = np.linspace(0, knots - 1, num_frames)
    return np.stack([np.interp(places, np.arange(knots), drawn[:, column]) for column in range(count)], axis=1)


def _smooth_step(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns a course from 0 to 1 that starts and ends slowly."""
    inside = np.clip(share, 0, 1)
    course: NDArray[np.float64] = inside**2 * (3 - 2 * inside)
    return course


def _rotation(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
