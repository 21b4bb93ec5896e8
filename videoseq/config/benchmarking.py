"""Options of `videoseq.benchmark`."""

from dataclasses import dataclass, field
from typing import Literal

from videoseq.config.schema import TrainConfig
from videoseq.data.caching.choosing import choose_cache
from videoseq.errors import ConfigError

Target = Literal["decode", "loader", "step", "train", "cache", "startup", "growth", "memory", "length", "tables"]
_READS = ("decode", "loader")
_TRAINS = ("train", "cache")
_OWN_TASK = {"length": "frames", "growth": "classification"}


@dataclass(frozen=True)
class BenchmarkConfig(TrainConfig):
    """Everything that `videoseq.benchmark` accepts.

    Attributes:
        resume: Not for this command: what is measured starts anew.
        target: What is measured. `decode`: reading clips, beside other libraries. `loader`: batches of clips, beside bare
            decord. `step`: steps on batches in memory, beside a loop written by hand. `train`: a whole training, beside the
            usual loop over frames. `cache`: epochs with `data.cache=features`, beside the same without. `startup`: `train
            --help`, beside a bare Hydra program. `growth`: an epoch by number of videos, frames and workers. `memory`: peak
            memory of a training in every epoch. `length`: memory and time of a training and an evaluation by length of the
            video. `tables`: nothing; the JSON files in the folder `input` are shown, and the tables in its README.md are
            written anew.
        input: Videos to read, for `decode` and `loader`: a file, a folder or a glob pattern; null takes `data.root`.
        against: For `decode`: the original videos of `input`, which `videoseq.prepare` has made of them.
        long_seconds: For `decode`: length of a long video that is put together from those of `input` and read as well; 0
            leaves it out. For `length`: that of the longest video; the others are a sixth and a sixtieth of it.
        steps: For `step`: steps on which each side is timed in every turn.
        repeats: How often each side is measured, in turns.
        output: JSON file for the figures, such as `experiments/speed/decode.json`; pictures lie beside it.
    """

    target: Target = field(kw_only=True, metadata={"example": "decode"})
    input: str | None = None
    against: str | None = None
    long_seconds: float = 300.0
    steps: int = 20
    repeats: int = 5
    output: str | None = None

    def __post_init__(self) -> None:
        for name in ("repeats", "steps"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.long_seconds < 0:
            raise ConfigError(f"long_seconds must be 0 (off) or positive, got {self.long_seconds}")
        if self.output is not None and not self.output.endswith(".json"):
            raise ConfigError(f"output must end in .json, got {self.output!r}")
        if self.resume is not None:
            raise ConfigError("resume is not for benchmark: what is measured starts anew; leave it out")
        if self.target in _READS and self.input is None and self.data.root is None:
            raise ConfigError(f"target={self.target} needs videos to read: input=DIR")
        if self.against is not None and (self.target != "decode" or self.input is None):
            raise ConfigError(
                "against names the original videos of prepared ones: target=decode input=PREPARED against=ORIGINAL"
            )
        if self.target == "step" and (self.training.accumulate > 1 or self.training.compile):
            raise ConfigError(
                "target=step compares steps of one batch each with those of a loop that does not compile: leave "
                "training.accumulate and training.compile out"
            )
        if self.target in ("step", "train") and self.task.name != "classification":
            raise ConfigError(
                f"target={self.target} measures a classification, beside loops that know nothing else, got "
                f"task.name={self.task.name}: leave it out"
            )
        if self.target == "startup" and self.task.name != "classification":
            raise ConfigError(f"target=startup times the help, which knows no task.name={self.task.name}: leave it out")
        if self.target in _OWN_TASK and self.task.name not in ("classification", _OWN_TASK[self.target]):
            raise ConfigError(
                f"target={self.target} measures a run on data of its own, whose labels are for "
                f"task.name={_OWN_TASK[self.target]}, got task.name={self.task.name}: leave it out"
            )
        if self.target == "length" and self.long_seconds < 60:
            raise ConfigError(
                f"target=length measures a sixtieth of long_seconds too: it must be at least 60, such as 3600, got "
                f"{self.long_seconds:g}"
            )
        if self.target == "tables" and self.input is None:
            raise ConfigError("target=tables needs a folder with the JSON files of benchmarks: input=experiments/speed")
        if self.target == "cache" and self.training.max_epochs < 2:
            raise ConfigError(
                f"target=cache compares epochs from the second on: training.max_epochs must be at least 2, got "
                f"{self.training.max_epochs}"
            )
        if self.target == "cache":
            choose_cache(
                "features",
                self.augment.resolved(),
                encoder_stays_frozen=self.model.encoder.stays_frozen,
                labels_clips_by_frame=self.task.spec.per_frame and self.training.tbptt_frames is None,
            )
        if self.target in _TRAINS:
            if self.data.root is None and self.data.annotations is None:
                raise ConfigError(f"target={self.target} needs a data set: data.root=DIR or +experiment=NAME")
            super().__post_init__()
