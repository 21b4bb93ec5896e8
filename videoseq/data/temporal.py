"""Variations of a clip in time: pure integer arithmetic on the positions of a timeline, as in `sampling`.

The timeline is varied before a clip is sampled from it: played at another speed, jittered, reversed. Frames are lost from
the sampled clip.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from videoseq.data.augment_options import TemporalOptions
from videoseq.data.targets import Target
from videoseq.errors import ConfigError, suggest
from videoseq.types import ClipSpec


class TemporalAugment:
    """Varies the frames of a training clip.

    Args:
        options: Which variations are on.
        spec: How clips are cut.
        class_names: Class id -> name.

    Raises:
        ConfigError: A class that is to be reversed is none of the data set's.
    """

    def __init__(self, options: TemporalOptions, spec: ClipSpec, class_names: Sequence[str]) -> None:
        self.options = options
        self.spec = spec
        self.reversed_targets = reversed_targets(options, class_names)

    def vary(self, frames: NDArray[np.int64], target: Target, rng: np.random.Generator) -> tuple[NDArray[np.int64], Target]:
        """Returns the timeline as it is played, and what it then shows.

        Args:
            frames: The timeline, (n,) indices of source frames.
            target: Class id, or what the clips of a task are labelled with that nothing reverses.
            rng: Source of random numbers; nothing is drawn for what is off.

        Returns:
            (m,) indices of source frames out of `frames`, and the class id, or the target as it was.
        """
        if self.options.speed > 1:
            percent = round(100 * math.exp(rng.uniform(-1, 1) * math.log(self.options.speed)))
            frames = frames[self._played(len(frames), percent, rng)]
        if self.options.jitter > 0:
            moves = rng.integers(-self.options.jitter, self.options.jitter + 1, len(frames))
            frames = frames[jittered(np.arange(len(frames)), moves)]
        if isinstance(target, int) and target in self.reversed_targets and rng.random() < 0.5:
            return frames[::-1], self.reversed_targets[target]
        return frames, target

    def lose(self, clip: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Returns a clip, (T,) indices of source frames, of which some frames were lost on the way."""
        if self.options.drop == 0:
            return clip
        return clip[held(rng.random(len(clip)) < self.options.drop)]

    def _played(self, num_available: int, percent: int, rng: np.random.Generator) -> NDArray[np.int64]:
        if self.spec.sampling in ("random_clip", "all"):
            return played(num_available, percent)
        length = covered(num_available, percent, self.spec.num_frames)
        return int(rng.integers(num_available - length + 1)) + np.arange(length)


def played(num_available: int, percent: int) -> NDArray[np.int64]:
    """Returns the positions that are shown when a timeline is played at `percent` of its speed.

    Position k is `floor(k * percent / 100)`, as long as that is on the timeline: steps between frames of a clip that is
    sampled from it are scaled by `percent / 100`.

        n=6, percent=200:  f x f x f x          0 2 4
        n=6, percent=150:  f f x f f x          0 1 3 4
        n=3, percent=50:   ff ff ff             0 0 1 1 2 2

    Args:
        num_available: n, frames of the timeline.
        percent: Speed, positive; 100 plays every frame once.

    Returns:
        ceil(100 n / percent) positions in `[0, n)`, int64, ascending.
    """
    count = -(-100 * num_available // percent)
    return np.arange(count, dtype=np.int64) * percent // 100


def covered(num_available: int, percent: int, num_frames: int) -> int:
    """Returns how many frames of a timeline a clip covers that spreads over `percent` of it.

        n=12, T=4, percent=75:   xxfxfxfxfxxx    9 frames, anywhere
        n=12, T=4, percent=20:   xxxxxffffxxx    never fewer than T, or than there are
        n=12, T=4, percent=150:  xfxxfxxfxxfx    never more than there are

    Args:
        num_available: n, frames of the timeline.
        percent: Share of it.
        num_frames: T, frames of the clip.
    """
    return min(num_available, max(num_available * percent // 100, num_frames))


def jittered(positions: NDArray[np.int64], moves: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the positions of a whole timeline, each moved and brought back onto it, in ascending order again.

    What a position is depends on the timeline: a source frame, or a frame of the rate or of the speed at which it is played.
    Sorting moves no position by more than the largest of all moves.

        positions  0  1  2  3  4
        moves     -2 +2 -1  0 +2
        moved      0  3  1  3  4
        sorted     0  1  3  3  4

    Args:
        positions: 0 to n - 1, (n,) int64.
        moves: (n,) int64.
    """
    return np.sort(np.clip(positions + moves, 0, len(positions) - 1))


def held(lost: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Returns which frame of a clip is shown at each place when some are lost: the last one that was not.

        lost   . x . x x .
        shown  0 0 2 2 2 5

    Args:
        lost: (T,) bool; the first frame is never lost.

    Returns:
        (T,) int64.
    """
    places = np.arange(len(lost), dtype=np.int64)
    return np.maximum.accumulate(np.where(lost, 0, places))


def reversed_targets(options: TemporalOptions, class_names: Sequence[str]) -> dict[int, int]:
    """Returns what the clips of each class that may be reversed show when they are played backwards: class id -> class id.

    Args:
        options: Names the classes.
        class_names: Class id -> name.

    Raises:
        ConfigError: A name is none of the classes.
    """
    ids = {name: target for target, name in enumerate(class_names)}
    backwards = {name: name for name in options.reverse_classes}
    for one, other in options.reverse_pairs:
        backwards |= {one: other, other: one}
    for name in backwards:
        if name not in ids:
            option = "reverse_classes" if name in options.reverse_classes else "reverse_pairs"
            raise ConfigError(f"augment.temporal.{option} names {name!r}, which is no class of the data: {suggest(name, ids)}")
    return {ids[name]: ids[other] for name, other in backwards.items()}


def shown_counts(class_counts: Mapping[str, float], options: TemporalOptions) -> dict[str, float]:
    """Returns how many clips of each class an epoch shows on average: of a pair that is reversed, half of those of both.

        open 12, close 3, wave 4, reverse_pairs [[open,close]]:   open 6 + 1.5, close 1.5 + 6, wave 4

    Args:
        class_counts: Class name -> videos that an epoch visits.
        options: Names the pairs, of classes that are there.
    """
    shown: dict[str, float] = dict(class_counts)
    for pair in options.reverse_pairs:
        shown |= dict.fromkeys(pair, sum(class_counts[name] for name in pair) / 2)
    return shown
