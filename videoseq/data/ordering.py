"""The order in which an epoch of training visits the videos, as the options ask for it."""

from collections.abc import Sequence
from functools import partial

from videoseq.data.balancing import balanced_order
from videoseq.data.bucketing import bucketed, clip_lengths
from videoseq.data.options import DataOptions
from videoseq.data.samplers import Order, epoch_order
from videoseq.data.targets import Targets
from videoseq.data.tracks import Tracks
from videoseq.data.videos import Video
from videoseq.types import ClipSpec


def training_order(
    videos: Sequence[Video],
    targets: Targets,
    spec: ClipSpec,
    options: DataOptions,
    batch_size: int,
    seed: int,
) -> Order:
    """Returns the order of the epochs: shuffled or balanced, with clips of similar length in a batch where lengths differ.

    Args:
        videos: The training videos.
        targets: Those of each of them; class ids where `sampler` is `balanced`.
        spec: How clips are cut.
        options: `sampler` and `bucketing`.
        batch_size: Clips of a batch, those of all processes together.
        seed: Seed of the order.
    """
    order: Order = partial(epoch_order, len(videos), seed)
    if options.sampler == "balanced":
        assert not isinstance(targets, Tracks), "only videos of one class each are balanced: DataOptions.check_task"
        order = partial(balanced_order, targets, seed)
    return bucketed(order, clip_lengths(videos, spec), batch_size, seed) if options.is_bucketed(spec) else order
