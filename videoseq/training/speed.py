"""What is counted of training steps, and the figures that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from videoseq.training.phases import PHASES


@dataclass(frozen=True)
class Speed:
    """Counts over some training steps; a step is one batch of each process.

    Attributes:
        seconds: From the first wait for a batch to the end of the last step; validation is not counted.
        wait_seconds: Of these, those that went by in waiting for the loaders of all processes.
        steps: Steps.
        clips: Clips of all processes.
        own_clips: Clips of this process; what follows is counted of them.
        frames: Valid frames.
        slots: Frames with the padding of their batches: B * T.
        decode_seconds: Spent by the workers on reading frames.
        transform_seconds: Spent by the workers on making clips of them.
        phases: Phase of a step, see `PHASES` -> seconds.
    """

    seconds: float = 0.0
    wait_seconds: float = 0.0
    steps: int = 0
    clips: int = 0
    own_clips: int = 0
    frames: int = 0
    slots: int = 0
    decode_seconds: float = 0.0
    transform_seconds: float = 0.0
    phases: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))

    def since(self, before: "Speed") -> "Speed":
        """Returns what was counted since then."""
        names = [item.name for item in fields(self) if item.name != "phases"]
        counts = {name: getattr(self, name) - getattr(before, name) for name in names}
        return replace(self, **counts, phases={name: self.phases[name] - before.phases[name] for name in PHASES})

    @property
    def clips_per_second(self) -> float:
        """Training clips of all processes per second."""
        return self.clips / self.seconds if self.seconds else 0.0

    @property
    def data_wait_fraction(self) -> float:
        """Share of the training time that was spent waiting for the loader, in [0, 1]."""
        return self.wait_seconds / self.seconds if self.seconds else 0.0

    @property
    def padding_fraction(self) -> float:
        """Share of the batches' frames that are padding, in [0, 1)."""
        return 1 - self.frames / self.slots if self.slots else 0.0

    @property
    def times(self) -> dict[str, float]:
        """Seconds of a clip in a worker and of a step on the device, each with its unit in its name."""
        clips, steps = max(self.own_clips, 1), max(self.steps, 1)
        return {
            "decode_seconds_per_clip": self.decode_seconds / clips,
            "transform_seconds_per_clip": self.transform_seconds / clips,
            **{f"{name}_seconds_per_step": self.phases[name] / steps for name in PHASES},
        }
