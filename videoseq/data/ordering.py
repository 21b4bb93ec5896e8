"""The order in which an epoch of training visits the videos, as the options ask for it."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from videoseq.data.balancing import balanced_order
from videoseq.data.bucketing import bucketed, clip_lengths
from videoseq.data.options import DataOptions
from videoseq.data.samplers import Order, epoch_order
from videoseq.data.videos import Video
from videoseq.types import ClipSpec


def training_order(
    videos: Sequence[Video],
    targets: Sequence[int] | NDArray[np.int64],
    spec: ClipSpec,
    options: DataOptions,
    batch_size: int,
    seed: int,
) -> Order:
    """Returns the order of the epochs: shuffled or balanced, with clips of similar length in a batch where lengths differ.

    Args:
        videos: The training videos.
        targets: Class id of each of them.
        spec: How clips are cut.
        options: `sampler` and `bucketing`.
        batch_size: Clips of a batch, those of all processes together.
        seed: Seed of the order.
    """
    order = partial(balanced_order, targets, seed) if options.sampler == "balanced" else partial(epoch_order, len(videos), seed)
    return bucketed(order, clip_lengths(videos, spec), batch_size, seed) if options.is_bucketed(spec) else order
