"""Moving shapes: a data set of real encoded videos in which only the order of the frames carries the class.

Eight motions of a shape on a random background. A single frame says nothing about the class, by construction: at every
frame of every class the shape's position is uniform on the whole image and its radius uniform between the same bounds,
independent of each other and of everything else that is drawn (kind, angle, colours, background).

- `left`, `right`, `up`, `down`: the image is a torus; the shape leaves at one border and enters at the other, so a
  uniform start stays uniform.
- `clockwise`, `counter_clockwise`: an orbit about a centre that is uniform on the torus.
- `growing`, `shrinking`: the radius is a sawtooth with a uniform phase; at its end the shape vanishes and starts again
  at another uniform place.

`right` is the time reverse of `left`, and so on in pairs, so a model that is blind to order reaches 0.5 at best. Each
frame is encoded as a keyframe with a constant quantiser, so that the codec leaves no trace of the frames before it.
"""

import json
import multiprocessing
import os
import shutil
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoseq.data.writing import write_video
from videoseq.errors import ConfigError, DataError
from videoseq.types import SPLITS

MOTIONS = ("clockwise", "counter_clockwise", "down", "growing", "left", "right", "shrinking", "up")
"""The classes, sorted."""

SHAPES = ("disc", "square", "triangle", "diamond")
"""The kinds of shapes, drawn independently of the class."""

MARKER_NAME = "moving_shapes.json"
"""The file in the data set's root that holds the parameters it was written with."""

_VERSION = 2
"""Raised whenever the same parameters give other videos, so that caches are rebuilt."""

_MIN_RADIUS, _MAX_RADIUS = 3.5 / 64, 24.0 / 64
_SPEED = (3.0 / 64, 5.0 / 64)
_ORBIT_RADIUS = (17.0 / 64, 19.0 / 64)
_FRAMES_PER_TURN = (12.0, 14.0)
_FRAMES_PER_GROWTH = (5.0, 7.0)
"""Ranges of the motions; lengths are shares of the image's side."""

_DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_ENCODER = {"qp": "12", "g": "1", "bf": "0", "preset": "ultrafast", "threads": "1"}


@dataclass(frozen=True)
class _Parameters:
    """What decides every byte of the data set."""

    num_train: int
    num_val: int
    num_test: int
    size: int
    num_frames: int
    fps: float
    seed: int
    version: int = _VERSION

    def __post_init__(self) -> None:
        for name in ("num_train", "num_val", "num_test"):
            number = getattr(self, name)
            if number < len(MOTIONS) or number % len(MOTIONS):
                raise ConfigError(
                    f"{name} must be a positive multiple of {len(MOTIONS)}, one video of each motion at least, "
                    f"got {number}. Fix: {name}={max(1, round(number / len(MOTIONS))) * len(MOTIONS)}"
                )
        if self.size < 16 or self.size % 2:
            raise ConfigError(f"size must be an even number of at least 16 pixels, got {self.size}")
        if self.num_frames < 2:
            raise ConfigError(f"num_frames must be at least 2, for a motion, got {self.num_frames}")
        if self.fps <= 0:
            raise ConfigError(f"fps must be positive, got {self.fps}")
        if self.seed < 0:
            raise ConfigError(f"seed must be 0 or more, got {self.seed}")


@dataclass(frozen=True)
class Track:
    """Where a shape is and how large, frame by frame.

    Attributes:
        position: Centre, x to the right and y down, (T, 2) float64 in [0, 1), shares of the image's side.
        radius: Half of the shape's size, (T,) float64, share of the image's side.
    """

    position: NDArray[np.float64]
    radius: NDArray[np.float64]


def draw_track(motion: str, num_frames: int, rng: np.random.Generator) -> Track:
    """Draws one motion; at each frame alone its law is the same for all motions.

    Args:
        motion: One of `MOTIONS`.
        num_frames: T.
        rng: Source of the random numbers; every motion takes the same number of them.

    Returns:
        The track: position and radius in each frame.
    """
    places = rng.random((num_frames + 1, 2))
    level, phase = rng.random(2)
    speed, orbit = rng.uniform(*_SPEED), rng.uniform(*_ORBIT_RADIUS)
    turn, growth = 1 / rng.uniform(*_FRAMES_PER_TURN), 1 / rng.uniform(*_FRAMES_PER_GROWTH)
    time = np.arange(num_frames, dtype=np.float64)  # (T,)
    position = np.tile(places[0], (num_frames, 1))  # (T, 2)
    levels = np.full(num_frames, level)  # (T,)
    if motion in _DIRECTIONS:
        position += speed * time[:, None] * np.array(_DIRECTIONS[motion])
    elif motion in ("clockwise", "counter_clockwise"):
        # y points down, so a growing angle turns clockwise on the screen.
        angle = 2 * np.pi * (phase + (turn if motion == "clockwise" else -turn) * time)
        position += orbit * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        sawtooth = level + {"growing": growth, "shrinking": -growth}[motion] * time
        tooth = np.abs(np.floor(sawtooth)).astype(np.int64)  # (T,), counts the starts again
        position, levels = places[tooth], sawtooth % 1.0
    return Track(position % 1.0, _MIN_RADIUS + (_MAX_RADIUS - _MIN_RADIUS) * levels)


def draw_clip(motion: str, size: int, num_frames: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws the frames of one clip.

    Args:
        motion: One of `MOTIONS`.
        size: H and W, pixels.
        num_frames: T.
        rng: Source of the random numbers.

    Returns:
        RGB frames, (T, H, W, 3) uint8.
    """
    track = draw_track(motion, num_frames, rng)
    background, colour = _draw_colours(size, rng)
    kind = SHAPES[rng.integers(len(SHAPES))]
    angle = rng.uniform(0, 2 * np.pi)
    pixels = (np.arange(size) + 0.5) / size  # (S,)
    # The nearest of the shape's copies on the torus, so that it wraps around every border.
    dx = (pixels[None, None, :] - track.position[:, 0, None, None] + 0.5) % 1.0 - 0.5  # (T, 1, S)
    dy = (pixels[None, :, None] - track.position[:, 1, None, None] + 0.5) % 1.0 - 0.5  # (T, S, 1)
    x = np.cos(angle) * dx + np.sin(angle) * dy  # (T, S, S)
    y = np.cos(angle) * dy - np.sin(angle) * dx  # (T, S, S)
    distance = _outside(kind, x, y, track.radius[:, None, None])  # (T, S, S)
    alpha = np.clip(0.5 - distance * size, 0, 1)[..., None]  # (T, S, S, 1), a border of one pixel is blended
    frames = background + alpha * (colour - background)  # (T, S, S, 3)
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)


def _outside(kind: str, x: NDArray[np.float64], y: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns how far each point lies outside a shape about the origin; negative inside."""
    distance: NDArray[np.float64]
    if kind == "disc":
        distance = np.hypot(x, y) - radius
    elif kind == "square":
        distance = np.maximum(np.abs(x), np.abs(y)) - 0.85 * radius
    elif kind == "triangle":
        distance = np.maximum(np.abs(x) * (np.sqrt(3) / 2) + y / 2, -y) - 0.6 * radius
    else:
        distance = (np.abs(x) + 0.75 * np.abs(y)) * 0.8 - 0.7 * radius
    return distance


def _draw_colours(size: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draws a smooth dark background, (S, S, 3), and a light colour of the shape, (3,)."""
    grid = rng.uniform(-12, 12, (4, 4, 3))
    base = rng.uniform(20, 45, 3)
    colour = rng.uniform(205, 255, 3)
    places = np.linspace(0, 3, size)
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(4)))  # (S, 4), linear interpolation
    background: NDArray[np.float64] = base + np.einsum("ya,xb,abc->yxc", weights, weights, grid)  # (S, S, 3)
    return background, colour


def write_moving_shapes(
    root: Path,
    *,
    num_train: int,
    num_val: int,
    num_test: int,
    size: int,
    num_frames: int,
    seed: int,
    fps: float = 16,
    num_workers: int = 2,
    on_done: Callable[[], None] | None = None,
) -> Path:
    """Writes the data set `root/{train,val,test}/<motion>/NNNN.mp4`, H.264, unless it is there already.

    It is written beside `root` and renamed when complete, so an interrupted call leaves nothing behind that looks like
    a data set; of two calls at once with the same parameters the slower one throws its copy away. The parameters stand in
    `root/moving_shapes.json`: a second call with the same ones does nothing, one with others replaces the data set.

    Args:
        root: Where the data set goes; new, empty, or an older data set of this function.
        num_train: Videos to train, a multiple of 8; each motion has the same number.
        num_val: Videos to validate, a multiple of 8.
        num_test: Videos to test, a multiple of 8.
        size: H and W, pixels, even.
        num_frames: Frames of each video.
        seed: Decides every pixel; the number of workers does not.
        fps: Frames per second of each video.
        num_workers: Processes that write; 0 and 1 write in this one. More need a main module that can be imported.
        on_done: Called once for every video written.

    Returns:
        `root`.

    Raises:
        ConfigError: A number is out of its range.
        DataError: `root` holds something else, which is not touched.
    """
    parameters = _Parameters(num_train, num_val, num_test, size, num_frames, fps, seed)
    if _is_complete(root, parameters):
        return root
    if root.exists() and not root.is_dir():
        raise DataError(f"{str(root)!r} is a file, expected a folder for the moving shapes. Fix: name another folder")
    if root.is_dir() and any(root.iterdir()) and not (root / MARKER_NAME).is_file():
        raise DataError(
            f"{str(root)!r} holds files but no {MARKER_NAME}, so it is no data set of moving shapes and is left as it "
            "is. Fix: name another folder, or empty this one"
        )
    root.parent.mkdir(parents=True, exist_ok=True)
    unique = f".{root.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    fresh, old = root.with_name(f"{unique}.new"), root.with_name(f"{unique}.old")
    try:
        _write_all(fresh, parameters, num_workers, on_done)
        (fresh / MARKER_NAME).write_text(json.dumps(asdict(parameters), indent=2) + "\n", encoding="utf-8")
        if _is_complete(root, parameters):
            # Another process was faster and may read its data set already.
            return root
        with suppress(FileNotFoundError):
            root.rename(old)
        try:
            fresh.rename(root)
        except OSError:
            # Another process was faster, by less.
            if not _is_complete(root, parameters):
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return root


def _is_complete(root: Path, parameters: _Parameters) -> bool:
    try:
        found = json.loads((root / MARKER_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(found == asdict(parameters))


def _write_all(root: Path, parameters: _Parameters, num_workers: int, on_done: Callable[[], None] | None) -> None:
    jobs: list[tuple[int, int]] = []
    for split_index, split in enumerate(SPLITS):
        for motion in MOTIONS:
            (root / split / motion).mkdir(parents=True)
        jobs.extend((split_index, index) for index in range(getattr(parameters, f"num_{split}")))
    chunks = [jobs[start : start + 50] for start in range(0, len(jobs), 50)]
    write = partial(_write_chunk, root, parameters)
    if num_workers <= 1:
        for chunk in chunks:
            _advance(on_done, write(chunk))
        return
    # Not forked: a process that already runs threads of PyTorch or FFmpeg must not be copied.
    with ProcessPoolExecutor(num_workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(write, chunk) for chunk in chunks]):
            _advance(on_done, future.result())


def _advance(on_done: Callable[[], None] | None, times: int) -> None:
    if on_done is not None:
        for _ in range(times):
            on_done()


def _write_chunk(root: Path, parameters: _Parameters, jobs: list[tuple[int, int]]) -> int:
    for split_index, index in jobs:
        motion = MOTIONS[index % len(MOTIONS)]
        rng = np.random.default_rng([parameters.seed, split_index, index])
        frames = draw_clip(motion, parameters.size, parameters.num_frames, rng)
        path = root / SPLITS[split_index] / motion / f"{index // len(MOTIONS):04d}.mp4"
        write_video(path, frames, fps=parameters.fps, codec="libx264", options=_ENCODER)
    return len(jobs)
