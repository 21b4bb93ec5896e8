"""Segments of videos whose every frame has a class: how well predicted ones are those that are true.

The edit score and F1@k of Lea et al. 2017 ("Temporal Convolutional Networks for Action Segmentation and Detection"), as the
evaluation of MS-TCN (Farha and Gall 2019) counts them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from videoseq.reporting.scores import OVERLAPS, Floats
from videoseq.types import IGNORED

Ids = NDArray[np.int64]


class Segments(NamedTuple):
    """Stretches of frames of one class each, in the order of time.

    Attributes:
        starts: (S,) first frames.
        ends: (S,) frames behind the last ones.
        labels: (S,) class ids.
    """

    starts: Ids
    ends: Ids
    labels: Ids


def segments_of(ids: Ids, background: int | None = None) -> Segments:
    """Returns the segments of a video, those of the background and stretches without a label left out.

    Args:
        ids: (n,) class id of every frame, `IGNORED` where there is none.
        background: The class that is no segment.
    """
    changes = np.flatnonzero(np.diff(ids)) + 1
    starts, ends = np.append(0, changes)[: len(ids)], np.append(changes, len(ids))[: len(ids)]
    labels = ids[starts]
    kept = (labels != IGNORED) & (labels != (IGNORED if background is None else background))
    return Segments(starts[kept], ends[kept], labels[kept])


def segment_sums(targets: Ids, preds: Ids, background: int | None = None) -> Floats:
    """Returns what a video adds to the figures of segments, (2 + 3 * 3,), see `scores.segment_figures`.

    Frames without a true label are left out of the prediction too; a gap in the labels ends a segment of either.

    Args:
        targets: (n,) true class id of every frame, `IGNORED` where there is none.
        preds: (n,) predicted class ids.
        background: The class that is no segment.
    """
    preds = np.where(targets == IGNORED, IGNORED, preds)
    true, predicted = segments_of(targets, background), segments_of(preds, background)
    best, overlaps = _best_overlaps(true, predicted)
    sums: list[float] = [1.0, edit_score(true.labels, predicted.labels)]
    for percent in OVERLAPS:
        hits = len(np.unique(best[overlaps >= percent / 100]))  # the second one on a true segment is wrong
        sums += [hits, len(predicted.labels) - hits, len(true.labels) - hits]
    return np.array(sums)


def edit_score(true: Ids, predicted: Ids) -> float:
    """Returns 1 - edits / length of the longer, in [0, 1], edits being the Levenshtein distance of two sequences of labels.

    A row of the table of distances is a whole number with one bit for each column: Hyyrö 2003, "A bit-vector algorithm for
    computing Levenshtein and Damerau edit distances".

    Args:
        true: (S,) class ids of the true segments; two sequences that are empty are equal.
        predicted: (P,) those of the predicted ones.
    """
    columns, rows = sorted((true.tolist(), predicted.tolist()), key=len)
    if not columns:
        return float(not rows)
    places: dict[int, int] = {}  # bit j of a label's number: column j has it
    for place, label in enumerate(columns):
        places[label] = places.get(label, 0) | 1 << place
    whole, last = (1 << len(columns)) - 1, 1 << len(columns) - 1
    # Bit j: the distance in column j is one more, or one less, than in the column before.
    more, less, distance = whole, 0, len(columns)
    for label in rows:
        same = places.get(label, 0)
        free = (((same & more) + more) ^ more) | same | less  # going from the row before costs nothing on the diagonal
        down, up = less | (~(free | more) & whole), more & free  # one more, or one less, than in the row before
        distance += bool(down & last) - bool(up & last)
        down, up = down << 1 | 1, up << 1
        more, less = (up | ~(free | down)) & whole, down & free & whole
    return 1 - distance / len(rows)


def _best_overlaps(true: Segments, predicted: Segments) -> tuple[Ids, Floats]:
    """Returns for every predicted segment, (P,), the true one of its class of the largest overlap, and this; -1 and 0 for none.

    Of equal overlaps it is the first. The overlap is the intersection divided by the union, in frames.
    """
    best, overlaps = np.full(len(predicted.labels), -1), np.zeros(len(predicted.labels))
    # The true segments that a predicted one touches lie one behind the other.
    first = np.searchsorted(true.ends, predicted.starts, side="right")
    counts = np.maximum(np.searchsorted(true.starts, predicted.ends, side="left") - first, 0)
    of = np.repeat(np.arange(len(counts)), counts)  # (pairs,)
    other = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts) + first[of]
    alike = true.labels[other] == predicted.labels[of]
    of, other = of[alike], other[alike]
    common = np.minimum(true.ends[other], predicted.ends[of]) - np.maximum(true.starts[other], predicted.starts[of])
    together = (true.ends - true.starts)[other] + (predicted.ends - predicted.starts)[of] - common
    overlap = common / together
    order = np.lexsort((-other, overlap))  # what is written last stays
    best[of[order]], overlaps[of[order]] = other[order], overlap[order]
    return best, overlaps
