"""How often a model is right when it is this sure: the bins of a reliability diagram."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

NUM_BINS = 15


@dataclass(frozen=True)
class Reliability:
    """Videos in `NUM_BINS` equal bins of their confidence, the probability of the predicted class.

    Bin m of M is `(m / M, (m + 1) / M]`. The bins of several batches are their sum.

    Attributes:
        sums: (M, 3): over the videos of each bin their number, how many of them are right, and the sum of their confidences.
    """

    sums: Tensor

    @property
    def counts(self) -> Tensor:
        """Videos of each bin, (M,)."""
        return self.sums[:, 0]

    @property
    def accuracy(self) -> Tensor:
        """Share of each bin's videos that are right, (M,), in [0, 1]; 0 in an empty bin."""
        return self.sums[:, 1] / self.counts.clamp(min=1)

    @property
    def ece(self) -> Tensor:
        """Expected calibration error, a scalar in [0, 1]: the mean over all videos of |accuracy - confidence| of their bin.

        Naeini et al. 2015; Guo et al. 2017, eq. 3. NaN without videos.
        """
        return (self.sums[:, 1] - self.sums[:, 2]).abs().sum() / self.counts.sum()


def reliability(probs: Tensor, targets: Tensor) -> Reliability:
    """Returns the bins of videos.

    Args:
        probs: (N, K).
        targets: (N,) int64 class ids.
    """
    confidence, preds = probs.max(1)  # (N,)
    borders = torch.arange(1, NUM_BINS, dtype=probs.dtype, device=probs.device) / NUM_BINS
    bins = one_hot(torch.bucketize(confidence, borders), NUM_BINS)  # (N, M)
    values = torch.stack([torch.ones_like(confidence), (preds == targets).to(probs.dtype), confidence], dim=1)  # (N, 3)
    return Reliability((bins[:, :, None] * values[:, None]).sum(0))  # (N, M, 3) -> (M, 3)
