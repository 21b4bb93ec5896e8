"""Folders and CSV files as users have them, and what was read from them."""

from pathlib import Path

from videoseq.types import VideoRecord


def make(root: Path, content: bytes, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def write_csv(root: Path, *lines: str) -> Path:
    (root / "annotations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def table(records: list[VideoRecord], root: Path) -> list[tuple[str, str, str | None]]:
    return [(record.path.relative_to(root).as_posix(), record.label, record.split) for record in records]
