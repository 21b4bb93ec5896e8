"""Options of encoders and heads: what a configuration holds and a checkpoint stores; needs no torch."""

from videoseq.models.options.encoders import (
    ALL_LAYERS,
    TIMM_PREFIX,
    EncoderOptions,
    SimpleEncoderOptions,
    TimmEncoderOptions,
    TorchvisionEncoderOptions,
    encoder_options,
)
from videoseq.models.options.heads import (
    HEADS,
    RECURRENT_HEADS,
    ConvLSTMHeadOptions,
    HeadOptions,
    MeanHeadOptions,
    MinGRUHeadOptions,
    RecurrentHeadOptions,
    ResidualHeadOptions,
    SequenceHeadOptions,
    TCNHeadOptions,
    TransformerHeadOptions,
    head_options,
)

__all__ = [
    "ALL_LAYERS",
    "HEADS",
    "RECURRENT_HEADS",
    "TIMM_PREFIX",
    "ConvLSTMHeadOptions",
    "EncoderOptions",
    "HeadOptions",
    "MeanHeadOptions",
    "MinGRUHeadOptions",
    "RecurrentHeadOptions",
    "ResidualHeadOptions",
    "SequenceHeadOptions",
    "SimpleEncoderOptions",
    "TCNHeadOptions",
    "TimmEncoderOptions",
    "TorchvisionEncoderOptions",
    "TransformerHeadOptions",
    "encoder_options",
    "head_options",
]
