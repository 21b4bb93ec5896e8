"""The classic small CNN, trained from scratch."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoseq.errors import ModelError
from videoseq.models.frame_encoder import FrameEncoder
from videoseq.models.options import SimpleEncoderOptions
from videoseq.models.weights import fit_state, read_state_dict

_FIX = (
    "give a state dict of the same encoder, with model.encoder.channels, kernel_size and depth as they were then, or "
    "set model.encoder.weights=null to train from scratch"
)


class SimpleEncoder(FrameEncoder):
    """Stages of convolutions with BatchNorm and ReLU, each halved by a max pooling, then pooled to `spatial`.

    Args:
        options: What to build.
        height: H of the frames, pixels.
        width: W of the frames, pixels.
        load_weights: Whether to read `options.weights`; False where a checkpoint supplies them.

    Raises:
        ModelError: The frames are too small for the stages, or the last map for `spatial`.
        CheckpointError: The weights cannot be read or do not fit.
    """

    def __init__(self, options: SimpleEncoderOptions, *, height: int, width: int, load_weights: bool = True) -> None:
        scale = 2 ** len(options.channels)
        map_height, map_width = height // scale, width // scale
        least_height, least_width = (scale * side for side in options.spatial or (1, 1))
        if height < least_height or width < least_width:
            raise ModelError(
                f"encoder 'simple' with {len(options.channels)} stages and spatial={options.spatial} got frames of "
                f"{height}x{width}, whose last feature map is {map_height}x{map_width}; expected at least "
                f"{least_height}x{least_width}: set clip.height={max(height, least_height)} "
                f"clip.width={max(width, least_width)}, fewer model.encoder.channels or a smaller model.encoder.spatial"
            )
        super().__init__(
            trunk=_trunk(options),
            feature_shape=(options.channels[-1], *(options.spatial or ())),
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
        )
        self.spatial = options.spatial
        self.dropout = nn.Dropout(options.dropout)
        if load_weights and options.weights is not None:
            state = read_state_dict(options.weights, fix=_FIX)
            fit_state(self.trunk, state, source=f"model.encoder.weights={options.weights}", fix=_FIX)
        self.freeze(options)

    def features(self, frames: Tensor) -> Tensor:
        """Returns the features of normalised frames: (N, 3, H, W) -> (N, D) or (N, D, h, w)."""
        feature_map = self.trunk(frames)  # (N, 3, H, W) -> (N, D, H / 2**stages, W / 2**stages)
        pooled: Tensor = F.adaptive_avg_pool2d(feature_map, self.spatial or (1, 1))  # -> (N, D, h, w)
        return self.dropout(pooled if self.spatial else torch.flatten(pooled, 1))  # type: ignore[no-any-return]


def _trunk(options: SimpleEncoderOptions) -> nn.Sequential:
    """Returns the stages, named `0`, `1`, …; a convolution needs no bias before BatchNorm."""
    stages: list[nn.Module] = []
    in_channels = 3
    for out_channels in options.channels:
        layers: list[nn.Module] = []
        for _ in range(options.depth):
            size = options.kernel_size
            layers += [
                nn.Conv2d(in_channels, out_channels, size, padding=size // 2, bias=False),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(inplace=True),
            ]
            in_channels = out_channels
        stages.append(nn.Sequential(*layers, nn.MaxPool2d(2)))
    return nn.Sequential(*stages)
