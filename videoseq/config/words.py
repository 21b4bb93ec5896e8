"""The words of a command line as another command can be given them."""

import shlex
from collections.abc import Collection, Sequence

from videoseq.errors import ConfigError


def given_words() -> list[str]:
    """Returns the options that the running command was given, prepared as they are; preparing them again changes nothing.

    A configuration folder of the user's own (`--config-dir`, `hydra.searchpath`) is among them as `hydra.searchpath`.
    """
    from hydra.core.hydra_config import HydraConfig

    composed = HydraConfig.get()
    searched = [word for word in composed.overrides.hydra if word.startswith("hydra.searchpath=")]
    own = [source.path for source in composed.runtime.config_sources if source.provider == "command-line"]
    return [*composed.overrides.task, *searched, *(f"hydra.searchpath=[file://{path}]" for path in own)]


def key_of(word: str) -> str:
    """Returns the key of an option, such as `data.root` of `++data.root='a b'`."""
    return word.partition("=")[0].lstrip("+~")


def without(words: Sequence[str], keys: Collection[str]) -> list[str]:
    """Returns the options whose keys are not among the given ones."""
    return [word for word in words if key_of(word) not in keys]


def entry_words(entry: str) -> list[str]:
    """Returns the options of an entry of `compare`: the name of an experiment, options separated by spaces, or both.

    Raises:
        ConfigError: A quote is not closed.
    """
    try:
        words = shlex.split(entry)
    except ValueError as error:
        raise ConfigError(f"compare: cannot read {entry!r}: {error}. Fix: close every quote") from error
    return [word if "=" in word else f"+experiment={word}" for word in words]


def typed_line(command: str, words: Sequence[str]) -> str:
    """Returns a command line that a user would type into a shell."""
    return " ".join([f"python -m videoseq.{command}", *(_quoted(word.removeprefix("++")) for word in words)])


def _quoted(word: str) -> str:
    # Hydra's own quotes are single ones: readable within double ones, where nothing in between means something to a shell.
    readable = "'" in word and not set(word) & set('"$`\\!')
    return f'"{word}"' if readable else shlex.quote(word)
