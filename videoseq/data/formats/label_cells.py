"""What stands in the cell of a label: a class name, several, or a value; each is kept as one text."""

import math
from collections.abc import Callable

from videoseq.errors import DataError
from videoseq.types import TaskName

SEPARATOR = "|"
"""What stands between the names of several classes."""


def one_class(text: str) -> str:
    """Returns a class name.

    Raises:
        DataError: There is none.
    """
    if not text:
        raise DataError("the label is empty, expected a class name. Fix: write it")
    return text


def several_classes(text: str) -> str:
    """Returns the names of classes sorted, with `SEPARATOR` in between; empty where there is none.

    Raises:
        DataError: A name is empty or there twice.
    """
    names = [name.strip() for name in text.split(SEPARATOR)] if text else []
    if "" in names:
        raise DataError(
            f"{text!r} holds an empty name, expected names separated by {SEPARATOR!r}, such as 'jump|run', or nothing where "
            "no class occurs. Fix: correct it"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{text!r} holds {twice!r} twice, expected each class once. Fix: delete one")
    return SEPARATOR.join(sorted(names))


def one_value(text: str) -> str:
    """Returns a number as text, the same for all ways to write it.

    Raises:
        DataError: It is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{text!r} is no number, expected a value such as 2.5. Fix: write a number, or delete the row")
    return repr(value)


LABEL_CELLS: dict[TaskName, Callable[[str], str]] = {
    "classification": one_class,
    "multilabel": several_classes,
    "regression": one_value,
}
"""Task whose videos have one label -> what reads its cell."""


def names_in(label: str) -> tuple[str, ...]:
    """Returns the class names of a label that `several_classes` has read.

    Examples:
        >>> names_in("jump|run")
        ('jump', 'run')
        >>> names_in("")
        ()
    """
    return tuple(label.split(SEPARATOR)) if label else ()
