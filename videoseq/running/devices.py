"""How many processes a run has on this machine: what the options ask for, the machine has and a launcher has started."""

import os
from collections.abc import Mapping

import torch

from videoseq.errors import ConfigError
from videoseq.serving.device import choose_device
from videoseq.training.options import TrainerOptions


def is_launched(environment: Mapping[str, str] = os.environ) -> bool:
    """Says whether this process was started as one of several, by torchrun or by the first of them."""
    return {"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"} <= environment.keys()


def count_processes(options: TrainerOptions, environment: Mapping[str, str] = os.environ) -> int:
    """Returns the processes of a run on this machine, one for every device.

    Args:
        options: What is asked for.
        environment: What torchrun tells the processes that it starts.

    Raises:
        ConfigError: The machine has not as many devices, or torchrun has started other processes than the options ask for.
    """
    kind = choose_device(options.accelerator).type
    here = {"cuda": torch.cuda.device_count(), "mps": 1}.get(kind)  # on the CPU any number goes
    launched = int(environment["LOCAL_WORLD_SIZE"]) if is_launched(environment) else None
    wanted = (launched or here or 1) if options.devices == "auto" else options.devices
    if here is not None and wanted > here:
        raise ConfigError(
            f"trainer.devices={wanted}, but this machine has {here} of them ({kind}): take trainer.devices=auto, or train on "
            "the CPU with trainer.accelerator=cpu"
        )
    if launched is not None and wanted != launched:
        raise ConfigError(
            f"trainer.devices={wanted}, but torchrun has started {launched} processes on this machine: take "
            f"trainer.devices=auto, or --nproc-per-node {wanted}"
        )
    nodes = int(environment["WORLD_SIZE"]) // launched if launched else 1
    if options.num_nodes != nodes:
        raise ConfigError(
            f"trainer.num_nodes={options.num_nodes}, but the run was started on {nodes}: give the number of machines, and "
            "start it on each of them with torchrun --nnodes NUMBER --nproc-per-node DEVICES -m videoseq.train …"
        )
    if options.sync_batchnorm and kind != "cuda":
        raise ConfigError(f"trainer.sync_batchnorm=true is for GPUs, this run is on {kind}: leave it out")
    return wanted
