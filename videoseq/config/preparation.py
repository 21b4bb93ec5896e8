"""Options of `videoseq.prepare`."""

from dataclasses import dataclass, field

from videoseq.config.schema import PathsConfig
from videoseq.data.options import DataOptions
from videoseq.errors import ConfigError
from videoseq.training.task_options import TASKS, ClassificationOptions, TaskOptions


@dataclass(frozen=True)
class PrepareConfig:
    """Everything that `videoseq.prepare` accepts.

    Attributes:
        data: Which videos, named as in training; all official splits are prepared, and what says how to train has no effect.
            `data.num_workers` processes copy, one video each.
        task: What its labels are, as in training; what it says of the loss has no effect.
        output: Folder of the copy, beside the data set: new, empty, or what an earlier run that was stopped has left there.
        short_side: Pixels of the shorter side, the shape kept; never enlarged. Training reads no more than
            `clip.height` / `clip.crop_fraction` of it, 128 for the usual 112.
        quality: 0 to 100: x264's CRF is (100 - quality) / 2, JPEG's quality 100 - CRF, and at 100 neither loses anything (JPEGs
            become PNGs under their old names). A video that falls below `min_psnr` is encoded again with less loss.
        gop: Frames from one keyframe to the next: fewer make single frames faster to reach, more make smaller files.
        min_psnr: dB that every copy keeps against its source at the same size, in RGB over all frames.
        paths: Where files go.
    """

    output: str = field(metadata={"example": "prepared"})
    data: DataOptions = field(default_factory=DataOptions)
    task: TaskOptions = field(default_factory=ClassificationOptions, metadata={"family": TASKS.get, "names": TASKS})
    short_side: int = 128
    quality: int = 64
    gop: int = 12
    min_psnr: float = 30.0
    paths: PathsConfig = field(default_factory=PathsConfig)

    def __post_init__(self) -> None:
        if not self.output:
            raise ConfigError("output is empty: name the folder of the copy, output=DIR")
        if self.short_side < 16:
            raise ConfigError(f"short_side must be at least 16 pixels, got {self.short_side}")
        if not 0 <= self.quality <= 100:
            raise ConfigError(f"quality must lie in [0, 100], got {self.quality}")
        if not 1 <= self.gop <= 250:
            raise ConfigError(f"gop must lie in [1, 250], got {self.gop}")
        if not 0 <= self.min_psnr <= 45:  # a change of colour space alone leaves little more
            raise ConfigError(f"min_psnr must lie in [0, 45] dB, got {self.min_psnr:g}")
