"""What stands in the cell of a label: a class name, several, or a value; each is kept as one text."""

import math
import unicodedata
from collections.abc import Callable

import numpy as np

from videoseq.errors import DataError
from videoseq.types import TaskName

SEPARATOR = "|"
"""What stands between the names of several classes."""

LARGEST_VALUE = float(np.finfo(np.float32).max)
"""Values are learnt as float32."""

NUMBER_FIX = "write a number, decimals with a point"
"""The way out of the message about a cell that holds no number."""


def one_class(text: str) -> str:
    """Returns a class name.

    Raises:
        DataError: There is none.
    """
    if not text:
        raise DataError("the label is empty, expected a class name. Fix: write it")
    return composed(text)


def composed(text: str) -> str:
    """Returns a name with each accented letter as one sign (NFC): systems write the same name in two ways."""
    return unicodedata.normalize("NFC", text)


def several_classes(text: str) -> str:
    """Returns the names of classes sorted, with `SEPARATOR` in between; empty where there is none.

    Raises:
        DataError: A name is empty or there twice.
    """
    names = [name.strip() for name in composed(text).split(SEPARATOR)] if text else []
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
        DataError: It is none, or too large.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{text!r} is no number, expected a value such as 2.5. Fix: {NUMBER_FIX}, or delete the row")
    if abs(value) > LARGEST_VALUE:
        raise too_large(text)
    return repr(value)


def too_large(text: str) -> DataError:
    """Returns the error of a value that cannot be learnt."""
    return DataError(
        f"{text!r} is too large, expected at most {LARGEST_VALUE:.2g}. Fix: correct it, or write all values in a larger unit"
    )


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
