"""The help of a command, written from the docstrings of its options."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING
from inspect import getdoc
from itertools import groupby
from typing import Any, Literal, get_args, get_origin

from videoseq.config.binding import Option, options


def print_help(command: str, schema: type, usage: str) -> None:
    """Prints what a command does and each of its options with type, default and meaning."""
    print(f"usage: python -m videoseq.{command} key=value …\n\n{usage}\n\noptions:")
    for key, found in groupby(options(schema), lambda option: option.key):
        versions = list(found)
        kind = "group" if versions[0].hint is None else _type(versions[0].hint)
        print(f"  {key}  ({kind}; {'; '.join(_defaults(versions))})")
        for meaning in _meanings(versions, key.rpartition(".")[2]):
            print(f"      {meaning}")


def attribute_text(owner: type, name: str) -> str:
    """Returns what the `Attributes:` section of a class, or of one that it inherits from, says about one of them."""
    for kind in owner.__mro__:
        section = (getdoc(kind) or "").partition("Attributes:")[2]
        if found := re.search(rf"^    {name}: (.*(?:\n {{8}}.*)*)", section, re.MULTILINE):
            return " ".join(found[1].split())
    return ""


def _meanings(versions: Sequence[Option], name: str) -> list[str]:
    """Returns what an option means; where it means several things, each with the members of the family for which it does."""
    members: dict[str, list[str]] = {}
    for option in versions:
        members.setdefault(attribute_text(option.owner, name), []).extend(option.members)
    return [text if len(members) == 1 else f"{', '.join(those)}: {text}" for text, those in members.items()]


def _defaults(versions: Sequence[Option]) -> list[str]:
    """Returns where the default of an option comes from, a phrase for each default, with the members that have it."""
    members: dict[str, dict[str, None]] = {}
    for option in versions:
        if option.otherwise:
            phrase = option.otherwise
        elif option.default is MISSING:
            phrase = "required"
        elif option.group and not option.members:
            phrase = f"{_value(option.default)} where {option.group} is given"
        else:
            phrase = f"default {_value(option.default)}"
        members.setdefault(phrase, {}).update(dict.fromkeys(option.members))
    return [phrase + (f" for {', '.join(those)}" if those else "") for phrase, those in members.items()]


def _value(default: Any) -> str:
    """Returns a default as it would be typed."""
    if default is None:
        return "null"
    if isinstance(default, list | tuple):
        return "[" + ",".join(map(_value, default)) + "]"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _type(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "|".join(map(str, get_args(hint)))
    if get_origin(hint) is Mapping:
        return "group" if get_args(hint)[0] is str else "stages"
    arguments = [part for part in get_args(hint) if part is not Ellipsis]
    if get_origin(hint) in (tuple, list):
        return f"list of {_type(arguments[0])}"
    if arguments:
        return "|".join("null" if part is type(None) else _type(part) for part in arguments if not isinstance(part, dict))
    return getattr(hint, "__name__", str(hint))
