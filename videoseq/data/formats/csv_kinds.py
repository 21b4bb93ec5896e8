"""The CSV files of annotations, one kind for each kind of label."""

from dataclasses import dataclass

from videoseq.types import TaskName, TaskSpec


@dataclass(frozen=True)
class CsvKind:
    """What the CSV of a task looks like.

    Attributes:
        task: The options that choose it, for messages.
        file: Its usual name, in the root.
        required: The columns that it must have.
        optional: The others that are understood.
        has_tracks: Whether a video may have several rows, its labels in time.
    """

    task: str
    file: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    has_tracks: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are understood."""
        return self.required + self.optional

    @property
    def fix(self) -> str:
        """What to do to have it read, as messages say it to those who train and to those who use what was trained."""
        return f"set {self.task} (of a checkpoint: in its training)"

    @property
    def layout(self) -> str:
        """Its header, as messages name it."""
        return f"{','.join(self.required)}[,{','.join(self.optional)}]"


_PART = ("split", "group", "start_seconds", "end_seconds")

CSV_KINDS: dict[tuple[TaskName, bool], CsvKind] = {
    ("classification", False): CsvKind("task.name=classification", "annotations.csv", ("path", "label"), _PART),
    ("multilabel", False): CsvKind("task.name=multilabel", "annotations.csv", ("path", "labels"), _PART),
    ("regression", False): CsvKind("task.name=regression", "annotations.csv", ("path", "value"), _PART),
    ("frames", True): CsvKind(
        "task.name=frames",
        "segments.csv",
        ("path", "start_seconds", "end_seconds", "label"),
        ("split", "group"),
        has_tracks=True,
    ),
    ("regression", True): CsvKind(
        "task.name=regression task.per_frame=true",
        "values.csv",
        ("path", "time_seconds", "value"),
        ("split", "group"),
        has_tracks=True,
    ),
}
"""(name, per_frame) of a task -> its CSV."""


def csv_kind(task: TaskSpec) -> CsvKind:
    """Returns what the CSV of a task looks like."""
    return CSV_KINDS[task.name, task.per_frame]
