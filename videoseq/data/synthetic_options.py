"""Options of the data sets that the program draws itself; free of torch."""

from dataclasses import dataclass
from typing import ClassVar

from videoseq.errors import ConfigError


@dataclass(frozen=True)
class SyntheticOptions:
    """What every synthetic data set can be told; its class may add to it.

    Attributes:
        name: Which one. `moving_shapes`: a shape on a random background in one of eight motions, which no single frame gives
            away. `coloured_shapes`: one of eight shapes in any colour on a noisy background, which every frame shows.
            `motion_sequences`: several of the eight motions one after another, for `task.name=frames`. `motion_sets`: which of
            six motions occur, for `task.name=multilabel`. `moving_speeds`: how fast a shape moves, for `task.name=regression`;
            `varying_speeds`: likewise, at every frame, for `task.per_frame=true`. `gestures`: a hand makes one of eleven
            gestures whose direction matters, before scenes that move.
        num_train: Videos of the training split; for `moving_shapes` and `coloured_shapes` a multiple of their eight
            classes, for `gestures` of its eleven.
        num_val: Videos of the validation split, likewise.
        num_test: Videos of the test split, likewise.
        size: Height and width in pixels.
        fps: Frames per second.
        seed: Seed of everything drawn.
    """

    name: str = "moving_shapes"
    num_train: int = 1000
    num_val: int = 200
    num_test: int = 200
    size: int = 64
    fps: float = 16.0
    seed: int = 0
    num_classes: ClassVar[int] = 1
    """Videos of every split come in multiples of it, as many of each class."""

    def __post_init__(self) -> None:
        for name in ("num_train", "num_val", "num_test"):
            number = getattr(self, name)
            if number < 1 or number % self.num_classes:
                number_of = f"a positive multiple of {self.num_classes}, one video of each class at least, "
                raise ConfigError(
                    f"{name} must be {number_of if self.num_classes > 1 else 'at least 1, '}got {number}. "
                    f"Fix: {name}={max(1, round(number / self.num_classes)) * self.num_classes}"
                )
        if self.size < 16 or self.size % 2:
            raise ConfigError(f"size must be an even number of at least 16 pixels, got {self.size}")
        if self.fps <= 0:
            raise ConfigError(f"fps must be positive, got {self.fps}")
        if self.seed < 0:
            raise ConfigError(f"seed must be 0 or more, got {self.seed}")


@dataclass(frozen=True)
class ClipsOptions(SyntheticOptions):
    """Videos of one length.

    Attributes:
        num_frames: Frames of a video.
    """

    num_frames: int = 28

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_frames < 2:
            raise ConfigError(f"num_frames must be at least 2, for a motion, got {self.num_frames}")


@dataclass(frozen=True)
class MovingShapesOptions(ClipsOptions):
    """Moving shapes."""

    num_classes = 8


@dataclass(frozen=True)
class ColouredShapesOptions(ClipsOptions):
    """Coloured shapes."""

    name: str = "coloured_shapes"
    num_train: int = 1200
    num_frames: int = 4
    num_classes = 8


@dataclass(frozen=True)
class MotionSequencesOptions(SyntheticOptions):
    """Several motions one after another.

    Attributes:
        num_motions: The fewest and the most motions of a video.
        motion_frames: The fewest and the most frames of a motion.
        pauses: Share of the motions behind which the shape rests for some frames, which no segment names; with some, set
            `task.background` to the name of a class for them, or they are ignored.
    """

    name: str = "motion_sequences"
    num_train: int = 400
    num_val: int = 40
    num_test: int = 60
    num_motions: tuple[int, int] = (3, 10)
    motion_frames: tuple[int, int] = (10, 30)
    pauses: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("num_motions", "motion_frames"):
            fewest, most = getattr(self, name)
            if not 1 <= fewest <= most:
                raise ConfigError(f"{name} must be the fewest, at least 1, and the most, got {[fewest, most]}")
        if not 0 <= self.pauses <= 1:
            raise ConfigError(f"pauses must lie in [0, 1], got {self.pauses}")


@dataclass(frozen=True)
class MotionSetsOptions(SyntheticOptions):
    """Some of six motions, one after another, in any order.

    Attributes:
        most_motions: The most motions of a video, at most 6; a video has none, one, … or as many as this, each as often.
        num_frames: Frames of a video; of these a motion takes 6, in the others the shape rests.
    """

    name: str = "motion_sets"
    num_train: int = 2000
    num_val: int = 100
    most_motions: int = 4
    num_frames: int = 28
    motion_frames: ClassVar[int] = 6

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.most_motions <= 6:
            raise ConfigError(f"most_motions must lie in 1 to 6, got {self.most_motions}")
        fewest = self.motion_frames * self.most_motions + 1
        if self.num_frames < fewest:
            raise ConfigError(
                f"num_frames must be at least {fewest}, {self.motion_frames} for each of most_motions={self.most_motions} and "
                f"a first one, got {self.num_frames}"
            )


@dataclass(frozen=True)
class MovingSpeedsOptions(ClipsOptions):
    """How fast a shape moves.

    Attributes:
        num_frames: Frames of a video.
        speeds: The lowest and the highest speed, pixels per frame.
    """

    name: str = "moving_speeds"
    num_train: int = 3000
    num_val: int = 100
    num_frames: int = 20
    speeds: tuple[float, float] = (1.0, 5.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        lowest, highest = self.speeds
        if not 0 <= lowest < highest <= self.size / 8:
            raise ConfigError(
                f"speeds must be the lowest, from 0, and a higher one, at most {self.size / 8:g} for size={self.size}, "
                f"got {list(self.speeds)}"
            )


@dataclass(frozen=True)
class GesturesOptions(SyntheticOptions):
    """A hand before scenes that move. No scene is in two splits.

    Attributes:
        size: Height in pixels; the width is 4/3 of it.
        seconds: The shortest and the longest video.
        scene_clips: Videos of a scene: the same background, person and light; the last scene of a split may have fewer.
        backgrounds: Folder of videos, of which each scene shows another one behind the hand; null draws rooms.
    """

    name: str = "gestures"
    num_train: int = 176
    num_val: int = 44
    num_test: int = 44
    size: int = 120
    fps: float = 25.0
    seconds: tuple[float, float] = (1.5, 3.0)
    scene_clips: int = 22
    backgrounds: str | None = None
    num_classes = 11

    def __post_init__(self) -> None:
        super().__post_init__()
        shortest, longest = self.seconds
        if not 0.5 <= shortest <= longest:
            raise ConfigError(f"seconds must be the shortest, at least 0.5, and the longest video, got {list(self.seconds)}")
        if self.scene_clips < 1:
            raise ConfigError(f"scene_clips must be at least 1, got {self.scene_clips}")

    @property
    def num_scenes(self) -> int:
        """Scenes of all splits together."""
        return sum(-(-number // self.scene_clips) for number in self._numbers)

    def scene_of(self, number: int) -> int:
        """Returns the scene of a video, both counted from 0 through train, val and test."""
        scene = 0
        for count in self._numbers:
            if number < count:
                break
            number -= count
            scene += -(-count // self.scene_clips)
        return scene + number // self.scene_clips

    @property
    def _numbers(self) -> tuple[int, ...]:
        return self.num_train, self.num_val, self.num_test


SYNTHETIC_SETS: dict[str, type[SyntheticOptions]] = {
    "moving_shapes": MovingShapesOptions,
    "coloured_shapes": ColouredShapesOptions,
    "motion_sequences": MotionSequencesOptions,
    "motion_sets": MotionSetsOptions,
    "moving_speeds": MovingSpeedsOptions,
    "varying_speeds": MovingSpeedsOptions,
    "gestures": GesturesOptions,
}
"""The first one is meant where `data.synthetic` names none."""
