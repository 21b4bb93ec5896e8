"""Segments of a video from what is said about each of its frames."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from videoseq.data.tracks import TOLERANCE_SECONDS
from videoseq.data.videos import Video

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Segment:
    """Frames one after the other that have one class.

    Attributes:
        start_seconds: When its first frame is shown.
        end_seconds: When the first frame behind it is shown, or the video ends.
        class_id: Their class.
        prob: The mean of its probability over them, in [0, 1].
    """

    start_seconds: float
    end_seconds: float
    class_id: int
    prob: float


def segments_of(probs: Tensor, seconds: Floats, end_seconds: float, min_seconds: float = 0.0) -> list[Segment]:
    """Returns the segments of the likeliest class of every frame, without gaps from the first frame to the end.

    A segment shorter than `min_seconds` gets the class of the neighbour that is likelier over its frames, the shortest segment
    first, until none is left or all is one segment:

        aaaaabaaaacccc    b shorter than min_seconds
        aaaaaaaaaacccc

    Args:
        probs: (n, K) of the frames in order, n >= 1.
        seconds: (n,), when each is shown, ascending.
        end_seconds: When the last one ends.
        min_seconds: Length that every segment has at least.
    """
    table = probs.double().numpy()
    starts, classes = _runs(table.argmax(axis=1))
    times = np.append(seconds, end_seconds)
    sums = np.concatenate([np.zeros((1, table.shape[1])), table.cumsum(axis=0)])  # (n + 1, K)
    while len(starts) > 1:
        ends = np.append(starts[1:], len(table))
        lengths = times[ends] - times[starts]
        shortest = int(lengths.argmin())
        if lengths[shortest] >= min_seconds - TOLERANCE_SECONDS:
            break
        over = sums[ends[shortest]] - sums[starts[shortest]]  # (K,)
        neighbours = [int(classes[place]) for place in (shortest - 1, shortest + 1) if 0 <= place < len(classes)]
        classes[shortest] = max(neighbours, key=lambda class_id: over[class_id])
        firsts, _ = _runs(classes)
        starts, classes = starts[firsts], classes[firsts]
    ends = np.append(starts[1:], len(table))
    return [
        Segment(float(times[start]), float(times[end]), class_id, float((sums[end] - sums[start])[class_id] / (end - start)))
        for start, end, class_id in zip(starts.tolist(), ends.tolist(), classes.tolist(), strict=True)
    ]


def end_of(video: Video) -> float:
    """Returns when the labelled part of a video ends, in seconds."""
    end, duration = video.record.end_seconds, video.info.duration_seconds
    return duration if end is None else min(end, duration)


def _runs(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns where the runs of equal ids (n,) begin, and the id of each."""
    starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1]))
    return starts, ids[starts]
