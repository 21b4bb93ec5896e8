"""Small cross-validations made by hand: videos that lie nowhere, their folds, and runs of which only the results are there."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from videoseq.data.manifest import Manifest
from videoseq.data.videos import Video, Videos
from videoseq.reporting.files import write_csv, write_json
from videoseq.running.folds import FoldPlan
from videoseq.types import VideoInfo, VideoRecord

ROOT = Path("/data")
CLASSES = ("a", "b")


def video(name: str, label: str, group: str | None = None, content: str | None = None) -> Video:
    """Returns a video `/data/<name>.mp4` whose content is that of its name, or the one given."""
    path = ROOT / f"{name}.mp4"
    info = VideoInfo(path, content_hash=f"content of {name}" if content is None else content)
    return Video(VideoRecord(path, label, group=group, row=f"{name}.mp4"), info, CLASSES.index(label))


def manifest(videos: Sequence[Video]) -> Manifest:
    """Returns a data set in which everything trains."""
    table = Videos.of(videos)
    return Manifest(CLASSES, {"train": table, "val": table[:0], "test": table[:0]}, ())


def write_run(folder: Path, rows: Sequence[tuple[str, str, float]], **metrics: float) -> Path:
    """Writes what a finished run leaves of its test: rows of (path, target, probability of class a), and figures."""
    columns = ("path", "target", "pred", "above_threshold", "prob_a", "prob_b")
    table: list[Mapping[str, object]] = [
        dict(zip(columns, (path, target, "a" if prob >= 0.5 else "b", "true", prob, 1 - prob), strict=True))
        for path, target, prob in rows
    ]
    write_csv(folder / "predictions.csv", columns, table)
    write_json(folder / "metrics.json", {"epochs": 2, "seconds": 1.5, "val": {"accuracy": 1.0}, "test": metrics})
    return folder


def rows_of(plan: FoldPlan, fold: int, probs: Mapping[str, float]) -> list[tuple[str, str, float]]:
    """Returns a row for each video that a fold tests, with the probability of class a by the video's name."""
    tested = plan.parts(plan.folds[fold])["test"]
    return [(f"{one.record.path.name}", one.record.label, probs[one.record.path.stem]) for one in tested]
