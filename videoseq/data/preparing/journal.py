"""The manifest of a prepared data set, `prepared.jsonl`: what was copied from what, written while it is made."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
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
    """The manifest in a folder: a line with settings and lists, then one for each video, added once its copy is in its place.

    What is there is read; nothing is written before `write`.

    Args:
        output: The folder, which is there.
        identity: What names the data set that is copied, as `DataSet.identity` returns it.
        settings: How the copies are encoded.

    Raises:
        ConfigError: The folder holds something else, or copies of another data set or with other settings.
        DataError: The manifest is damaged.

    Attributes:
        path: The manifest.
        entries: Path of each video below both roots -> what was copied.
        lists: The lists that were copied, below the folder.
    """

    def __init__(self, output: Path, identity: Mapping[str, Any], settings: Settings) -> None:
        self.path = output / NAME
        self.entries: dict[str, Entry] = {}
        self.lists: list[str] = []
        self._head = {**identity, **asdict(settings)}
        if not self.path.exists():
            if any(not path.name.startswith(".") for path in output.iterdir()):
                raise ConfigError(
                    f"output={str(output)!r} holds files but no {NAME}, so it is no prepared data set and is left as it is. "
                    "Fix: name another folder, or empty this one"
                )
            return
        # A line that a kill cut off says nothing: its video is copied again.
        whole, _, _ = self.path.read_bytes().rpartition(b"\n")
        line, *others = whole.split(b"\n")
        try:
            head = json.loads(line)
            self.lists = [_below(name) for name in head["lists"]]
            self._check_head(head)
            for line in others:
                entry = _entry(json.loads(line))
                self.entries[entry.path] = entry
        except (ValueError, KeyError, TypeError):
            got = line[:80].decode("ascii", "backslashreplace")
            raise DataError(f"{str(self.path)!r} is damaged: {got!r}. Fix: name another output, or delete this one") from None

    def add(self, entry: Entry) -> None:
        """Adds a video whose copy is in its place, to a manifest that was written."""
        self.entries[entry.path] = entry
        with self.path.open("a", encoding="ascii") as file:
            file.write(_line(asdict(entry)))

    def write(self) -> None:
        """Writes the manifest, sorted by path, each video once."""
        entries = [asdict(entry) for _, entry in sorted(self.entries.items())]
        fresh = self.path.with_name(f".{NAME}")
        fresh.write_text("".join(map(_line, [{**self._head, "lists": self.lists}, *entries])), encoding="ascii")
        fresh.replace(self.path)

    def _check_head(self, found: dict[str, Any]) -> None:
        for name, value in self._head.items():
            if found.get(name) != value:
                raise ConfigError(
                    f"output={str(self.path.parent)!r} was prepared with {name}={found.get(name)}, now {name}={value}: name "
                    f"another output, or delete this one, or go on with {name}={found.get(name)}"
                )


def _entry(row: dict[str, Any]) -> Entry:
    entry = Entry(**{**row, "path": _below(row["path"]), "copy": Copy(**row["copy"])})
    if not all(isinstance(value, int | float) for value in vars(entry.copy).values()):
        raise TypeError
    return entry


def _below(name: str) -> str:
    """Returns the name of what lies below the folder: whatever the manifest names may be deleted."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError
    return name


def _line(row: dict[str, Any]) -> str:
    # Plain ASCII: a name that is no text is kept as escaped surrogates.
    return json.dumps(row) + "\n"
