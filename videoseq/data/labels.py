"""What the labels of a data set say: one kind for each kind of task."""

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from videoseq.data.formats.label_cells import SEPARATOR, names_in
from videoseq.data.records import Records
from videoseq.data.targets import Targets
from videoseq.data.tracks import Tracks
from videoseq.data.videos import Videos
from videoseq.errors import DataError, suggest
from videoseq.types import IGNORED, TaskName, TaskSpec

logger = logging.getLogger(__name__)

_MOST_ROUNDING = 1e-3
"""The share of the standard deviation of values by which they may be rounded without a word."""


class LabelKind(ABC):
    """How the labels of one kind of task are understood."""

    def names_in(self, label: str) -> tuple[str, ...]:
        """Returns the classes that the label of a record names."""
        return names_in(label)

    def class_names(self, records: Records, task: TaskSpec) -> tuple[str, ...]:
        """Returns the class names; a class id is the place of its name here and comes from nowhere else.

        They are sorted as text, but by value where all are whole numbers: 2 comes before 10.
        """
        background = () if task.background is None else (task.background,)
        return in_order({*background, *(name for label in records.labels.used for name in self.names_in(label))})

    @abstractmethod
    def check_variety(self, records: Records, names: Sequence[str]) -> None:
        """Checks that there is something to tell apart.

        Raises:
            DataError: There is not; the message says how that comes about.
        """

    def check_known(self, records: Records, names: Sequence[str]) -> None:
        """Checks that every label names classes that a model knows.

        Raises:
            DataError: One does not; the message names its row and the nearest class name.
        """
        known = set(names)
        wrong = [{*self.names_in(label)} - known for label in records.labels.names.to_list()]
        found = np.flatnonzero(np.isin(records.labels.codes, [code for code, some in enumerate(wrong) if some]))
        if len(found):
            position = int(found[0])
            raise unknown_label(records.rows[position], min(wrong[int(records.labels.codes[position])]), known)

    @abstractmethod
    def targets(self, records: Records, names: Sequence[str], task: TaskSpec) -> Targets:
        """Returns the targets of the records; labels are among the names, or checked elsewhere."""

    @abstractmethod
    def counts(self, videos: Videos, num_classes: int) -> NDArray[np.number]:
        """Returns how often each class occurs: videos, or seconds where frames are labelled, (K,)."""


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Returns class names sorted as text, but by value where all are whole numbers.

    Examples:
        >>> in_order(["10", "2"]), in_order(["10", "2", "run"])
        (('2', '10'), ('10', '2', 'run'))
    """
    listed = sorted(names)
    return tuple(sorted(listed, key=lambda name: (int(name), name)) if all(map(str.isdecimal, listed)) else listed)


def unknown_label(where: str, label: str, known: Collection[str]) -> DataError:
    """Returns the error of a label that is none of the classes that a model knows."""
    return DataError(
        f"{where}: unknown label {label!r}, expected one of the {len(known)} classes. Fix: {suggest(label, known)}"
    )


class OneClass(LabelKind):
    """One class of a video."""

    def names_in(self, label: str) -> tuple[str, ...]:
        """Returns the class that the label of a record is."""
        return (label,)

    def check_variety(self, records: Records, names: Sequence[str]) -> None:
        """Checks that there are two classes.

        Raises:
            DataError: All videos are of one class; the message says how that comes about.
        """
        if len(names) < 2:
            path = records[0].path
            above = next((folder for folder in path.parents if folder.name == names[0]), None)
            fix = "add videos of another class"
            if above is not None and above != path.parent:
                fix = f"where the classes are the folders in it, data.root={above}; else {fix}, or set data.format"
            raise DataError(
                f"there is one class, {names[0]!r}, with {len(records)} videos; expected at least two to tell apart. Fix: {fix}"
            )

    def targets(self, records: Records, names: Sequence[str], task: TaskSpec) -> NDArray[np.int64]:
        """Returns class ids, (N,) int64; -1 where the class is none of the names."""
        ids = {name: position for position, name in enumerate(names)}
        return np.array([ids.get(name, -1) for name in records.labels.names.to_list()], np.int64)[records.labels.codes]

    def counts(self, videos: Videos, num_classes: int) -> NDArray[np.number]:
        """Returns the videos of each class, (K,) int64."""
        return np.bincount(np.asarray(videos.targets), minlength=num_classes)


class SeveralClasses(LabelKind):
    """Which classes occur in a video."""

    def check_variety(self, records: Records, names: Sequence[str]) -> None:
        """Checks that some class occurs in some of the videos and not in others; warns of names that look like mistakes.

        Raises:
            DataError: None does.
        """
        rows = self._rows(records, names)
        labels, classes = np.nonzero(rows)
        counts = np.bincount(classes, np.bincount(records.labels.codes, minlength=len(rows))[labels], len(names))  # (K,)
        everywhere = [name for name, count in zip(names, counts.tolist(), strict=True) if count == len(records)]
        if len(everywhere) == len(names):
            got = f"{', '.join(map(repr, names))} in all of them" if names else "no class in any of them"
            raise DataError(
                f"{len(records)} videos have {got}; expected a class that some have and others have not. Fix: add videos "
                "without a class, their labels left empty or without its name"
            )
        if everywhere:
            logger.warning("there is nothing to tell apart in %s: all videos have them", ", ".join(map(repr, everywhere)))
        for name in names:
            parts = [part.strip() for part in re.split("[,;]", name)]
            if len(parts) > 1 and set(parts) & set(names):
                logger.warning(
                    "%r is one class, although %s is another: the names of several classes are separated by %r",
                    name,
                    " and ".join(repr(part) for part in parts if part in names),
                    SEPARATOR,
                )

    def targets(self, records: Records, names: Sequence[str], task: TaskSpec) -> NDArray[np.float32]:
        """Returns which classes occur, (N, K) float32 of 0 and 1."""
        return self._rows(records, names)[records.labels.codes]

    def _rows(self, records: Records, names: Sequence[str]) -> NDArray[np.float32]:
        """Returns which classes each distinct label names, (labels, K) float32 of 0 and 1."""
        ids = {name: position for position, name in enumerate(names)}
        labels = records.labels.names.to_list()
        rows = np.zeros((len(labels), len(names)), np.float32)
        for row, label in enumerate(labels):
            rows[row, [ids[name] for name in self.names_in(label) if name in ids]] = 1
        return rows

    def counts(self, videos: Videos, num_classes: int) -> NDArray[np.number]:
        """Returns the videos in which each class occurs, (K,) int64."""
        counts: NDArray[np.int64] = np.asarray(videos.targets).sum(0).astype(np.int64)
        return counts


class ClassSegments(LabelKind):
    """One class of every frame."""

    def check_variety(self, records: Records, names: Sequence[str]) -> None:
        """Checks that there are two classes, the background included.

        Raises:
            DataError: There are not.
        """
        if len(names) < 2:
            raise DataError(
                f"there is one class of frames, {', '.join(map(repr, names)) or 'none'}; expected at least two to tell apart. "
                "Fix: add segments of another class, or name the class of the frames that no segment names with "
                "task.background=NAME"
            )

    def check_known(self, records: Records, names: Sequence[str]) -> None:
        """Checks that every segment is of a class that a model knows.

        Raises:
            DataError: One is not; the message names its row and the nearest class name.
        """
        tracks, known = tracks_of(records), set(names)
        unknown = [code for code, name in enumerate(tracks.names) if name not in known]
        wrong = tracks.own_rows[np.isin(tracks.rows.values[tracks.own_rows], unknown)]
        if len(wrong):
            row = int(wrong[tracks.rows.lines[wrong].argmin()])
            file = records.rows[0].rpartition(" ")[0]
            raise unknown_label(f"{file} {tracks.rows.lines[row]}", tracks.names[int(tracks.rows.values[row])], known)

    def targets(self, records: Records, names: Sequence[str], task: TaskSpec) -> Tracks:
        """Returns segments of class ids, the background in between."""
        tracks = tracks_of(records)
        ids = {name: position for position, name in enumerate(names)}
        outside = IGNORED if task.background is None else ids.get(task.background, IGNORED)
        return tracks.with_classes([ids.get(name, IGNORED) for name in tracks.names], outside)

    def counts(self, videos: Videos, num_classes: int) -> NDArray[np.number]:
        """Returns for how many seconds frames show each class, (K,) float64: a segment between two frames counts nothing."""
        tracks = videos.targets
        assert isinstance(tracks, Tracks)
        durations = videos.labelled_seconds
        frame_seconds = durations / np.maximum(videos.infos.num_frames[videos.info_ids], 1)
        seconds = videos.row_frames * frame_seconds[tracks.owners]
        counts = np.bincount(tracks.rows.values[tracks.own_rows].astype(np.int64), seconds, num_classes)
        if tracks.outside != IGNORED:
            counts[tracks.outside] += durations.sum() - seconds.sum()
        return counts


class Values(LabelKind):
    """A value of a video, or of every frame."""

    def class_names(self, records: Records, task: TaskSpec) -> tuple[str, ...]:
        """Returns the name of the one output."""
        return ("value",)

    def names_in(self, label: str) -> tuple[str, ...]:
        """Returns no class: a value is none."""
        return ()

    def check_variety(self, records: Records, names: Sequence[str]) -> None:
        """Checks that there are two different values; warns where they differ by little more than float32 tells apart.

        Raises:
            DataError: All are the same.
        """
        values = self.values(self.targets(records, names, TaskSpec("regression")))
        if len(values) < 2 or (values == values[0]).all():
            raise DataError(
                f"all {len(values)} values are {values[0]:g}; expected at least two different ones. Fix: correct the "
                "annotations"
            )
        rounding, deviation = float(np.abs(values - values.astype(np.float32)).max()), float(values.std())
        if rounding > _MOST_ROUNDING * deviation:
            logger.warning(
                "values are rounded by up to %.3g when they are learnt (float32), and their standard deviation is %.3g: "
                "subtract a constant, such as %.6g, from all values of the annotations",
                rounding,
                deviation,
                values.min(),
            )

    def targets(self, records: Records, names: Sequence[str], task: TaskSpec) -> Targets:
        """Returns values, (N,) float64, or curves of them."""
        if records.tracks is not None:
            return records.tracks
        return np.array([float(text) for text in records.labels.names.to_list()], np.float64)[records.labels.codes]

    def counts(self, videos: Videos, num_classes: int) -> NDArray[np.number]:
        """Returns the videos that have a value, (1,) int64."""
        return np.array([len(videos)])

    @staticmethod
    def values(targets: Targets) -> NDArray[np.float64]:
        """Returns all values that targets hold, (n,) float64; of curves those at the times that are given."""
        column = targets.rows.values[targets.own_rows] if isinstance(targets, Tracks) else targets
        return np.asarray(column, np.float64)


def tracks_of(records: Records) -> Tracks:
    """Returns the labels in time of records that have them."""
    assert records.tracks is not None, "no file of labels in time was read"
    return records.tracks


LABELS: dict[TaskName, LabelKind] = {
    "classification": OneClass(),
    "multilabel": SeveralClasses(),
    "frames": ClassSegments(),
    "regression": Values(),
}
"""Name of each task -> how its labels are understood."""
