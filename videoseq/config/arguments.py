"""Prepares the words of a command line so that Hydra's grammar reads them as a user means them."""

import itertools
from collections.abc import Sequence
from pathlib import Path

PATH_KEYS = frozenset(
    {
        "against",
        "checkpoint",
        "data.annotations",
        "data.class_names",
        "data.root",
        "data.synthetic.backgrounds",
        "init_from",
        "input",
        "model.encoder.weights",
        "output",
        "paths.cache",
        "paths.outputs",
        "resume",
    }
)
"""Options that hold a path or an address: their values are quoted, because `=`, `,`, `(`, `[` and `'` are Hydra's grammar."""

# Not `disabled`: that silences every logger that exists already, those of the annotations and splits among them.
_QUIET = ("hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=none", "hydra/hydra_logging=none")
_WITH_VALUE = ("--config-dir", "-cd", "--config-path", "-cp", "--config-name", "-cn", "--package", "-p", "--cfg", "-c")


def prepare_arguments(words: Sequence[str], conf: Path) -> list[str]:
    """Returns the command line for Hydra.

    Values of path-like keys are quoted. Every other `key=value` becomes `++key=value`: the schema, not the sum of the files
    that happen to be composed, decides which keys exist. Choices of group files (`model/head=gru`) stay as they are. Hydra
    itself writes nothing: a run's folder is ours. Flags come last: Hydra's parser takes no options behind them.

    Args:
        words: The words after the command's name.
        conf: The folder of the configuration files.
    """
    prepared, flags = list(_QUIET), []
    remaining = iter(words)
    for word in remaining:
        if word.startswith("-"):
            flags += [word, *itertools.islice(remaining, 1 if word in _WITH_VALUE else 0)]
            continue
        key, separator, value = word.partition("=")
        bare = key.lstrip("+~")
        if not separator or key.startswith("~"):
            prepared.append(word)
        elif bare in PATH_KEYS:
            prepared.append(f"++{bare}={quote(value)}")
        elif "/" in bare or "@" in bare or (conf / bare).is_dir() or bare.startswith("hydra."):
            prepared.append(word)
        else:
            prepared.append(f"++{bare}={value}")
    return prepared + flags


def quote(value: str) -> str:
    """Returns a path as a quoted string of Hydra's grammar; `null`, and what is quoted already, unchanged."""
    if value == "null" or (len(value) > 1 and value[0] == value[-1] and value[0] in "'\""):
        return value
    head = value.rstrip("\\")
    # Backslashes are literal in the grammar, except in front of a quote, the closing one included.
    parts = head.split("'")
    escaped = [part[: len(part.rstrip("\\"))] + "\\" * 2 * (len(part) - len(part.rstrip("\\"))) for part in parts[:-1]]
    return "'" + "\\'".join([*escaped, parts[-1]]) + "\\" * 2 * (len(value) - len(head)) + "'"
