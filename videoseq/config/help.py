"""The help of a command, written from the docstrings of its options."""

import re
from dataclasses import MISSING
from inspect import getdoc
from typing import Any, Literal, get_args, get_origin

from videoseq.config.binding import option_paths


def print_help(command: str, schema: type, usage: str) -> None:
    """Prints what a command does and each of its options with type, default and meaning."""
    print(f"usage: python -m videoseq.{command} key=value …\n\n{usage}\n\noptions:")
    for key, hint, item, owner in option_paths(schema):
        default = item.default_factory() if item.default_factory is not MISSING else item.default
        shown = "required" if default is MISSING else f"default {_value(default)}"
        print(f"  {key}  ({_type(hint)}; {shown})\n      {attribute_text(owner, item.name)}")


def attribute_text(owner: type, name: str) -> str:
    """Returns what the `Attributes:` section of a class, or of one that it inherits from, says about one of them."""
    for kind in owner.__mro__:
        section = (getdoc(kind) or "").partition("Attributes:")[2]
        if found := re.search(rf"^    {name}: (.*(?:\n {{8}}.*)*)", section, re.MULTILINE):
            return " ".join(found[1].split())
    return ""


def _value(default: Any) -> str:
    if default is None:
        return "null"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _type(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "|".join(map(str, get_args(hint)))
    arguments = [part for part in get_args(hint) if part is not Ellipsis]
    if get_origin(hint) in (tuple, list):
        return f"list of {_type(arguments[0])}"
    if arguments and get_origin(hint) is not dict:
        return "|".join("null" if part is type(None) else _type(part) for part in arguments if not isinstance(part, dict))
    return getattr(hint, "__name__", str(hint))
