"""What a training makes of its device: beside the same steps on batches in memory, and beside a large matrix product."""

import time
from collections.abc import Sequence
from statistics import median

import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from videoseq.benchmarks.memory_batches import MemoryBatches
from videoseq.benchmarks.step import WARM_UP, StepSetup, steps_per_second
from videoseq.benchmarks.training_runs import TrainingRun
from videoseq.serving.device import autocast

_MATRIX_SIZE = 8192
_PRODUCTS = 20


def measure_device(
    setup: StepSetup, runs: Sequence[TrainingRun], steps: int, matrix_size: int = _MATRIX_SIZE
) -> dict[str, float | None]:
    """Returns frames per second, the share of them that is left of those on batches in memory, waiting, TFLOP/s and memory.

    Args:
        setup: What was trained, and how.
        runs: The trainings, each of whose epochs read and encoded its clips.
        steps: Steps on batches in memory.
        matrix_size: Rows and columns of the matrices.

    Raises:
        VideoseqError: The model cannot be trained so.
    """
    batches = MemoryBatches(setup.clip, setup.batch_size, setup.num_classes, WARM_UP + steps)
    on_gpu = setup.device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    synthetic = steps_per_second(setup, batches) * setup.batch_size
    peak_memory_gb = torch.cuda.max_memory_allocated() / 2**30 if on_gpu else None
    clips = median(run.metrics["clips_per_second"] for run in runs)
    used = step_flops(setup, batches) / setup.batch_size * clips / 1e12
    possible = matmul_tflops(setup.device, matrix_size)
    return {
        "frames_per_second": clips * setup.clip.num_frames,
        "synthetic_frames_per_second": synthetic * setup.clip.num_frames,
        "share_of_synthetic": clips / synthetic,
        "data_wait_fraction": median(run.metrics["data_wait_fraction"] for run in runs),
        "tflops": used,
        "matmul_tflops": possible,
        "share_of_matmul": used / possible,
        "peak_memory_gb": peak_memory_gb,
    }


def step_flops(setup: StepSetup, batches: MemoryBatches) -> int:
    """Returns the floating-point operations of a step, forward and backward, those of convolutions and matrix products."""
    model = setup.model()[0].to(setup.device).train()
    batch = next(iter(batches.train_dataloader())).to(setup.device)
    with FlopCounterMode(display=False) as counter:
        with autocast(setup.device, setup.trainer.precision):
            logits, _ = model(batch.video)
            loss = functional.cross_entropy(logits, batch.targets)
        loss.backward()  # type: ignore[no-untyped-call]
    return int(counter.get_total_flops())


def matmul_tflops(device: torch.device, size: int) -> float:
    """Returns the 10^12 operations per second of a product of square bfloat16 matrices."""
    left, right = torch.randn(2, size, size, device=device, dtype=torch.bfloat16)
    seconds = []
    for _ in range(_PRODUCTS):
        started = time.perf_counter()
        torch.matmul(left, right)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / median(seconds) / 1e12
