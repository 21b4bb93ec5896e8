"""Gestures: hands whose movement is the class, before scenes that no two splits share."""

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import golden_frames
from videoseq.data.gestures import GESTURES, draw, draw_pose
from videoseq.data.hands import Pose, draw_hand, draw_person, paint_hand
from videoseq.data.scenes import make_scene
from videoseq.data.synthetic import write_synthetic
from videoseq.data.synthetic_options import GesturesOptions
from videoseq.data.writing import write_video
from videoseq.errors import ConfigError, DataError

REVERSES = {
    "swipe_left": "swipe_right",
    "swipe_up": "swipe_down",
    "circle_clockwise": "circle_counter_clockwise",
    "push": "pull",
    "open_hand": "close_hand",
}


def options(**values: object) -> GesturesOptions:
    """A data set of four scenes of 11 videos, small and short."""
    small = {"num_train": 22, "num_val": 11, "num_test": 11, "size": 32, "fps": 12.0, "seconds": (0.5, 0.7), "scene_clips": 11}
    return GesturesOptions(**{**small, **values})


@cache
def poses(gesture: str) -> list[Pose]:
    """200 movements of 40 frames, every gesture with random numbers of its own."""
    return [draw_pose(gesture, 40, np.random.default_rng([GESTURES.index(gesture), index])) for index in range(200)]


def features(pose: Pose) -> dict[str, float]:
    """What tells the gestures apart: how far the hand comes, how it turns about its middle, grows and opens."""
    away = pose.position - pose.position.mean(axis=0)
    step = np.diff(pose.position, axis=0)
    turn = away[:-1, 0] * step[:, 1] - away[:-1, 1] * step[:, 0]
    return {
        "right": float(pose.position[-1, 0] - pose.position[0, 0]),
        "down": float(pose.position[-1, 1] - pose.position[0, 1]),
        "clockwise": float(turn.sum()),
        "growth": float(np.log(pose.radius[-1] / pose.radius[0])),
        "opening": float(pose.spread[-1] - pose.spread[0]),
    }


@pytest.mark.parametrize(
    ("gesture", "feature", "least"),
    [
        ("swipe_right", "right", 0.35),
        ("swipe_down", "down", 0.35),
        ("circle_clockwise", "clockwise", 0.12),
        ("push", "growth", 0.5),
        ("open_hand", "opening", 0.5),
    ],
)
def test_the_sign_of_one_movement_tells_a_gesture_from_its_reverse(gesture: str, feature: str, least: float) -> None:
    reverse = {**REVERSES, **{value: key for key, value in REVERSES.items()}}[gesture]
    assert min(features(pose)[feature] for pose in poses(gesture)) > least
    assert max(features(pose)[feature] for pose in poses(reverse)) < -least
    others = [name for name in GESTURES if name not in (gesture, reverse)]
    for name in others:
        assert abs(np.mean([features(pose)[feature] for pose in poses(name)])) < least / 3, name


def test_a_wave_goes_to_and_fro() -> None:
    for pose in poses("wave"):
        x = pose.position[:, 0] - pose.position[:, 0].mean()
        assert np.ptp(x) > 0.2
        assert np.count_nonzero(np.diff(np.sign(x))) >= 2


@pytest.mark.parametrize(("gesture", "reverse"), REVERSES.items())
def test_without_order_a_gesture_and_its_reverse_are_alike(gesture: str, reverse: str) -> None:
    def unordered(pose: Pose) -> list[float]:
        x, y = pose.position.T
        return [
            x.mean(),
            y.mean(),
            x.std(),
            y.std(),
            pose.radius.mean(),
            pose.radius.std(),
            pose.spread.mean(),
            pose.spread.std(),
        ]

    one, other = (np.array([unordered(pose) for pose in poses(name)]) for name in (gesture, reverse))
    # Two samples of one law: their means differ by less than four standard errors.
    assert (np.abs(one.mean(0) - other.mean(0)) < 4 * np.sqrt((one.var(0) + other.var(0)) / 200) + 1e-9).all()


def still(angle: float = 0.0, spread: float = 1.0, radius: float = 0.12) -> Pose:
    return Pose(np.array([[2 / 3, 0.4]]), np.array([radius]), np.array([angle]), np.array([spread]))


def covered(pose: Pose) -> np.ndarray:
    """Where a hand covers a green frame, (H, W) bool."""
    rng = np.random.default_rng(4)
    background = np.zeros((1, 60, 80, 3), np.float32) + np.array([0, 255, 0], np.float32)
    painted = paint_hand(background, pose, draw_hand(draw_person(rng), rng))
    return (np.abs(painted - background).max(axis=-1) > 60)[0]


def test_a_hand_has_a_palm_fingers_and_an_arm_that_leaves_the_frame() -> None:
    hand, fist, large = covered(still()), covered(still(spread=0.0)), covered(still(radius=0.24))
    assert hand[24, 40]
    assert hand[-1].any()
    assert not hand[:, [0, -1]].any()
    assert hand[:17].sum() > 2 * fist[:17].sum()  # above the palm there are fingers
    assert large.sum() > 1.6 * hand.sum()
    assert covered(still(angle=np.pi))[0].any()


def test_a_scene_has_one_person_and_one_room_and_its_clips_differ() -> None:
    chosen = options(size=64)
    assert chosen.num_scenes == 4
    assert [chosen.scene_of(number) for number in (0, 10, 11, 21, 22, 32, 33, 43)] == [0, 0, 1, 1, 2, 2, 3, 3]
    uneven = options(num_val=22, scene_clips=20)  # train 0-19 20-21, val 22-41 42-43, test 44-54
    assert [uneven.scene_of(number) for number in (0, 19, 20, 21, 22, 41, 42, 43, 44, 54)] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert uneven.num_scenes == 5
    one, other = make_scene(0, chosen), make_scene(1, chosen)
    seen = [scene.background(4, 64, 84, np.random.default_rng(seed)) for scene, seed in ((one, 1), (one, 2), (other, 1))]
    assert seen[0].shape == (4, 64, 84, 3)
    coarse = [frames[0, :, :80].reshape(4, 16, 4, 20, 3).mean(axis=(1, 3)).ravel() for frames in seen]  # shaking averaged out
    assert np.corrcoef(coarse[0], coarse[1])[0, 1] > 0.4 + np.corrcoef(coarse[0], coarse[2])[0, 1]
    assert not np.array_equal(seen[0], seen[1])
    assert np.abs(seen[0][0] - seen[0][3]).mean() > 0.5  # it moves
    assert (make_scene(0, chosen).person.skin == one.person.skin).all()
    assert (make_scene(0, options(seed=1)).person.skin != one.person.skin).any()


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic(tmp_path_factory.mktemp("cache") / "gestures", options(), num_workers=1)


def test_every_scene_shows_every_gesture_and_is_in_one_split(data_set: Path) -> None:
    with (data_set / "annotations.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "label", "group", "split"]
    assert len({row["path"] for row in rows}) == len(rows) == 44
    assert Counter((row["split"], row["group"]) for row in rows) == {
        ("train", "scene_00"): 11, ("train", "scene_01"): 11, ("val", "scene_02"): 11, ("test", "scene_03"): 11,
    }  # fmt: skip
    assert {(row["group"], row["label"]) for row in rows} == {(f"scene_0{i}", label) for i in range(4) for label in GESTURES}
    lengths = set()
    for row in rows[:8]:
        frames = golden_frames(data_set / row["path"])
        assert frames.shape[1:] == (32, 42, 3)
        lengths.add(len(frames))
    assert lengths <= {6, 7, 8}
    assert len(lengths) > 1


def test_real_videos_stand_behind_the_hands(tmp_path: Path) -> None:
    for name, level in {"a": 40, "b": 90, "c": 140, "d": 190}.items():
        write_video(tmp_path / f"{name}.mp4", [np.full((48, 80, 3), level + 5 * i, np.uint8) for i in range(6)])
    chosen = options(backgrounds=str(tmp_path), size=64)
    videos = [make_scene(index, chosen).video for index in range(4)]
    assert {video.name for video in videos if video} == {"a.mp4", "b.mp4", "c.mp4", "d.mp4"}
    # Twelve frames of a video of six: to and fro, so that neighbours differ by one step of 5 grey levels at most.
    scene = make_scene(2, chosen)
    seen = scene.background(12, 64, 84, np.random.default_rng(0))
    assert seen.shape == (12, 64, 84, 3)
    levels = seen.mean(axis=(1, 2, 3))
    step = np.ptp(levels) / 5
    assert step > 1
    assert (np.abs(np.diff(levels)) > 0.5 * step).all()
    assert (np.abs(np.diff(levels)) < 1.5 * step).all()
    _, ((label, group),) = draw(chosen, 22, np.random.default_rng(0))
    assert (label, group) == ("circle_clockwise", "scene_02")
    with pytest.raises(
        DataError, match=r"backgrounds=.* holds 4 videos, expected one for each of the 8 scenes\. Fix: name a folder"
    ):
        draw(options(backgrounds=str(tmp_path), num_train=66), 0, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_val": 12}, r"num_val must be a positive multiple of 11.*got 12\. Fix: num_val=11"),
        ({"seconds": (2.0, 1.0)}, r"seconds must be the shortest, at least 0\.5, and the longest video, got \[2\.0, 1\.0\]"),
        ({"scene_clips": 0}, r"scene_clips must be at least 1, got 0"),
    ],
)
def test_mistakes(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        options(**values)
