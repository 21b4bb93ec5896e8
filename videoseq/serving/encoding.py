"""How a model that learns nothing encodes: as is fastest on its device, in memory that does not grow with the clips."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from videoseq.models.video_model import VideoModel

FRAMES_AT_ONCE = 512
"""Frames that the encoder gets at once, so that long clips fit into memory."""

FRAMES_AT_ONCE_ON_CPU = 32
"""What a few frames need fits into the caches: a small encoder is three times as fast as on hundreds of them."""


@contextmanager
def fast_encoding(model: VideoModel, device: torch.device) -> Iterator[None]:
    """Lets a model encode as is fastest on a device, the same up to rounding, and then as before.

    Args:
        model: The model; an `encoder_chunk` of its own that is smaller stays.
        device: Where it runs.
    """
    before = model.channels_last, model.encoder_chunk
    on_cpu = device.type == "cpu"
    most = FRAMES_AT_ONCE_ON_CPU if on_cpu else FRAMES_AT_ONCE
    _encode_as(model, model.channels_last or on_cpu, min(model.encoder_chunk or most, most))
    try:
        yield
    finally:
        _encode_as(model, *before)


def _encode_as(model: VideoModel, channels_last: bool, encoder_chunk: int | None) -> None:
    if channels_last != model.channels_last:
        model.encoder.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
    model.channels_last, model.encoder_chunk = channels_last, encoder_chunk
