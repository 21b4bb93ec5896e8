"""The manifest of a prepared data set, `prepared.jsonl`: what was copied from what, written while it is made."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from videoseq.data.preparing.copying import Copy
from videoseq.data.preparing.settings import Settings
from videoseq.errors import ConfigError, DataError
from videoseq.types import VideoInfo

NAME = "prepared.jsonl"


@dataclass(frozen=True)
class Entry:
    """One video of the manifest.

    Attributes:
        path: Below both roots.
        source_bytes: `VideoInfo.size_bytes` of the source.
        source_fingerprint: Its `VideoInfo.fingerprint`.
        source_hash: Its `VideoInfo.content_hash`.
        copy: What is known of the copy.
    """

    path: str
    source_bytes: int
    source_fingerprint: int
    source_hash: str
    copy: Copy

    @classmethod
    def of(cls, path: str, source: VideoInfo, copy: Copy) -> "Entry":
        """Returns the entry of a video that was copied."""
        return cls(path, source.size_bytes, source.fingerprint, source.content_hash, copy)

    def is_of(self, source: VideoInfo) -> bool:
        """Returns whether the source is still what was copied."""
        was = (self.source_bytes, self.source_fingerprint, self.source_hash)
        return was == (source.size_bytes, source.fingerprint, source.content_hash)


class Journal:
    """The manifest in a folder: a line with the settings, then one for each video, added as soon as its copy is in its place.

    Args:
        output: The folder, which is there.
        root: The data set that is copied, absolute.
        settings: How the copies are encoded.

    Raises:
        ConfigError: The folder holds something else, or copies of another data set or with other settings.
        DataError: The manifest is damaged.
    """

    def __init__(self, output: Path, root: Path, settings: Settings) -> None:
        self.path = output / NAME
        self.entries: dict[str, Entry] = {}
        self._head = {"root": str(root), **asdict(settings)}
        if not self.path.exists():
            if any(not path.name.startswith(".") for path in output.iterdir()):
                raise ConfigError(
                    f"output={str(output)!r} holds files but no {NAME}, so it is no prepared data set and is left as it is. "
                    "Fix: name another folder, or empty this one"
                )
            self._write([])
            return
        lines = self.path.read_text(encoding="ascii").splitlines(keepends=True)
        # A line that a kill cut off says nothing: its video is copied again.
        rows = [self._parsed(line) for line in lines if line.endswith("\n")]
        self._check_head(rows[0] if rows else {})
        for row in rows[1:]:
            self.entries[row["path"]] = Entry(**{**row, "copy": Copy(**row["copy"])})
        self._write(self.entries.values())

    def add(self, entry: Entry) -> None:
        """Adds a video whose copy is in its place."""
        self.entries[entry.path] = entry
        with self.path.open("a", encoding="ascii") as file:
            file.write(_line(asdict(entry)))

    def finish(self) -> None:
        """Writes the manifest again, sorted by path, each video once."""
        self._write(entry for _, entry in sorted(self.entries.items()))

    def _write(self, entries: Iterable[Entry]) -> None:
        fresh = self.path.with_name(f".{NAME}")
        fresh.write_text("".join(map(_line, [self._head, *map(asdict, entries)])), encoding="ascii")
        fresh.replace(self.path)

    def _parsed(self, line: str) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise DataError(f"{str(self.path)!r} is damaged: {line[:80]!r}. Fix: name another output, or delete this one")
        return row

    def _check_head(self, found: dict[str, Any]) -> None:
        for name, value in self._head.items():
            if found.get(name) != value:
                raise ConfigError(
                    f"output={str(self.path.parent)!r} was prepared with {name}={found.get(name)}, now {name}={value}: name "
                    f"another output, or delete this one, or go on with {name}={found.get(name)}"
                )


def _line(row: dict[str, Any]) -> str:
    # Plain ASCII: a name that is no text is kept as escaped surrogates.
    return json.dumps(row) + "\n"
