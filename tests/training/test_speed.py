"""The figures of a run's speed, from literal counts."""

import time

import pytest
import torch

from videoseq.training.phases import PHASES, PhaseClock
from videoseq.training.speed import Speed

BEFORE = Speed(seconds=10.0, wait_seconds=8.0, steps=5, clips=40, own_clips=20, frames=100, slots=200, decode_seconds=3.0)
NOW = Speed(
    seconds=20.0,
    wait_seconds=10.0,
    steps=10,
    clips=80,
    own_clips=40,
    frames=340,
    slots=500,
    decode_seconds=5.0,
    transform_seconds=1.0,
    phases={"transfer": 0.5, "forward": 2.0, "backward": 4.0, "optimizer": 1.0},
)


def test_figures_follow_from_counts():
    assert (NOW.clips_per_second, NOW.data_wait_fraction) == (4.0, 0.5)
    assert NOW.padding_fraction == pytest.approx(0.32)
    assert NOW.times == {
        "decode_seconds_per_clip": 0.125,
        "transform_seconds_per_clip": 0.025,
        "transfer_seconds_per_step": 0.05,
        "forward_seconds_per_step": 0.2,
        "backward_seconds_per_step": 0.4,
        "optimizer_seconds_per_step": 0.1,
    }


def test_an_epoch_is_what_was_counted_since_the_last_one():
    epoch = NOW.since(BEFORE)
    assert (epoch.clips_per_second, epoch.data_wait_fraction) == (4.0, 0.2)
    assert epoch.padding_fraction == pytest.approx(0.2)
    assert (epoch.own_clips, epoch.steps, epoch.times["decode_seconds_per_clip"]) == (20, 5, 0.1)
    assert epoch.times["backward_seconds_per_step"] == 0.8


def test_a_run_that_did_nothing_has_no_speed():
    nothing = Speed()
    assert (nothing.clips_per_second, nothing.data_wait_fraction, nothing.padding_fraction) == (0.0, 0.0, 0.0)
    assert set(nothing.times.values()) == {0.0}


def test_a_clock_adds_up_each_phase_and_nothing_between_them():
    clock, cpu = PhaseClock(), torch.device("cpu")
    started = time.perf_counter()
    for phase, seconds in (
        ("transfer", 0.01),
        (None, 0.04),
        ("forward", 0.02),
        ("backward", 0.03),
        (None, 0.04),
        ("transfer", 0.01),
    ):
        clock.start(phase, cpu)
        time.sleep(seconds)
    clock.start(None, cpu)
    elapsed = time.perf_counter() - started
    time.sleep(0.01)
    clock.finish()
    least = {"transfer": 0.02, "forward": 0.02, "backward": 0.03, "optimizer": 0.0}
    assert set(least) == set(PHASES)
    assert all(clock.seconds[phase] >= seconds for phase, seconds in least.items())
    assert clock.seconds["optimizer"] == 0.0
    assert sum(clock.seconds.values()) <= elapsed - 0.08
    clock.start("optimizer", cpu)
    clock.finish()
    assert clock.seconds["optimizer"] == 0.0  # it has not ended


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_on_a_gpu_the_clock_is_that_of_its_stream():
    clock, gpu = PhaseClock(), torch.device("cuda")
    values = torch.ones(4096, 4096, device=gpu)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        clock.start("forward", gpu)
        for _ in range(20):
            values = values @ values
        clock.start(None, gpu)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    clock.finish()
    assert clock.seconds["forward"] > 20 * 2 * 4096**3 / 4e15  # no GPU is that fast
