"""Optimisers and learning-rate schedules."""

import math
from collections.abc import Iterator

from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from videoseq.models.depth import layers_by_depth
from videoseq.models.frame_encoder import FrameEncoder
from videoseq.training.options import OptimizerOptions, SchedulerOptions


def build_optimizer(encoder: FrameEncoder, head: nn.Module, options: OptimizerOptions) -> Optimizer:
    """Returns an optimiser over groups: encoder and head, each with and without weight decay.

    With `layer_decay` below 1 every layer of the encoder is a group of its own, as `encoder.layer4`, at
    `lr * encoder_lr_scale * layer_decay**distance`, where the last layer has distance 1 and the first, with the embeddings,
    the largest (ELECTRA, Clark et al. 2020; BEiT, Bao et al. 2021).

    Frozen parameters belong to a group from the start; without a gradient the optimiser passes them over. So unfreezing
    changes no group, and a resumed optimiser fits.

    Args:
        encoder: The frame CNN.
        head: The sequence part, at `lr`.
        options: The optimiser's options.
    """
    groups = []
    for name, lr, parameters in (*_encoder_parts(encoder, options), ("head", options.lr, list(head.parameters()))):
        decayed = [parameter for parameter in parameters if parameter.ndim > 1]
        # Biases and the scales of norms are vectors; pulling them to zero only hurts.
        plain = [parameter for parameter in parameters if parameter.ndim <= 1]
        groups.append({"params": decayed, "lr": lr, "weight_decay": options.weight_decay, "name": name})
        groups.append({"params": plain, "lr": lr, "weight_decay": 0.0, "name": f"{name}_no_decay"})
    groups = [group for group in groups if group["params"]]
    if options.name == "sgd":
        return SGD(groups, lr=options.lr, momentum=0.9, nesterov=True)
    return AdamW(groups, lr=options.lr)


def _encoder_parts(encoder: FrameEncoder, options: OptimizerOptions) -> Iterator[tuple[str, float, list[nn.Parameter]]]:
    """Yields the name, the learning rate and the parameters of the parts that share a rate."""
    lr = options.lr * options.encoder_lr_scale
    if options.layer_decay == 1:
        yield "encoder", lr, list(encoder.parameters())
        return
    layers = layers_by_depth(encoder.trunk)
    for position, (name, parameters) in enumerate(layers.items()):
        yield f"encoder.{name}", lr * options.layer_decay ** (len(layers) - position), parameters


def build_scheduler(optimizer: Optimizer, options: SchedulerOptions, num_steps: int) -> LambdaLR:
    """Returns a schedule that is stepped after every optimiser step.

    Args:
        optimizer: The optimiser.
        options: The schedule's options.
        num_steps: Optimiser steps of the whole run.
    """
    return LambdaLR(optimizer, lambda step: lr_factor(step, num_steps, options))


def lr_factor(step: int, num_steps: int, options: SchedulerOptions) -> float:
    """Returns the factor on the learning rate at a step, in [0, 1].

    Linear warm-up, then half a cosine down to zero (Loshchilov & Hutter, SGDR, eq. 5, without restarts) or constant.
    """
    warmup = round(options.warmup_fraction * num_steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if options.name == "constant":
        return 1.0
    progress = (step - warmup) / max(num_steps - warmup, 1)
    return 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
