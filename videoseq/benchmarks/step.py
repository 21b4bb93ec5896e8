"""How fast training steps are on batches in memory, beside a loop written by hand."""

import logging
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from videoseq.benchmarks.comparison import Comparison, Contender
from videoseq.benchmarks.memory_batches import MemoryBatches
from videoseq.benchmarks.peers.plain_loop import plain_steps_per_second
from videoseq.models.checkpoint import ModelConfig, build_model, checkpoint_payload
from videoseq.models.options import EncoderOptions, HeadOptions
from videoseq.models.video_model import VideoModel
from videoseq.serving.device import choose_device
from videoseq.training.callbacks.bad_videos import BadVideoLog
from videoseq.training.fitting import fit
from videoseq.training.module import SequenceModule
from videoseq.training.optim import build_optimizer, build_scheduler
from videoseq.training.options import OptimizerOptions, TrainerOptions, TrainingOptions
from videoseq.training.task_options import TaskOptions
from videoseq.training.tasks import build_task
from videoseq.types import ClipSpec

WARM_UP = 3
"""Steps at the start that are not timed."""

_CLASSES = tuple(map(str, range(10)))


@dataclass(frozen=True)
class StepSetup:
    """What is trained, and how; the parts are those of a training's options.

    Attributes:
        encoder: The frame CNN.
        head: The sequence part.
        clip: Frames and size of the clips, which are random.
        batch_size: Clips of a batch.
        task: The loss.
        optimizer: The optimiser.
        training: The care.
        trainer: Where.
    """

    encoder: EncoderOptions
    head: HeadOptions
    clip: ClipSpec
    batch_size: int
    task: TaskOptions
    optimizer: OptimizerOptions
    training: TrainingOptions
    trainer: TrainerOptions

    @property
    def num_classes(self) -> int:
        """K."""
        return len(_CLASSES)

    @property
    def device(self) -> torch.device:
        """Where it is trained."""
        return choose_device(self.trainer.accelerator, self.trainer.num_threads)

    @property
    def title(self) -> str:
        """The work in a few words."""
        clip = self.clip
        size = f"{self.batch_size} clips of {clip.num_frames} frames at {clip.height}x{clip.width}"
        kind = "frozen " if self.encoder.stays_frozen else ""
        return f"{kind}{self.encoder.name} + {self.head.name}, {size}, {self.trainer.precision}, {self.device}"

    def model(self) -> tuple[VideoModel, ModelConfig]:
        """Builds the model."""
        config = ModelConfig(self.encoder, self.head, _CLASSES, self.clip)
        training = self.training
        return build_model(config, channels_last=training.channels_last, **training.chunks), config


def compare_steps(setup: StepSetup, steps: int, repeats: int) -> Comparison:
    """Compares steps of a training with those of a loop by hand: same model, batches, precision and optimiser.

    Ours also counts its metrics and logs.

    Args:
        setup: What is trained, and how.
        steps: Steps that are timed in a turn.
        repeats: Turns of each.

    Raises:
        VideoseqError: The model cannot be built or trained so.
    """
    batches = MemoryBatches(setup.clip, setup.batch_size, setup.num_classes, WARM_UP + steps)
    contenders = [
        Contender("videoseq", lambda: steps_per_second(setup, batches), is_ours=True),
        Contender("plain PyTorch loop", lambda: _plain(setup, batches), aim=0.97),
    ]
    notes = ["task.loss and training.ema are for videoseq alone: the loop takes the cross-entropy and keeps no average"]
    return Comparison(setup.title, "steps per second", contenders, notes=notes).run(repeats)


def steps_per_second(setup: StepSetup, batches: MemoryBatches) -> float:
    """Trains for an epoch of batches in memory and returns the steps per second behind the first few."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    model, config = setup.model()
    module = SequenceModule(
        model,
        build_task(setup.task, setup.task.spec, dict.fromkeys(_CLASSES, 1), len(_CLASSES)),
        setup.optimizer,
        monitor="loss",
        payload=checkpoint_payload(config),
        seed=0,
    )
    timer = _StepTimer(batches.num_batches)
    with tempfile.TemporaryDirectory(prefix="videoseq-benchmark-") as folder:
        fit(
            module,
            batches,
            Path(folder),
            replace(setup.training, max_epochs=1),
            setup.trainer,
            class_names=_CLASSES,
            bad_videos=BadVideoLog(lambda *_: None, num_videos=setup.batch_size, num_bad=0, max_bad_fraction=1),
            callbacks=[timer],
        )
    return timer.rate


def _plain(setup: StepSetup, batches: MemoryBatches) -> float:
    model, _ = setup.model()
    optimizer = build_optimizer(model.encoder, model.head, setup.optimizer)
    return plain_steps_per_second(
        model,
        optimizer,
        build_scheduler(optimizer, setup.optimizer.scheduler, batches.num_batches),
        [(batch.video, batch.targets) for batch in batches.train_dataloader()],
        setup.device,
        precision=setup.trainer.precision,
        clip_norm=setup.training.clip_norm,
        warm_up=WARM_UP,
    )


class _StepTimer(pl.Callback):
    """Times the steps behind the first few of an epoch."""

    def __init__(self, num_steps: int) -> None:
        self.num_steps = num_steps
        self.rate = 0.0
        self._started = 0.0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Starts the clock behind the last step of the warm-up, and stops it behind the last one of all."""
        if batch_idx + 1 not in (WARM_UP, self.num_steps):
            return
        if pl_module.device.type == "cuda":
            torch.cuda.synchronize(pl_module.device)
        if batch_idx + 1 == WARM_UP:
            self._started = time.perf_counter()
        else:
            self.rate = (self.num_steps - WARM_UP) / (time.perf_counter() - self._started)
