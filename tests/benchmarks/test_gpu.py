"""What is said of a device, computed here on the CPU."""

import pytest
import torch

from videoseq.benchmarks.gpu import matmul_tflops, measure_device, step_flops
from videoseq.benchmarks.memory_batches import MemoryBatches
from videoseq.benchmarks.step import StepSetup
from videoseq.benchmarks.training_runs import TrainingRun
from videoseq.models.options import MeanHeadOptions, SimpleEncoderOptions
from videoseq.training.options import OptimizerOptions, TrainerOptions, TrainingOptions
from videoseq.training.task_options import ClassificationOptions
from videoseq.types import ClipSpec

SETUP = StepSetup(
    SimpleEncoderOptions(channels=(4,), spatial=(1, 1)), MeanHeadOptions(), ClipSpec(num_frames=2, height=8, width=8), 3,
    ClassificationOptions(), OptimizerOptions(), TrainingOptions(), TrainerOptions(accelerator="cpu"),
)  # fmt: skip


def run(seconds, ends, clips_per_second):
    return TrainingRun(seconds, ends, {"clips_per_second": clips_per_second, "data_wait_fraction": 0.25})


def test_the_figures_of_a_device():
    figures = measure_device(SETUP, [run(1.0, (), 10.0), run(1.0, (), 30.0)], steps=2, matrix_size=32)
    assert figures["frames_per_second"] == 40.0  # the mean of both, of two frames each
    assert figures["data_wait_fraction"] == 0.25
    assert figures["share_of_synthetic"] == pytest.approx(40 / figures["synthetic_frames_per_second"])
    assert figures["share_of_matmul"] == pytest.approx(figures["tflops"] / figures["matmul_tflops"])
    assert figures["peak_memory_gb"] is None


def test_the_operations_of_a_step_grow_with_its_clips():
    one, two = (step_flops(SETUP, MemoryBatches(SETUP.clip, size, SETUP.num_classes, 1)) for size in (1, 2))
    assert one > 0
    assert two == 2 * one


def test_a_product_of_matrices_is_timed():
    assert matmul_tflops(torch.device("cpu"), 16) > 0


def test_an_epoch_lasts_from_the_line_of_the_one_before_to_its_own():
    assert run(9.0, (4.0, 5.0, 7.0), 1.0).epoch_seconds == [1.0, 2.0]
