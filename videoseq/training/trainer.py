"""The Lightning trainer of a run: checkpoints, logging, early stopping, progress."""

import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.callbacks import EarlyStopping, LearningRateMonitor, ModelCheckpoint, RichProgressBar
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.strategies import Strategy
from torch import distributed

from videoseq.errors import ConfigError
from videoseq.training import ranks
from videoseq.training.callbacks.epoch_report import EpochReport
from videoseq.training.module import LOG_EVERY_STEPS
from videoseq.training.options import TrainerOptions, TrainingOptions
from videoseq.training.run_folder import BEST_CHECKPOINT, LAST_CHECKPOINT, TENSORBOARD_FOLDER
from videoseq.training.strategy import DataParallel

logger = logging.getLogger(__name__)


def build_trainer(
    folder: Path, training: TrainingOptions, trainer: TrainerOptions, callbacks: Sequence[pl.Callback]
) -> pl.Trainer:
    """Returns the trainer of a run; in each of the processes of a group, if there is one, its part of their common trainer.

    Args:
        folder: The run's folder.
        training: The course of the run.
        trainer: On what it runs.
        callbacks: What else happens during it.

    Raises:
        ConfigError: The machine has no such accelerator.
    """
    # What Lightning tells at this level (tips, devices, how a fit ended) is no news to a user of ours.
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    if trainer.num_threads is not None:
        torch.set_num_threads(trainer.num_threads)
    watched: list[pl.Callback] = [
        _checkpoint(folder / BEST_CHECKPOINT, monitor="val/selection_score", mode="max"),
        _checkpoint(folder / LAST_CHECKPOINT, every_n_epochs=1, save_on_train_epoch_end=True),
        LearningRateMonitor("step"),
        RichProgressBar() if sys.stderr.isatty() and sys.stdout.isatty() else EpochReport(),
    ]
    if training.early_stopping is not None:
        watched.append(EarlyStopping("val/selection_score", mode="max", patience=training.early_stopping))
    try:
        built = pl.Trainer(
            accelerator=trainer.accelerator,
            devices=ranks.world_size() // trainer.num_nodes,
            num_nodes=trainer.num_nodes,
            strategy=_strategy(trainer),
            precision=trainer.precision,
            max_epochs=training.max_epochs,
            accumulate_grad_batches=training.accumulate,
            gradient_clip_val=training.clip_norm,
            deterministic=training.deterministic,
            callbacks=[*callbacks, *watched],
            logger=TensorBoardLogger(folder, name="", version=TENSORBOARD_FOLDER),
            default_root_dir=folder,
            enable_progress_bar=isinstance(watched[3], RichProgressBar),
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=LOG_EVERY_STEPS,
            use_distributed_sampler=False,
        )
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        raise ConfigError(f"trainer: {str(error).splitlines()[0]}; to run on the CPU: trainer=cpu") from error
    is_cpu = built.strategy.root_device.type == "cpu"
    if trainer.precision == "bf16-mixed" and is_cpu and not computes_in_bfloat16(torch.cpu.get_capabilities()):
        logger.warning("this CPU does not compute in bfloat16, so trainer.precision=bf16-mixed is slower here than trainer=cpu")
    return built


def computes_in_bfloat16(capabilities: Mapping[str, Any]) -> bool:
    """Says whether a CPU has instructions for products of bfloat16; without them torch imitates them.

    Args:
        capabilities: Name of an instruction set -> whether the CPU has it, see `torch.cpu.get_capabilities`.
    """
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))


def _strategy(trainer: TrainerOptions) -> Strategy | str:
    if not distributed.is_initialized():
        return "auto"
    return DataParallel(find_unused_parameters=trainer.strategy == "ddp_find_unused")


def _checkpoint(path: Path, **options: object) -> ModelCheckpoint:
    return ModelCheckpoint(
        dirpath=path.parent,
        filename=path.stem,
        auto_insert_metric_name=False,
        enable_version_counter=False,
        **options,  # type: ignore[arg-type]
    )
