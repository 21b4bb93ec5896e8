"""What every head does to the features of each frame before its sequence part."""

import torch
from torch import Tensor, nn

from videoseq.models.heads.valid import ValidFrames, last_frame
from videoseq.models.options import HeadOptions
from videoseq.models.pooling import State, wide


class FeatureFront(nn.Module):
    """Centres features, appends their motion, normalises and projects them, in this order, as far as asked for.

    Works on the last dimension: features (B, T, D), or with a grid (B, T, h, w, D), where each place is treated alike and
    centred by itself. The difference between frames is that of the features as they come.

    Args:
        options: What to do.
        size: D.

    Attributes:
        size: Of what comes out.
        num_tensors: Tensors of the state: mean (1, B, …, D) and count (1, B, 1, …) of `centre=causal`, at least float32, then
            the frame before (1, B, …, D) and whether there is one (1, B, 1, …) of `motion=difference`.
    """

    def __init__(self, options: HeadOptions, size: int) -> None:
        super().__init__()
        self.centre, self.motion = options.centre, options.motion
        self.num_tensors = 2 * (self.centre == "causal") + 2 * (self.motion == "difference")
        size = 2 * size if self.motion == "difference" else size
        self.norm = nn.LayerNorm(size) if options.layer_norm else nn.Identity()
        self.size = size if options.projection is None else options.projection
        self.projection = nn.Identity() if options.projection is None else nn.Linear(size, options.projection)

    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        """Prepares features.

        Args:
            x: (B, T, …, D) float, zero where a frame is invalid.
            valid: Which frames are valid; None: all.
            state: What the call on the preceding frames returned; None at the start of a video.

        Returns:
            (B, T, …, size), finite also where a frame is invalid, and the state after the last valid frame of each clip.
        """
        mask = None if valid is None else valid.mask
        given, new_state = list(state or ()), list[Tensor]()
        prepared = x
        if self.centre == "clip":
            prepared = x - _mean(x, mask)
        if self.centre == "causal":
            mean, so_far = _running_mean(x, mask, given[:2])
            prepared, given = x - mean, given[2:]
            new_state.extend(so_far)
        if self.motion == "difference":
            difference, last = _difference(x, valid, given)
            prepared = torch.cat((prepared, difference), dim=-1)  # (B, T, …, D) -> (B, T, …, 2 * D)
            new_state.extend(last)
        projected: Tensor = self.projection(self.norm(prepared))
        return projected, tuple(new_state)


def _weights(x: Tensor, mask: Tensor | None) -> Tensor:
    """Returns 1 for each valid frame and 0 for the others, (B, T, 1, …), to be multiplied with x (B, T, …, D)."""
    shape = (*x.shape[:2], *[1] * (x.ndim - 2))
    return x.new_ones(shape) if mask is None else mask.view(shape).to(x.dtype)


def _mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """Returns the mean over the valid frames, (B, T, …, D) -> (B, 1, …, D)."""
    frames = wide(x)
    return (frames.sum(1, keepdim=True) / _weights(frames, mask).sum(1, keepdim=True)).to(x.dtype)


def _running_mean(x: Tensor, mask: Tensor | None, before: list[Tensor]) -> tuple[Tensor, State]:
    """Returns the mean over the frames up to and including each, (B, T, …, D), and mean and count after the last.

    The mean is carried, and what the frames differ from it is summed: the sum of an hour of frames has no digits left for what
    one frame adds. The count, of float32, grows to 2^24 where frames come one by one, six days at 30 a second; the mean has
    long stopped to move by then.
    """
    frames = wide(x)
    weights = _weights(frames, mask)
    base, counts = frames[:, :1], _sums_so_far(weights)  # (B, 1, …, D), (B, T, 1, …)
    if before:
        mean, count = (tensor.squeeze(0).unsqueeze(1) for tensor in before)
        base, counts = torch.where(count > 0, mean, base), counts + count
    means = base + _sums_so_far(weights * (frames - base)) / counts
    return means.to(x.dtype), (means[:, -1].unsqueeze(0), counts[:, -1].unsqueeze(0))


def _sums_so_far(x: Tensor) -> Tensor:
    """Returns the sum over the frames up to and including each, as `x.cumsum(1)`, which a GPU has in no deterministic form."""
    distance = 1
    while distance < x.shape[1]:
        x = torch.cat((x[:, :distance], x[:, distance:] + x[:, :-distance]), dim=1)
        distance *= 2
    return x


def _difference(x: Tensor, valid: ValidFrames | None, before: list[Tensor]) -> tuple[Tensor, State]:
    """Returns x minus the frame before, (B, T, …, D), zero for the first of a video; and the last valid frame, and a 1."""
    seen = x.new_ones(1, len(x), *[1] * (x.ndim - 2))
    # Of a first frame its own difference is taken: 0.
    first = x[:, 0] if not before else torch.where(before[1].squeeze(0) > 0, before[0].squeeze(0).to(x.dtype), x[:, 0])
    difference = x - torch.cat((first.unsqueeze(1), x[:, :-1]), dim=1)
    return difference, (last_frame(x, valid).unsqueeze(0), seen)
