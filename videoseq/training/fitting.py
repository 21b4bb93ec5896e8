"""One fit: the callbacks every run has, around Lightning's loop."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytorch_lightning as pl

from videoseq.errors import Interrupted
from videoseq.training import ranks
from videoseq.training.callbacks.bad_videos import BadVideoLog
from videoseq.training.callbacks.ema import WeightAverage
from videoseq.training.callbacks.histograms import Histograms
from videoseq.training.callbacks.interrupt import InterruptSaver
from videoseq.training.callbacks.media import TensorBoardMedia
from videoseq.training.callbacks.throughput import Throughput
from videoseq.training.compiling import compile_encoder
from videoseq.training.module import SequenceModule
from videoseq.training.options import TrainerOptions, TrainingOptions
from videoseq.training.resuming import check_resumable
from videoseq.training.run_folder import LAST_CHECKPOINT
from videoseq.training.trainer import build_trainer


@dataclass(frozen=True)
class FitReport:
    """What a fit leaves besides its checkpoints.

    Attributes:
        train_metrics: Figures of the last epoch on the training split, augmented and in training mode; of the clips since
            then, where the run was continued in the middle of that epoch.
        epochs: Epochs that were finished, those of resumed runs included.
        steps: Optimiser steps, likewise.
        clips_per_second: Training clips per second.
        data_wait_fraction: Share of the training time spent waiting for the loader, in [0, 1].
        data_wait_seconds: The same in seconds.
        padding_fraction: Share of the frames of all batches that are padding, in [0, 1).
        times: Seconds of a clip in a worker and of a step on the device; see `Speed.times`.
        num_bad_videos: Videos left out, by the scan or later.
    """

    train_metrics: dict[str, float]
    epochs: int
    steps: int
    clips_per_second: float
    data_wait_fraction: float
    data_wait_seconds: float
    padding_fraction: float
    times: dict[str, float]
    num_bad_videos: int


def fit(
    module: SequenceModule,
    datamodule: pl.LightningDataModule,
    folder: Path,
    training: TrainingOptions,
    trainer_options: TrainerOptions,
    *,
    class_names: Sequence[str],
    bad_videos: BadVideoLog,
    callbacks: Sequence[pl.Callback] = (),
    resume: Path | None = None,
) -> FitReport:
    """Trains a module until its epochs are done, it stops early, or a signal stops it; in several processes, as one of them.

    Args:
        module: What is trained.
        datamodule: Training and validation loaders.
        folder: The run's folder.
        training: The course of the run.
        trainer_options: On what it runs.
        class_names: Class id -> name.
        bad_videos: Counts and reports unreadable videos.
        callbacks: Further callbacks.
        resume: Checkpoint to continue from.

    Raises:
        Interrupted: A signal stopped the run; it can be resumed.
        CheckpointError: The checkpoint to continue from is none, or of another model, task, optimiser or training split.
        ConfigError: The machine cannot do what the options ask for.
        DataError: Too many videos are bad, or none of the validation videos with a label could be read.
    """
    if resume is not None:
        check_resumable(resume, module, training)
    if trainer_options.sync_batchnorm:
        module.model.encoder.synchronise_batchnorm()
    interrupt = InterruptSaver(folder / LAST_CHECKPOINT)
    throughput = Throughput(module.clock)
    histograms = [Histograms()] if training.histograms else []
    averages = [] if training.ema is None else [WeightAverage(training.ema)]
    trainer = build_trainer(
        folder,
        training,
        trainer_options,
        # A stop comes after what its batch has shown is counted and listed.
        [*averages, bad_videos, interrupt, throughput, TensorBoardMedia(module.task, class_names), *histograms, *callbacks],
    )
    if training.compile:
        compile_encoder(module.model.encoder, trainer.strategy.root_device)
    with warnings.catch_warnings():
        # Advice that does not hold here: the number of workers is chosen, short epochs are no mistake.
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*The number of training batches.*")
        # The module times it, whatever the loaders come from.
        warnings.filterwarnings("ignore", ".*overridden `transfer_batch_to_device`.*")
        # What is frozen stays in evaluation mode on purpose.
        warnings.filterwarnings("ignore", ".*in eval mode at the start of training.*")
        # What is logged at the end of an epoch is that of all processes already.
        warnings.filterwarnings("ignore", ".*It is recommended to use `self.log.*sync_dist=True.*")
        if resume is not None:  # its folder is continued on purpose
            warnings.filterwarnings("ignore", ".*Checkpoint directory .* exists and is not empty.*")
        # Lightning's own affair with torch.
        warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
        _run(trainer, module, datamodule, resume)
    if ranks.any_of(interrupt.requested):
        raise Interrupted(f"stopped after the last epoch; continue with the same command and resume=auto ({folder})")
    figures = {
        name.removeprefix("train/"): float(value)
        for name, value in trainer.callback_metrics.items()
        if name.startswith("train/") and not name.endswith(("_step", "_epoch"))
    }
    return FitReport(
        figures,
        trainer.current_epoch,
        trainer.global_step,
        throughput.speed.clips_per_second,
        throughput.speed.data_wait_fraction,
        throughput.speed.wait_seconds,
        throughput.speed.padding_fraction,
        throughput.speed.times,
        bad_videos.num_bad,
    )


def _run(trainer: pl.Trainer, module: SequenceModule, datamodule: pl.LightningDataModule, resume: Path | None) -> None:
    try:
        trainer.fit(module, datamodule=datamodule, ckpt_path=resume, weights_only=True)
    except SystemExit as error:  # Lightning turns the second Ctrl-C into exit code 1
        raise Interrupted("stopped at once; continue from the last checkpoint with resume=auto") from error
