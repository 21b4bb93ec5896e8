"""Mixup and cutmix: each clip of a batch takes up a share of the next one, and so does its label."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from videoseq.data.batch import ClipBatch, ClipSample, collate
from videoseq.types import derive_seed

_STREAM = 1
"""Sets what is drawn here apart from what was drawn for the clip alone, from the same seed."""


class MixedCollate:
    """Collates samples of one crop each and mixes every clip with its partner: the next in the batch, the first for the last.

    `mixup` (Zhang et al. 2018) blends two clips and their labels in shares of lambda and 1 - lambda; `cutmix` (Yun et al.
    2019) puts a box of the partner into the clip, lambda being the share of the area that stays. Lambda and the box are
    drawn for each row from its sample's seed and hold for all frames; where both are on, a fair coin of the row chooses.

    A clip that is alone in its batch, as the last of an epoch may be, is its own partner: neither its pixels nor its label
    change. A clip keeps its length: at frame t of its L frames it is mixed with frame `t * M // L` of the M frames of its
    partner. Where several processes train, each mixes its own part of the batch.

    Args:
        mixup: Alpha of Beta(alpha, alpha), from which lambda is drawn for mixup; 0 is off.
        cutmix: The same for cutmix; one of the two is on.
        num_classes: K.
    """

    def __init__(self, mixup: float, cutmix: float, num_classes: int) -> None:
        self.mixup = mixup
        self.cutmix = cutmix
        self.num_classes = num_classes

    def __call__(self, samples: Sequence[ClipSample]) -> ClipBatch:
        """Returns the mixed batch, with soft targets."""
        batch = collate(samples)
        seeds = [sample.seed for sample in samples if sample.frames is not None]
        video = batch.video.clone()  # (B, T, C, H, W)
        shares = torch.zeros(len(batch), 1)
        for row, seed in enumerate(seeds):
            partner = (row + 1) % len(batch)
            length = int(batch.lengths[row])
            at = torch.arange(length) * batch.lengths[partner] // length
            other = batch.video[partner].index_select(0, at)  # (L, C, H, W)
            rng = np.random.default_rng(derive_seed(seed, _STREAM))
            shares[row] = self._mix(video[row, :length], other, rng)
        own = batch.targets if batch.targets.ndim == 2 else one_hot(batch.targets, self.num_classes).float()  # (B, K)
        # lerp is exact where both are alike.
        return replace(batch, video=video, soft_targets=torch.lerp(own.roll(-1, 0), own, shares))

    def _mix(self, clip: Tensor, partner: Tensor, rng: np.random.Generator) -> float:
        """Mixes a partner into a clip, in place, and returns the share of the clip that is left."""
        cut = self.cutmix > 0 and (self.mixup == 0 or rng.random() < 0.5)
        alpha = self.cutmix if cut else self.mixup
        share = float(rng.beta(alpha, alpha))
        if not cut:
            clip.copy_(blended(clip, partner, share))
            return share
        top, bottom, left, right = box(clip.shape[-2], clip.shape[-1], share, rng)
        clip[..., top:bottom, left:right] = partner[..., top:bottom, left:right]
        return 1 - (bottom - top) * (right - left) / (clip.shape[-2] * clip.shape[-1])


def blended(clip: Tensor, partner: Tensor, share: float) -> Tensor:
    """Returns `share * clip + (1 - share) * partner`, rounded; all uint8 of one shape."""
    return torch.lerp(partner.float(), clip.float(), share).round_().to(torch.uint8)


def box(height: int, width: int, share: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Returns the box that a partner fills: `1 - share` of the frame, around any pixel, less what lies outside.

    Args:
        height: Pixels of the frame.
        width: Likewise.
        share: Share of the area that stays, in [0, 1].
        rng: Draws the pixel.

    Returns:
        Top, bottom, left, right, half-open.
    """
    edges = []
    for side in (height, width):
        length, centre = int(side * (1 - share) ** 0.5), int(rng.integers(side))
        edges += [max(centre - length // 2, 0), min(centre - length // 2 + length, side)]
    top, bottom, left, right = edges
    return top, bottom, left, right
