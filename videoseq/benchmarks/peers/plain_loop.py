"""A training loop as one writes it by hand: nothing but the steps."""

import time
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from videoseq.models.video_model import VideoModel
from videoseq.serving.device import autocast


def plain_steps_per_second(
    model: VideoModel,
    optimizer: Optimizer,
    scheduler: LRScheduler,
    batches: Sequence[tuple[Tensor, Tensor]],
    device: torch.device,
    *,
    precision: str,
    clip_norm: float | None,
    warm_up: int,
) -> float:
    """Trains on batches and returns the steps per second behind the first few.

    Args:
        model: What is trained.
        optimizer: Its optimiser.
        scheduler: The schedule of the learning rate, stepped with it.
        batches: Clips (B, T, 3, H, W) uint8 and class ids (B,), on the CPU.
        device: Where it is trained.
        precision: As `trainer.precision`.
        clip_norm: Norm to which gradients are clipped.
        warm_up: Steps that are not timed.
    """
    model = model.to(device).train()
    scaler = torch.amp.GradScaler(device.type, enabled=precision == "16-mixed")
    started = 0.0
    for number, (video, targets) in enumerate(batches):
        if number == warm_up:
            _wait(device)
            started = time.perf_counter()
        optimizer.zero_grad()
        with autocast(device, precision):
            logits, _ = model(video.to(device, non_blocking=True))
            loss = functional.cross_entropy(logits, targets.to(device, non_blocking=True))
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if clip_norm is not None:
            scaler.unscale_(optimizer)
            clip_grad_norm_(model.parameters(), clip_norm)
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
    _wait(device)
    return (len(batches) - warm_up) / (time.perf_counter() - started)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
