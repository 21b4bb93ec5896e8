"""Options of the commands that ask a trained model: `videoseq.evaluate` and `videoseq.predict`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from videoseq.config.schema import PathsConfig
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.options import DataOptions
from videoseq.errors import ConfigError
from videoseq.training.options import TrainerOptions
from videoseq.types import Limits, Split


@dataclass(frozen=True)
class EvaluateConfig:
    """Everything that `videoseq.evaluate` accepts.

    Attributes:
        checkpoint: The checkpoint, such as `outputs/train/DATE/checkpoints/best.ckpt`.
        on: The split.
        num_clips: Clips of a video over whose answers is averaged; null is 3, and 1 where every frame has an answer: those are
            measured on whole videos, and take no other number.
        num_crops: Crops of a clip, likewise; 1 where every frame has an answer.
        order_probe: Whether the accuracy, mAP (multilabel) or R² (regression) is also measured on shuffled, reversed and
            repeated single frames; not where every frame has an answer.
        frame_rows: Whether `frames.csv` is written: class and probabilities of every frame, for a model of frames.
        output: Folder of the results; null is `evaluation_<on>` in the run's folder, or beside the checkpoint.
        data: Options that differ from those of the training run.
        trainer: On what.
        paths: Where files go.
    """

    checkpoint: str = field(metadata={"example": "outputs/train/DATE/checkpoints/best.ckpt"})
    on: Split = "test"
    num_clips: int | None = None
    num_crops: int = 1
    order_probe: bool = False
    frame_rows: bool = False
    output: str | None = None
    data: Mapping[str, Any] = field(
        default_factory=dict, metadata={"partial": DataOptions, "otherwise": "as in the training run"}
    )
    trainer: TrainerOptions = field(default_factory=TrainerOptions)
    paths: PathsConfig = field(default_factory=PathsConfig)

    def __post_init__(self) -> None:
        self.trainer.refuse_several_devices("evaluate")
        for name in ("num_clips", "num_crops"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ConfigError(f"{name} must be at least 1, got {number}")


@dataclass(frozen=True)
class PredictConfig:
    """Everything that `videoseq.predict` accepts.

    Attributes:
        checkpoint: The checkpoint, such as `outputs/train/DATE/checkpoints/best.ckpt`.
        input: A video file, a folder searched for videos, or a glob pattern.
        frame_folders: Folders of extracted frames as videos; the input is then such a folder, or holds some.
        output: Where the rows go, `.csv` or `.json`; null prints a table.
        top_k: How many classes a row names, for rows with one class; null is 5.
        windows: Whether a long video gets a row per window instead of one row; not where every frame has an answer.
        window_seconds: Length of a window; null is the usual length of the training clips.
        window_step_seconds: Step from window to window; null is half a window.
        frames: Frame indices that each get a row, from the clip around that frame, or from the whole video where every frame
            has an answer.
        num_clips: Clips of a video over whose answers is averaged; 1 where every frame has an answer.
        num_crops: Crops of a clip, likewise.
        min_seconds: Length that a predicted segment has at least (frames): a shorter one gets the class of a neighbour.
        step_seconds: Seconds from row to row of a model with a value for every frame; null is a row for every frame.
        attention: Whether rows tell which moments count: the weight of every frame of the clip by its time, for a model with
            `model.head.pool=attention`.
        batch_size: Clips of a batch.
        num_workers: Processes that decode; 0 decodes beside the model, which is best for a few videos.
        decoder: Which reader: `auto` is PyAV for files, the fastest exact one; `decord` refuses files that it would read
            wrongly; `torchcodec` needs the extra `torchcodec` and a system FFmpeg.
        limits: What one file may ask of the machine.
        trainer: On what.
    """

    checkpoint: str = field(metadata={"example": "outputs/train/DATE/checkpoints/best.ckpt"})
    input: str = field(metadata={"example": "video.mp4"})
    frame_folders: FrameFolderOptions = field(default_factory=FrameFolderOptions)
    output: str | None = None
    top_k: int | None = None
    windows: bool = False
    window_seconds: float | None = None
    window_step_seconds: float | None = None
    frames: tuple[int, ...] | None = None
    num_clips: int = 1
    num_crops: int = 1
    min_seconds: float = 0.0
    step_seconds: float | None = None
    attention: bool = False
    batch_size: int = 16
    num_workers: int = 0
    decoder: Literal["auto", "decord", "pyav", "torchcodec"] = "auto"
    limits: Limits = field(default_factory=Limits)
    trainer: TrainerOptions = field(default_factory=TrainerOptions)

    def __post_init__(self) -> None:
        self.trainer.refuse_several_devices("predict")
        for name in ("top_k", "num_clips", "num_crops", "batch_size"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ConfigError(f"{name} must be at least 1, got {number}")
        if self.min_seconds < 0:
            raise ConfigError(f"min_seconds must be 0 or positive, got {self.min_seconds}")
        for name in ("window_seconds", "window_step_seconds", "step_seconds"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} must be positive or null, got {value}")
        if self.frames is not None and not self.frames:
            raise ConfigError("frames names no frame, got []. Fix: frames=[0,100] or any others, or leave frames out")
        if self.windows and self.frames is not None:
            raise ConfigError("windows and frames each say which rows there are: give one of them")
        if self.output is not None and not self.output.endswith((".csv", ".json")):
            raise ConfigError(f"output must end in .csv or .json, got {self.output!r}")
