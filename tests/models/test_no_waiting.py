"""A model never makes the host wait for the device: on the meta device, where nothing can be read back, it runs as anywhere."""

import pytest
import torch

from videoseq.models.encoders import build_encoder
from videoseq.models.heads import build_head
from videoseq.models.options import MeanHeadOptions, RecurrentHeadOptions, SimpleEncoderOptions
from videoseq.models.video_model import VideoModel

VIDEO = torch.zeros(3, 6, 3, 32, 32, dtype=torch.uint8, device="meta")
HEADS = [
    MeanHeadOptions(),
    *(RecurrentHeadOptions(name="gru", hidden_size=8, pool=pool) for pool in ("last", "max", "attention")),
]


@pytest.mark.parametrize("lengths", [None, torch.tensor([6, 6, 6]), torch.tensor([6, 2, 5])])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("values", [{}, {"encoder_chunk": 4, "activation_checkpointing": True}])
def test_nothing_is_read_back_from_the_device(lengths, head, values):
    encoder = build_encoder(SimpleEncoderOptions(channels=(4,), spatial=(2, 2), freeze_batchnorm=True), height=32, width=32)
    sequence = build_head(head, feature_shape=encoder.feature_shape, num_outputs=3)
    model = VideoModel(encoder, sequence, **values).to("meta").train()
    logits, _ = model(VIDEO, lengths)
    assert (logits.shape, logits.device.type) == ((3, 3), "meta")
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in model.head.parameters())
    with pytest.raises(RuntimeError, match="meta"):
        bool(logits.sum() > 0)  # what reads a value back fails here
