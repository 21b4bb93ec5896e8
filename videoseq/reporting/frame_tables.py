"""What an evaluation of frames leaves as tables: segments, frames, values, and what each video adds to the figures."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.reporting.files import write_csv
from videoseq.reporting.scores import OVERLAPS

SEGMENT_COLUMNS = ("path", "start_seconds", "end_seconds", "label", "prob")
VALUE_COLUMNS = ("path", "frame", "time_seconds", "target", "value")
VALUE_SUMS = ("num_values", "absolute_error", "squared_error", "target", "target_squared")
"""Names of the columns of `value_sums`."""

_COUNTS = ("right", "predicted", "labelled")


def frame_sum_columns(class_names: Sequence[str]) -> list[str]:
    """Returns the names of what each video adds to the figures of frames.

    They are `num_frames` that have a label, the sum of their negative log-likelihood; of every class the frames that are
    `right_`, `predicted_` and `labelled_`; the edit score; and for each of `OVERLAPS` true and false positives and false
    negatives.
    """
    of_classes = (f"{count}_{name}" for count in _COUNTS for name in class_names)
    of_segments = (f"{count}_{percent}" for percent in OVERLAPS for count in ("tp", "fp", "fn"))
    return ["num_frames", "loss", *of_classes, "num_videos", "edit", *of_segments]


def write_segments(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes one row per segment: path, when it starts and ends, label and probability."""
    write_csv(path, SEGMENT_COLUMNS, rows)


def write_values(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes one row per frame: path, source frame, when it is shown, target, empty without a label, and predicted value."""
    write_csv(path, VALUE_COLUMNS, rows)


def write_frames(path: Path, rows: Iterable[Mapping[str, Any]], class_names: Sequence[str]) -> None:
    """Writes one row per frame: path, source frame, when it is shown, target, empty without a label, pred, probabilities."""
    write_csv(path, ["path", "frame", "time_seconds", "target", "pred", *(f"prob_{name}" for name in class_names)], rows)


def write_sums(path: Path, videos: Sequence[str], columns: Sequence[str], sums: NDArray[np.float64]) -> None:
    """Writes one row per video: path, and what it adds to the figures.

    Args:
        path: The CSV file.
        videos: N paths.
        columns: Names of the sums.
        sums: (N, S).
    """
    rows = (
        {"path": video, **{name: f"{value:.17g}" for name, value in zip(columns, row.tolist(), strict=True)}}
        for video, row in zip(videos, sums, strict=True)
    )
    write_csv(path, ["path", *columns], rows)


def class_table(sums: NDArray[np.float64], class_names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Returns precision, recall, F1 (0 where undefined) and number of frames of every class.

    Args:
        sums: (2 + 3 K), the sum of rows of `class_sums`.
        class_names: Class id -> name.
    """
    hits, predicted, present = np.split(sums[2:], 3)  # (K,) each
    return {
        name: {
            "precision": float(hits[k] / max(predicted[k], 1)),
            "recall": float(hits[k] / max(present[k], 1)),
            "f1": float(2 * hits[k] / max(predicted[k] + present[k], 1)),
            "num_frames": int(present[k]),
        }
        for k, name in enumerate(class_names)
    }
