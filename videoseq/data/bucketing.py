"""Batches of clips of similar length: an epoch's samples in another order, so that less of each batch is padding."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from videoseq.data.samplers import Order
from videoseq.data.sampling import sample_clip
from videoseq.data.videos import Video, Videos
from videoseq.types import ClipSpec

_MOST_BATCHES = 50
_STREAM = 2
"""Keeps what is drawn here apart from every (seed, epoch), and from what other orders draw."""


def bucketed(order: Order, lengths: Sequence[int] | NDArray[np.int64], batch_size: int, seed: int) -> Order:
    """Returns an order in which the clips of a batch are of similar length; a pure function of the epoch, as `order` is.

    The epoch's order is cut into windows, at least two of them and none of more than 50 batches. Within a window the samples
    are dealt to batches by their length. Then the batches of the epoch come in a random order, but a last one that is not
    full stays the last. Which samples share a window, so also a batch, is another in every epoch.

        lengths of the order    3 9 5 1 | 8 2 7 4 | 6      batches of 2, windows of 2 batches
        in every window         3 1, 9 5 | 2 4, 8 7 | 6
        shuffled                9 5, 2 4, 8 7, 3 1, 6

    Within a batch the samples keep their order of before: each of several processes gets short ones and long ones.

    Args:
        order: Gives the samples of an epoch, the same number in every epoch.
        lengths: Frames of each sample's clip.
        batch_size: Samples of a batch, those of all processes together.
        seed: Seed of the order of the batches.
    """
    frames = np.asarray(lengths)

    def by_length(epoch: int) -> list[int]:
        samples = np.asarray(order(epoch))
        window = batch_size * min(max(len(samples) // (2 * batch_size), 1), _MOST_BATCHES)
        starts = range(0, len(samples), window)
        batches = [batch for start in starts for batch in _batches(samples[start : start + window], frames, batch_size)]
        num_full = len(samples) // batch_size
        shuffled = np.random.default_rng([seed, epoch, _STREAM]).permutation(num_full)
        ordered: list[int] = np.concatenate([*(batches[place] for place in shuffled), *batches[num_full:]]).tolist()
        return ordered

    return by_length


def _batches(samples: NDArray[np.int64], lengths: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
    """Returns the batches of a window, the shortest first; the longest clips are in the one that may not be full."""
    places = np.argsort(lengths[samples], kind="stable")
    return [samples[np.sort(places[start : start + batch_size])] for start in range(0, len(places), batch_size)]


def clip_lengths(videos: Sequence[Video], spec: ClipSpec) -> NDArray[np.int64]:
    """Returns about how many frames the clip of every video has, (N,), as the scan has counted and timed them.

    Nothing is decoded. What varies a clip in time may make it longer or shorter. Of a video that no clip can be cut from it
    is 1.
    """
    table = Videos.of(videos)
    num_frames, seconds = (column[table.info_ids] for column in (table.infos.num_frames, table.infos.duration_seconds))
    fps = (
        np.divide(num_frames, seconds, out=np.zeros(len(table)), where=seconds > 0)
        if spec.target_fps is None
        else spec.target_fps
    )
    available = np.maximum(np.rint(table.labelled_seconds * fps), 1).astype(np.int64)
    different, which = np.unique(available, return_inverse=True)
    lengths = np.array([len(sample_clip(count, spec, rng=None)) for count in different.tolist()], dtype=np.int64)
    return lengths[which]
