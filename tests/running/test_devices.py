"""How many processes a run has on a machine, and what does not fit together."""

import pytest
import torch

from videoseq.errors import ConfigError
from videoseq.running.devices import count_processes, is_launched
from videoseq.training.options import TrainerOptions


def cpu(**options):
    return TrainerOptions(accelerator="cpu", **options)


def launched(here, everywhere):
    """What torchrun tells its processes."""
    return {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": str(everywhere), "LOCAL_WORLD_SIZE": str(here)}


@pytest.mark.parametrize(
    ("options", "environment", "count"),
    [
        (cpu(), {}, 1),
        (cpu(devices=3), {}, 3),
        (cpu(devices="auto"), {}, 1),
        (cpu(devices="auto"), launched(2, 2), 2),
        (cpu(devices=2), launched(2, 2), 2),
        (cpu(devices="auto", num_nodes=2), launched(3, 6), 3),
        (cpu(devices=2), {"RANK": "0", "WORLD_SIZE": "4"}, 2),  # a variable of somebody else's starts nothing
    ],
)
def test_there_is_a_process_for_each_device(options, environment, count):
    assert count_processes(options, environment) == count
    assert is_launched(environment) == ("LOCAL_WORLD_SIZE" in environment)


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        (
            cpu(),
            launched(2, 2),
            r"trainer\.devices=1, but torchrun has started 2 processes on this machine: take trainer\.devices=auto, or --nproc",
        ),
        (cpu(devices=3), launched(2, 2), r"trainer\.devices=3, but torchrun has started 2 .* --nproc-per-node 3$"),
        (
            cpu(num_nodes=2),
            {},
            r"trainer\.num_nodes=2, but the run was started on 1: .*torchrun --nnodes NUMBER --nproc-per-node",
        ),
        (
            cpu(devices="auto"),
            launched(2, 4),
            r"trainer\.num_nodes=1, but the run was started on 2: give the number of machines",
        ),
        (
            cpu(devices=2, sync_batchnorm=True),
            {},
            r"trainer\.sync_batchnorm=true is for GPUs, this run is on cpu: leave it out",
        ),
    ],
)
def test_what_does_not_fit_is_refused(options, environment, message):
    with pytest.raises(ConfigError, match=message):
        count_processes(options, environment)


def test_more_gpus_than_there_are_are_refused():
    here = torch.cuda.device_count()
    options = TrainerOptions(accelerator="gpu", devices=here + 1)
    message = (
        rf"this machine has {here} of them \(cuda\): take trainer\.devices=auto"
        if here
        else r"finds no GPU here: use trainer=cpu"
    )
    with pytest.raises(ConfigError, match=message):
        count_processes(options, {})
