"""Heads of every kind, small, and features for them."""

from dataclasses import fields

import torch

from videoseq.models.heads import Head, build_head
from videoseq.models.options import (
    ConvLSTMHeadOptions,
    HeadOptions,
    MeanHeadOptions,
    MinGRUHeadOptions,
    RecurrentHeadOptions,
    TCNHeadOptions,
    TransformerHeadOptions,
)

SHAPE = (3, 2, 2)
"""Of the features of a frame: three channels on a grid."""

D, K = 12, 3

SMALL = {
    "lstm": RecurrentHeadOptions(hidden_size=8),
    "gru": RecurrentHeadOptions(name="gru", hidden_size=4, num_layers=2),
    "rnn": RecurrentHeadOptions(name="rnn", hidden_size=4),
    "mingru": MinGRUHeadOptions(hidden_size=4),
    "conv_lstm": ConvLSTMHeadOptions(hidden_size=4, num_layers=2),
    "tcn": TCNHeadOptions(hidden_size=16, num_layers=3),
    "transformer": TransformerHeadOptions(hidden_size=8, num_heads=2, context=4),
    "mean": MeanHeadOptions(),
}
"""A small head of every name, so wide that some unit of each layer passes gradients on, behind a ReLU or a maximum."""

SEQUENCES = {name: options for name, options in SMALL.items() if name != "mean"}


def build(options: HeadOptions, *, shape: tuple[int, ...] = SHAPE, per_frame: bool = False) -> Head:
    """Builds a head in evaluation mode, the same each time; no parameter is left at 0 or 1."""
    torch.manual_seed(0)
    head = build_head(options, feature_shape=shape, num_outputs=K, per_frame=per_frame).eval()
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return head


def noise(*shape: int) -> torch.Tensor:
    """Returns features far from 0, so that sums that are carried wrongly show."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1)) * 2 + 1


def label(options: object) -> str | None:
    """Returns a name for a parameter of a test: the options that differ from their defaults."""
    if not isinstance(options, HeadOptions):
        return None
    differing = [
        f"{item.name}={getattr(options, item.name)}" for item in fields(options) if getattr(options, item.name) != item.default
    ]
    return "-".join([options.name, *differing])
