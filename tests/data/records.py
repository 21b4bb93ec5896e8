"""Records without files, and their splits in short, for tests of splits."""

from pathlib import Path

from videoseq.types import VideoRecord


def record(name: str, label: str, split: str | None = None, group: str | None = None) -> VideoRecord:
    return VideoRecord(Path(f"/data/{name}.mp4"), label, split, group, row=f"row {name}")


def numbered(label: str, number: int, **values: str) -> list[VideoRecord]:
    return [record(f"{label}{index}", label, **values) for index in range(number)]


def letters(splits: list[str]) -> str:
    """T train, v val, e test."""
    return "".join({"train": "T", "val": "v", "test": "e"}[split] for split in splits)
