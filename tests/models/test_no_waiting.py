"""A model never makes the host wait for the device: on the meta device, where nothing can be read back, it runs as anywhere."""

from dataclasses import replace

import pytest
import torch

from tests.models.heads.building import SMALL, label
from videoseq.models.encoders import build_encoder
from videoseq.models.heads import build_head
from videoseq.models.options import SimpleEncoderOptions
from videoseq.models.video_model import VideoModel

VIDEO = torch.zeros(3, 6, 3, 32, 32, dtype=torch.uint8, device="meta")
HEADS = [
    *(replace(options, centre="causal", motion="difference") for options in SMALL.values()),
    *(replace(SMALL["gru"], pool=pool) for pool in ("mean", "max", "attention")),
    replace(SMALL["lstm"], bidirectional=True, centre="clip"),
]


@pytest.mark.parametrize("lengths", [None, torch.tensor([6, 6, 6]), torch.tensor([6, 2, 5])])
@pytest.mark.parametrize("head", HEADS, ids=label)
@pytest.mark.parametrize("values", [{}, {"encoder_chunk": 4, "activation_checkpointing": True}])
def test_nothing_is_read_back_from_the_device(lengths, head, values):
    encoder = build_encoder(SimpleEncoderOptions(channels=(4,), spatial=(2, 2), freeze_batchnorm=True), height=32, width=32)
    sequence = build_head(head, feature_shape=encoder.feature_shape, num_outputs=3)
    model = VideoModel(encoder, sequence, **values).to("meta").train()
    logits, state = model(VIDEO, lengths)
    if model.head.is_causal:
        logits, _ = model(VIDEO, lengths, state)
    assert (logits.shape, logits.device.type) == ((3, 3), "meta")
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in model.head.parameters())
    with pytest.raises(RuntimeError, match="meta"):
        bool(logits.sum() > 0)  # what reads a value back fails here
