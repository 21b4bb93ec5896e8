"""Checks of single values that the options of encoders and heads share."""

from collections.abc import Iterable
from typing import Any

from videoseq.errors import ConfigError


def refuse(name: str, got: Any, legal: str) -> ConfigError:
    """Returns the error about a value that an option cannot take."""
    return ConfigError(f"{name} must be {legal}, got {got!r}")


def check_count(name: str, value: Any) -> None:
    """Refuses what is no whole number of at least 1; True and False are none."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise refuse(name, value, "a whole number of at least 1")


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Refuses what is not among the choices."""
    if value not in choices:
        raise refuse(name, value, "one of " + ", ".join(choices))


def check_flag(name: str, value: Any) -> None:
    """Refuses what is neither True nor False, such as 1."""
    if not isinstance(value, bool):
        raise refuse(name, value, "true or false")


def check_dropout(name: str, value: Any) -> None:
    """Refuses what is no share below 1."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 1:
        raise refuse(name, value, "a number in [0, 1)")


def as_counts(name: str, value: Any) -> tuple[int, ...]:
    """Returns a list of counts as a tuple: configurations and checkpoints hand over lists."""
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise refuse(name, value, "a list of whole numbers")
    counts = tuple(value)
    for position, count in enumerate(counts):
        check_count(f"{name}[{position}]", count)
    return counts


def check_odd(name: str, value: Any) -> None:
    """Refuses a side of a convolution that has no middle."""
    check_count(name, value)
    if value % 2 == 0:
        raise refuse(name, value, "odd, so that a convolution keeps the size")
