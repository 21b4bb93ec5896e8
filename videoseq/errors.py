"""The error tree: every mistake a user can make is a `VideoseqError` whose message carries its repair."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class VideoseqError(Exception):
    """A mistake of the user's, shown as one message without a traceback."""

    exit_code = 2


class ConfigError(VideoseqError):
    """An option that does not exist or a value that it cannot take."""


class DataError(VideoseqError):
    """Annotations, folders or splits that cannot be trained or evaluated on."""


class ModelError(VideoseqError):
    """A model that cannot be built from its options."""


class CheckpointError(VideoseqError):
    """A checkpoint or weights file that is none, or does not fit."""


class DecodeError(VideoseqError):
    """A video that cannot be read exactly.

    Attributes:
        path: The file.
        stage: What was being done: `open`, `scan`, `seek`, `decode` or `check`.
        backend: Which reader was doing it: `decord`, `pyav`, `frames`, or `file` before a reader was chosen.
        cause: What went wrong, and the repair where there is one.
    """

    def __init__(self, path: Path | str, stage: str, backend: str, cause: str) -> None:
        super().__init__(f"cannot read {str(path)!r} ({backend}, {stage}): {cause}")
        self.path = Path(path)
        self.stage = stage
        self.backend = backend
        self.cause = cause

    def __reduce__(self) -> tuple[type["DecodeError"], tuple[str, str, str, str]]:
        return type(self), (str(self.path), self.stage, self.backend, self.cause)


class Interrupted(VideoseqError):
    """Training that stopped on a signal after saving; it can be resumed."""

    exit_code = 3


class ProcessFailed(VideoseqError):
    """Another process of a run on several devices that failed.

    Attributes:
        exit_code: The one with which it ended.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def suggest(word: str, known: Iterable[str]) -> str:
    """Returns the end of a message about an unknown `word`: the nearest known one, or all of them.

    Examples:
        >>> suggest("lsmt", ["lstm", "gru"])
        "did you mean 'lstm'? Known: gru, lstm"
    """
    names = sorted(known)
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    listed = ", ".join(names) if len(names) <= 24 else ", ".join(names[:24]) + f", … ({len(names)} in all)"
    return (f"did you mean {near[0]!r}? " if near else "") + f"Known: {listed}"
