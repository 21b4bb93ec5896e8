"""The one tree of public options: what every command accepts, with its types and defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from videoseq.config.chunk_checks import check_chunks
from videoseq.data.augment_options import AugmentOptions
from videoseq.data.caching.choosing import choose_cache
from videoseq.data.options import DataOptions
from videoseq.errors import ConfigError, suggest
from videoseq.models.options import (
    HEADS,
    EncoderOptions,
    HeadOptions,
    RecurrentHeadOptions,
    TorchvisionEncoderOptions,
    encoder_options,
)
from videoseq.training.options import OptimizerOptions, TrainerOptions, TrainingOptions
from videoseq.training.task_options import TASKS, ClassificationOptions, TaskOptions
from videoseq.types import ClipSpec


def _check_seeds(name: str, seeds: Sequence[int]) -> None:
    for seed in seeds:
        if not 0 <= seed < 2**32:  # what numpy and Lightning take
            raise ConfigError(f"{name} must lie in [0, 2**32), got {seed}")


@dataclass(frozen=True)
class ModelOptions:
    """Encoder and head.

    Attributes:
        encoder: The frame CNN, chosen by its name.
        head: The sequence part and classifier, chosen by its name.
    """

    encoder: EncoderOptions = field(
        default_factory=TorchvisionEncoderOptions,
        metadata={"family": encoder_options, "names": ("simple", "a model of torchvision", "timm:NAME")},
    )
    head: HeadOptions = field(default_factory=RecurrentHeadOptions, metadata={"family": HEADS.get, "names": HEADS})


@dataclass(frozen=True)
class PathsConfig:
    """Where files go.

    Attributes:
        outputs: Folder of the runs.
        cache: Folder of manifests, synthetic data sets, features and frames, kept between runs.
    """

    outputs: str = "outputs"
    cache: str = "~/.cache/videoseq"


@dataclass(frozen=True)
class TrainConfig:
    """Everything that `videoseq.train` accepts.

    Attributes:
        name: Name of the run, the folder below `outputs`.
        seed: Seed of the weights, the sample order and the augmentation, in [0, 2**32).
        resume: Checkpoint to continue, or `auto` for the newest unfinished run of the same name.
        init_from: Checkpoint whose weights the model starts from; where its classes differ, all but the classifier, and where
            either has an answer for each frame and the other one for a video, all but `pool`.
        clip: How clips are cut.
        data: Which videos.
        augment: How training clips are varied.
        model: Which model.
        task: What is learned.
        optimizer: How it is learned.
        training: For how long, and with what care.
        trainer: On what.
        callbacks: Lightning callbacks of your own, each `{_target_: package.module.Class, argument: value}`.
        test: Whether the best checkpoint is measured on the test split, once, at the end.
        paths: Where files go.
    """

    name: str = "train"
    seed: int = 0
    resume: str | None = None
    init_from: str | None = None
    clip: ClipSpec = field(default_factory=ClipSpec)
    data: DataOptions = field(default_factory=DataOptions)
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    task: TaskOptions = field(default_factory=ClassificationOptions, metadata={"family": TASKS.get, "names": TASKS})
    optimizer: OptimizerOptions = field(default_factory=OptimizerOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    trainer: TrainerOptions = field(default_factory=TrainerOptions)
    callbacks: Mapping[str, Any] = field(default_factory=dict)
    test: bool = True
    paths: PathsConfig = field(default_factory=PathsConfig)

    def __post_init__(self) -> None:
        _check_seeds("seed", [self.seed])
        if self.data.root is None and self.data.annotations is None:
            raise ConfigError(
                "nothing to train on. Name an experiment: python -m videoseq.train +experiment=moving_shapes; "
                "or a folder of your own videos: python -m videoseq.train data.root=DIR, "
                "DIR holding class_name/*.mp4 or train|val|test/class_name/*.mp4"
            )
        if self.resume is not None and self.init_from is not None:
            raise ConfigError("resume continues a run and init_from starts a new one: give one of them")
        self.augment.check_effect(self.clip, self.data.batch_size)
        self.data.check_effect(self.clip)
        self.augment.check_task(self.task.spec)
        self.data.check_task(self.task.spec)
        self.optimizer.check_effect(encoder_stays_frozen=self.model.encoder.stays_frozen)
        choose_cache(
            self.data.cache,
            self.augment.resolved(),
            encoder_stays_frozen=self.model.encoder.stays_frozen,
            labels_clips_by_frame=self.task.spec.per_frame and self.training.tbptt_frames is None,
        )
        self.training.check_effect(encoder_stays_frozen=self.model.encoder.stays_frozen)
        if self.training.tbptt_frames is not None:
            temporal = self.augment.resolved().temporal
            check_chunks(self.training.tbptt_frames, self.task.spec, self.model.head, self.clip, temporal, self.data)
        self.clip.check_task(self.task.spec)
        self.model.head.check_effect(per_frame=self.task.spec.per_frame, has_grid=self.model.encoder.spatial is not None)
        if self.clip.num_frames == 1 and self.clip.sampling != "all":
            self.model.head.check_single_frames()
        corrections = {"data.sampler=balanced": self.data.sampler == "balanced", **self.task.loss.corrections}
        given = [word for word, is_given in corrections.items() if is_given]
        if len(given) > 1:
            raise ConfigError(
                f"{' and '.join(given)}: each makes up for classes of different size, together they overdo it; give one of "
                "them (class weights written as a list go with all)"
            )
        if self.monitor not in self.task.spec.monitors:
            raise ConfigError(
                f"training.monitor={self.monitor} is no figure of task.name={self.task.name}: "
                f"{suggest(self.monitor, self.task.spec.monitors)}"
            )

    @property
    def monitor(self) -> str:
        """The validation figure by which checkpoints are ranked: `training.monitor`, or what the task has for it."""
        return self.training.monitor or self.task.spec.headline


@dataclass(frozen=True)
class CrossvalidateConfig(TrainConfig):
    """Everything that `videoseq.crossvalidate` accepts.

    Attributes:
        seed: Seed of the trainings of the first repeat, in [0, 2**32); repeat r trains with seed + r.
        resume: Not for this command: the same command again continues.
        test: Not for this command: every fold is tested.
        folds: Folds of each repeat, at least 2; every video is tested in one of them.
        repeats: How often the videos are dealt to folds; repeat r deals with `data.split.seed` + r.
        compare: What is compared on the same folds, each with the first: names of experiments, options, or both, such as
            `['kernel_size','kernel_size model.encoder.kernel_size=5']`.
        output: JSON file to which the result is written too, such as `experiments/kernel_size/metrics.json`.
    """

    folds: int = 5
    repeats: int = 1
    compare: tuple[str, ...] = ()
    output: str | None = None

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise ConfigError(f"folds must be at least 2, got {self.folds}")
        if self.repeats < 1:
            raise ConfigError(f"repeats must be at least 1, got {self.repeats}")
        _check_seeds("seed", [self.seed, self.seed + self.repeats - 1])
        if len(self.compare) == 1:
            raise ConfigError(f"compare needs two entries or more, got {list(self.compare)}")
        if self.resume is not None:
            raise ConfigError("resume is not for crossvalidate: the same command again continues what was stopped")
        if not self.test:
            raise ConfigError("test=false is not for crossvalidate: every fold is tested; leave it out")
        if self.output is not None and not self.output.endswith(".json"):
            raise ConfigError(f"output must end in .json, got {self.output!r}")
        if self.compare:
            return  # each entry is checked as a training of its own
        if self.data.root is None and self.data.annotations is None:
            raise ConfigError(
                "nothing to cross-validate. Name an experiment: python -m videoseq.crossvalidate +experiment=kernel_size; a "
                "folder of your own videos: data.root=DIR; or several to compare: compare=[moving_shapes,moving_shapes_mean]"
            )
        super().__post_init__()


@dataclass(frozen=True)
class ExperimentConfig:
    """Everything that `videoseq.experiment` accepts.

    Attributes:
        name: Name of the experiment, a file in `conf/experiment`.
        seeds: Seeds, a training run each, different ones.
        output: Folder of the experiments; `<output>/<name>/metrics.json` is written.
        overrides: Further options of the training runs, such as `['training.max_epochs=2']`; `name`, `seed` and
            `paths.outputs` are set by the experiment itself.
    """

    name: str = field(metadata={"example": "moving_shapes"})
    seeds: tuple[int, ...] = (0,)
    output: str = "experiments"
    overrides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_seeds("seeds", self.seeds)
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(f"seeds must be different ones and at least one, such as [0,1,2], got {list(self.seeds)}")
        for word in self.overrides:
            if word.partition("=")[0].lstrip("+~") in ("name", "seed", "paths.outputs"):
                raise ConfigError(
                    f"overrides must leave name, seed and paths.outputs to the experiment, got {word!r}: "
                    "use name=, seeds= and output= of videoseq.experiment"
                )
