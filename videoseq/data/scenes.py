"""What moves behind the hands of synthetic gestures: crops of real videos, or a drawn room; and who stands before it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoseq.data.decoding import read_frames
from videoseq.data.decoding.demux import scan_video
from videoseq.data.drawing import smooth_field
from videoseq.data.hands import Person, draw_person
from videoseq.data.local_files import list_folder
from videoseq.data.synthetic_options import GesturesOptions
from videoseq.errors import DataError

Floats = NDArray[np.float32]

_ZOOM = 1.25
"""How much larger the scene is than the frame, so that the camera can move."""

_SHAKE = 0.02
_PASSERS = 4
"""The camera's movement, share of the frame's height, and how many things move through a drawn room."""


@dataclass(frozen=True)
class Scene:
    """A place with a person, shared by clips.

    Attributes:
        name: What the clips' `group` is.
        seed: Decides person, room and light.
        video: Seen behind the hand; None: a room is drawn.
    """

    name: str
    seed: tuple[int, ...]
    video: Path | None

    @property
    def person(self) -> Person:
        """Who moves the hand."""
        return draw_person(np.random.default_rng([*self.seed, 1]))

    def background(self, num_frames: int, height: int, width: int, rng: np.random.Generator) -> Floats:
        """Draws what is seen behind the hand in one clip.

        Args:
            num_frames: T.
            height: H, pixels.
            width: W, pixels.
            rng: Source of what differs between the clips of the scene: when, and how the camera shakes.

        Returns:
            RGB, (T, H, W, 3), 0..255.

        Raises:
            DecodeError: The video cannot be read.
        """
        of_scene = np.random.default_rng([*self.seed, 2])
        tall, wide = round(_ZOOM * height), round(_ZOOM * width)
        light = of_scene.uniform(0.75, 1.2) * of_scene.normal(1, 0.05, 3)
        frames: Floats | NDArray[np.uint8]
        if self.video is None:
            frames = _room(num_frames, tall, wide, of_scene, rng)
        else:
            frames = _played(self.video, num_frames, tall, wide, of_scene, rng)
        margins = np.array([tall - height, wide - width])
        knots = rng.normal(0, _SHAKE * height, (num_frames // 6 + 2, 2)) + rng.normal(0, 0.1, 2) * margins
        places = np.linspace(0, len(knots) - 1, num_frames)
        moved = np.stack([np.interp(places, np.arange(len(knots)), knots[:, axis]) for axis in range(2)], axis=1)
        corners = np.clip(np.rint(margins / 2 + moved), 0, margins).astype(int)  # (T, 2)
        cut = [frame[y : y + height, x : x + width] for frame, (y, x) in zip(frames, corners, strict=True)]
        seen: Floats = np.stack(cut) * light.astype(np.float32)
        return seen


def make_scene(index: int, options: GesturesOptions) -> Scene:
    """Returns a scene of a data set.

    Args:
        index: Which one.
        options: Its seed, and the videos of which each scene takes another one.

    Raises:
        DataError: There are fewer videos than scenes.
    """
    video = None
    if options.backgrounds is not None:
        folder = Path(options.backgrounds).expanduser()
        found = list_folder(folder).videos
        if len(found) < options.num_scenes:
            raise DataError(
                f"data.synthetic.backgrounds={options.backgrounds} holds {len(found)} videos, expected one for each of the "
                f"{options.num_scenes} scenes. Fix: name a folder with more videos, or raise data.synthetic.scene_clips"
            )
        video = folder / found[int(np.random.default_rng(options.seed).permutation(len(found))[index])]
    return Scene(f"scene_{index:02d}", (options.seed, index), video)


def _played(
    video: Path, num_frames: int, height: int, width: int, of_scene: np.random.Generator, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Returns T frames of a window of a video, (T, H, W, 3), from anywhere, to and fro where it is too short."""
    info = scan_video(video)
    share = of_scene.uniform(0.6, 1.0)
    # The window has the frame's shape, so the whole is read so large that the window is the frame.
    scale = max(height / info.height, width / info.width) / share
    size = (max(height, round(info.height * scale)), max(width, round(info.width * scale)))
    top, left = (int(of_scene.integers(whole - part + 1)) for whole, part in zip(size, (height, width), strict=True))
    cycle = [*range(info.num_frames), *range(info.num_frames - 2, 0, -1)]
    indices = np.take(cycle, int(rng.integers(len(cycle))) + np.arange(num_frames), mode="wrap")
    return read_frames(info, indices, size=size)[:, top : top + height, left : left + width]


def _room(num_frames: int, height: int, width: int, of_scene: np.random.Generator, rng: np.random.Generator) -> Floats:
    """Draws T frames of a room of one scene: walls, furniture, and things that move through it, (T, H, W, 3)."""
    side = max(height, width)
    wall = _colour(of_scene) + sum(
        smooth_field(
            of_scene.normal(0, deviation, (points, points, 1)) + of_scene.normal(0, 0.3 * deviation, (points, points, 3)), side
        )
        for points, deviation in ((4, 25.0), (12, 15.0), (48, 9.0))
    )
    room = wall[:height, :width].astype(np.float32)
    for _ in range(10):
        top, left = of_scene.integers(0, height), of_scene.integers(0, width)
        tall, wide = (int(of_scene.uniform(0.08, 0.45) * height) for _ in range(2))
        room[top : top + tall, left : left + wide] *= 0.35
        room[top : top + tall, left : left + wide] += np.float32(0.65) * _colour(of_scene)
    frames = np.tile(room, (num_frames, 1, 1, 1))
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    time = np.arange(num_frames, dtype=np.float32)[:, None, None]
    for _ in range(_PASSERS):
        start, speed = rng.uniform(0, 1, 2) * (width / height, 1), rng.normal(0, 0.012, 2)
        axes, colour = rng.uniform(0.04, 0.16, 2), _colour(of_scene)
        away = ((x - start[0] - speed[0] * time) / axes[0]) ** 2 + ((y - start[1] - speed[1] * time) / axes[1]) ** 2
        alpha = np.clip((1.1 - away) / 0.2, 0, 1)[..., None].astype(np.float32)  # (T, H, W, 1)
        frames += alpha * (colour - frames)
    return frames


def _colour(rng: np.random.Generator) -> Floats:
    """Draws a colour of a room, more grey than not, (3,)."""
    colour: Floats = (rng.uniform(25, 225) + rng.normal(0, 18, 3)).astype(np.float32)
    return colour
